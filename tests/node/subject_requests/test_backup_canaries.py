"""A real backup of both databases, restored elsewhere, holds no word of anybody in clear: words, files, answers, grounds, numbers."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar

from tests.cli.installation import (
    BINARIES,
    PASSPHRASE,
    Installation,
    make_scratch,
    require_programs,
)
from tests.cluster import ROLES, free_ports
from tests.node.agreements.conftest import (
    asker as agreement_sync,
)
from tests.node.agreements.conftest import (
    at_node,
    lenders,
    machine,
    meters,
    portal,
)
from tests.node.agreements.granting import Granting
from tests.node.agreements.lenders import Lenders
from tests.node.agreements.test_number_canaries import (
    bring_known_numbers,
    bring_secret_numbers,
)
from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import open_asker
from tests.node.subject_requests.test_canaries import (
    GROUND,
    WrittenWords,
    dump,
    list_in,
    put_through,
    words,
)
from tests.restic_key import make_cheap
from udi.cli.local.cluster import prepare_database
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.audit import record_audit_event
from udi.protocol.subject_requests import SubjectRight
from udi.settings import ProgramName, Settings

__all__ = [
    "agreement_sync",
    "at_node",
    "lenders",
    "machine",
    "meters",
    "portal",
    "words",
]
pytestmark = [pytest.mark.programs, pytest.mark.thorough]
DATABASES: dict[ProgramName, str] = {"portal": "udi_portal", "node": "udi_node"}


@dataclass
class Machines:
    """One that is backed up, one on which the backup is restored."""

    first: Installation
    second: Installation
    folder: Path

    def restore(self) -> Any:
        """The first's backup, on the second."""
        path = self.folder / "passphrase"
        path.write_text(PASSPHRASE)
        opening = ["--repository", self.first.repository, "--passphrase-file", path]
        return self.second.must("restore", *opening)


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    require_programs()
    folder = make_scratch()
    # That of who runs the tests may be closed to PostgreSQL's account.
    temporary = folder / "temporary"
    temporary.mkdir()
    temporary.chmod(0o1777)
    monkeypatch.setenv("TMPDIR", str(temporary))
    port = free_ports(2)
    installations = [
        Installation(folder / name, folder / f"{name}-repository", port + rank)
        for rank, name in enumerate(("first", "second"))
    ]
    try:
        for installation in installations:
            installation.lay()
            assert installation.udi("backup", "prepare").returncode == 0
            make_cheap(installation.repository / "files", PASSPHRASE)
        yield Machines(*installations, folder)
    finally:
        for installation in installations:
            installation.stop()
        shutil.rmtree(folder)


def fill(installation: Installation, dsn: str, settings: Settings) -> None:
    """Give an installation the databases and the files of the programs under test."""
    for program, name in DATABASES.items():
        content = dump(dsn, settings.database_names[program])
        psql = [BINARIES / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-d"]
        drop = f"DROP DATABASE {name}"
        subprocess.run(
            [*psql, installation.dsn("postgres"), "-c", drop],
            check=True,
            capture_output=True,
        )
        users = [f"udi_{program}_{role}" for role in ROLES]
        owner = f"udi_{program}_owner"
        asyncio.run(
            prepare_database(
                installation.dsn("postgres"), name, owner=owner, users=users
            )
        )
        subprocess.run(
            [*psql, installation.dsn(name)],
            check=True,
            input=content,
            capture_output=True,
        )
    objects = Path(settings.object_store_url)
    shutil.copytree(objects, installation.objects, dirs_exist_ok=True)


def read_all(folder: Path) -> bytes:
    """All files of a folder."""
    return b"".join(
        path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    )


async def test_a_backup_holds_no_word_in_clear(
    lenders: Lenders,
    portal: Granting,
    node_app: Litestar,
    at_node: Territory,
    agent: Agent,
    colleague: Agent,
    words: WrittenWords,
    node_database: Database,
    postgres: str,
    settings: Settings,
    machines: Machines,
) -> None:
    """What stands in clear on purpose is found, so that the search is proven: in what was restored, and not in the repository."""
    planted = WrittenWords()
    async with open_asker(node_app, at_node, portal.signer) as asker:
        for right in (SubjectRight.ACCESS, SubjectRight.ERASURE):
            await put_through(asker, agent, colleague, words, right)
    grant = portal.grant(lenders.dataset)
    await portal.push(lenders.machine, grant)
    await bring_secret_numbers(lenders, grant, words)
    await bring_known_numbers(lenders, grant, words)
    async with node_database.session(at_node.id, role="worker") as session:
        record_audit_event(session, None, "planted", None, word=planted["planted"])

    await asyncio.to_thread(fill, machines.first, postgres, settings)
    made = await asyncio.to_thread(machines.first.must, "create")
    restored = await asyncio.to_thread(machines.restore)

    patterns = words.patterns
    server = machines.second.dsn("postgres")
    dumps = b"".join(dump(server, name) for name in DATABASES.values())
    repository = read_all(machines.first.repository)
    pages = b"".join(
        read_all(folder) for folder in (machines.second.data, machines.second.objects)
    )
    requests = await asyncio.to_thread(
        machines.second.query,
        "udi_node",
        "SELECT count(*) FROM app.subject_request",
    )
    assert len(patterns) >= 50
    assert requests == 4
    assert restored["rows"] == made["rows"]
    assert list_in(dumps, planted.patterns) == ["planted"]
    assert list_in(repository, planted.patterns) == []
    assert list_in(dumps, patterns | {"ground": GROUND.encode()}) == []
    assert list_in(pages, patterns) == []
    assert list_in(repository, patterns) == []
