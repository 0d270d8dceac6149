"""Whole archives that operators request on a page: made apart, said on the page, deleted after a week."""

import os
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from tests.cli.archiving import (
    Life,
    bring,
    elsewhere,
    home,
    life,
    names,
    other_databases,
)
from udi.cli.installation import archives
from udi.cli.installation.archives import (
    delete_old_archives,
    hold_folder,
    make_archives,
)
from udi.cli.installation.gather import ProgramDatabases
from udi.cli.installation.work import perform_requests
from udi.cli.local.errors import LocalError
from udi.kit.clock import now
from udi.kit.tenancy import INSTALLATION_ID
from udi.portal.audit.models import AuditEvent
from udi.portal.installation.archives import ARCHIVE_RETENTION, find_archive
from udi.portal.installation.models import OperatorAct, OperatorRequest
from udi.settings import Settings

__all__ = ["elsewhere", "home", "life", "other_databases"]


@pytest.fixture
async def databases(life: Life) -> AsyncIterator[ProgramDatabases]:
    """Those of the installation, in which nothing else is requested."""
    databases = ProgramDatabases.open(life.settings)
    async with databases.portal.session(INSTALLATION_ID, role="worker") as session:
        await session.execute(delete(OperatorRequest))
    yield databases
    await databases.close()


async def request_archive(
    databases: ProgramDatabases, territory: uuid.UUID
) -> OperatorRequest:
    request = OperatorRequest(
        id=uuid.uuid4(),
        territory_id=territory,
        act=OperatorAct.ARCHIVE,
        details={},
        requested_by=uuid.uuid4(),
    )
    async with databases.portal.session(INSTALLATION_ID) as session:
        session.add(request)
    return request


async def read_request(
    databases: ProgramDatabases, request: OperatorRequest
) -> OperatorRequest:
    async with databases.portal.session(INSTALLATION_ID, role="worker") as session:
        return await session.get_one(OperatorRequest, (INSTALLATION_ID, request.id))


def mode_and_size(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_mode & 0o777, facts.st_size


async def test_an_archive_is_made_of_a_territory_without_a_folder_and_arrives(
    life: Life, databases: ProgramDatabases, elsewhere: Settings, tmp_path: Path
) -> None:
    (tmp_path / "none").mkdir()
    folder = tmp_path / "archives"
    settings = life.settings.model_copy(update={"tenants": tmp_path / "none"})
    request = await request_archive(databases, life.id)
    with hold_folder(folder):
        left = await perform_requests(settings, databases)
        count = await make_archives(settings, databases, folder)

    done = await read_request(databases, request)
    archive = find_archive(done)
    assert (left, count, done.state, done.outcome) == (0, 1, "done", "")
    assert archive is not None
    path = Path(archive.path)
    assert path.parent == folder
    assert path.name.startswith(f"{life.slug}-")
    assert mode_and_size(path) == (0o600, archive.size)
    assert archive.files > 0
    assert done.finished_at is not None
    assert archive.deleted_at == done.finished_at + ARCHIVE_RETENTION
    checked = await bring(
        elsewhere, path, check_only=True, fingerprint=archive.fingerprint
    )
    assert checked.territory == life.slug
    async with databases.portal.session(life.id, role="worker") as session:
        query = select(AuditEvent.name).where(AuditEvent.name == "territory.exported")
        assert (await session.scalars(query)).all() == ["territory.exported"]


async def test_a_disk_without_room_is_said_before_anything_is_written(
    life: Life,
    databases: ProgramDatabases,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archives, "SPARE", 10**18)
    request = await request_archive(databases, life.id)

    await make_archives(life.settings, databases, tmp_path)

    failed = await read_request(databases, request)
    assert failed.state == "failed"
    assert "1000000000" in failed.outcome
    assert "make room, then request it again" in failed.outcome
    assert names(tmp_path) == []


async def test_what_cannot_be_written_or_is_gone_fails_and_the_next_one_is_made(
    life: Life, databases: ProgramDatabases, tmp_path: Path
) -> None:
    gone = await request_archive(databases, uuid.uuid4())
    made = await request_archive(databases, life.id)

    count = await make_archives(life.settings, databases, tmp_path)

    failed = await read_request(databases, gone)
    assert count == 2
    assert (failed.state, failed.details) == ("failed", {})
    assert "The territory is not known any more." in failed.outcome
    assert (await read_request(databases, made)).state == "done"
    assert len(names(tmp_path)) == 1


async def test_an_archive_is_made_again_where_its_request_still_waits(
    life: Life, databases: ProgramDatabases, tmp_path: Path
) -> None:
    request = await request_archive(databases, life.id)
    partial = tmp_path / f".{life.slug}-2026-11-30-{request.id.hex[:8]}.tar.partial"
    partial.write_bytes(b"half of it")

    with hold_folder(tmp_path):
        before = names(tmp_path)
        await make_archives(life.settings, databases, tmp_path)

    assert partial.name not in before
    assert (await read_request(databases, request)).state == "done"


def test_archives_are_deleted_after_a_week(tmp_path: Path) -> None:
    old = tmp_path / "old.tar"
    young = tmp_path / "young.tar"
    for path, age in (
        (old, ARCHIVE_RETENTION + timedelta(hours=1)),
        (young, ARCHIVE_RETENTION - timedelta(hours=1)),
    ):
        path.touch()
        moment = (now() - age).timestamp()
        os.utime(path, (moment, moment))

    delete_old_archives(tmp_path)

    assert names(tmp_path) == ["young.tar"]


def test_one_process_makes_archives_in_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "archives"
    with (
        hold_folder(folder),
        pytest.raises(LocalError, match="stop the other process first"),
        hold_folder(folder),
    ):
        pass
    with hold_folder(folder):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(LocalError, match="name another folder"),
        hold_folder(tmp_path / "file/archives"),
    ):
        pass
