"""Retiring a territory deletes everything of it here, only after it was saved, and nothing of anybody else."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from tests import visitors
from tests.cli.archiving import (
    HALL,
    Life,
    add_member,
    elsewhere,
    export_to,
    forget,
    home,
    life,
    other_databases,
    quiet,
    rows_everywhere,
    states,
    territory_of,
)
from tests.cli.following import difference_to
from tests.cli.test_archive_tampered import contents
from tests.cli.test_provision import variant
from udi.cli import provision
from udi.cli.archive import commands
from udi.cli.archive.retire import retire
from udi.cli.local.errors import LocalError
from udi.cli.main import build_app
from udi.cli.suspension import set_territory_state
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.errors import ConflictError
from udi.kit.sessions import save_person
from udi.node.files.storage.store import ObjectStore
from udi.node.subject_requests.models import SubjectRequest
from udi.portal.identity.models import TABLES
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.accounts import apply_memberships
from udi.portal.identity.provision.operators import add_operator
from udi.portal.tenants.files import TenantFolder, read_folder
from udi.settings import Settings

__all__ = ["elsewhere", "home", "life", "other_databases"]


async def traces(settings: Settings, tenant: Any) -> list[str]:
    """Every table of both databases with a row that names the territory, and its objects."""
    matching_tables = []
    for program in ("portal", "node"):
        database = Database(settings, program)
        async with database.session(tenant, role="owner") as session:
            tables = (
                await session.execute(
                    text(
                        "SELECT table_schema, table_name FROM information_schema.tables"
                        " WHERE table_type = 'BASE TABLE' AND table_schema IN ('app', 'platform', 'queue', 'ops')"
                    )
                )
            ).all()
            for schema, table in tables:
                query = f"SELECT count(*) FROM {schema}.{table} AS t WHERE t::text LIKE :id OR {_payload(table)}"
                if await session.scalar(text(query), {"id": f"%{tenant}%"}):
                    matching_tables.append(f"{program}.{schema}.{table}")
        await database.close()
    store = ObjectStore.of(settings)
    return matching_tables + [
        str(entry["path"]) async for entry in store.list(str(tenant))
    ]


def _payload(table: str) -> str:
    if table == "pgqueuer":
        return "convert_from(t.payload, 'UTF8') LIKE :id"
    return "false"


def invoke(settings: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    monkeypatch.setattr(commands, "get_settings", lambda: settings)
    return CliRunner().invoke(build_app(), ["tenant", "retire", *arguments])


async def test_it_is_refused_while_in_use_unsaved_or_misspelt(
    life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = await export_to(life, tmp_path / "early.tar")
    with pytest.raises(ConflictError, match="in use"):
        await retire(life.settings, life.slug, archive=Path(early.archive), tell=quiet)
    await set_territory_state(life.settings, life.slug, "suspended")
    with pytest.raises(ConflictError, match="before the territory was suspended"):
        await retire(life.settings, life.slug, archive=Path(early.archive), tell=quiet)
    light = await export_while_somebody_writes(life, tmp_path / "light.tar")
    difference = tmp_path / "difference.tar"
    await difference_to(life, difference, Path(early.archive))
    for path, words in (
        (light, "without the files"),
        (difference, "is a difference, not the whole territory"),
    ):
        with pytest.raises(ConflictError, match=words):
            await retire(life.settings, life.slug, archive=path, tell=quiet)

    unsaved = invoke(
        life.settings,
        monkeypatch,
        life.slug,
        "--without-archive",
        "--yes-retire",
        life.slug,
    )
    misspelt = invoke(
        life.settings,
        monkeypatch,
        life.slug,
        "--without-archive",
        "--without-archive",
        "--yes-retire",
        "x",
    )
    unasked = invoke(life.settings, monkeypatch, life.slug, "--archive", early.archive)

    for refused, words in (
        (unsaved, "--without-archive twice"),
        (misspelt, "not the same"),
        (unasked, "--yes-retire"),
    ):
        assert isinstance(refused.exception, LocalError)
        assert words in str(refused.exception)
    assert await states(life.settings, life.slug) == ["suspended", "suspended"]
    await set_territory_state(life.settings, life.slug, "active")


async def export_while_somebody_writes(life: Life, target: Path) -> Path:
    """An archive of a closed territory waits for what began before: a person who ends only once the export began."""
    begun = asyncio.Event()
    database = Database(life.settings, "portal", pool_size=1)
    person = visitors.make_person(territory_of(life.settings, read_folder(life.folder)))
    async with database.session(life.id, role="worker") as session:
        await save_person(session, TABLES, person)
        writing = asyncio.create_task(
            export_to(life, target, with_files=False, tell=lambda _: begun.set())
        )
        await begun.wait()
    await database.close()
    await writing
    entries = contents(target)
    assert person.subject.encode() in entries["portal/person.jsonl"]
    assert json.loads(entries["archive.json"])["writes_ended"]
    return target


async def add_waiting_request(life: Life) -> None:
    """Somebody asked a producer on paper, and nobody answered."""
    database = Database(life.settings, "node")
    async with database.session(life.id, role="owner") as session:
        space_id = await session.scalar(text("SELECT id FROM app.space LIMIT 1"))
        values = dict.fromkeys(
            ("concerns", "known_by", "words", "person_name", "person_contact"), ""
        )
        request = SubjectRequest(
            **values,
            id=uuid4(),
            space_id=space_id,
            channel="paper",
            number="P7F3-K2M",
            right="access",
            state="processing",
            language="fr",
            country="FR",
            time_zone="Europe/Paris",
            officer=False,
            received_at=now(),
            received_on=now().date(),
            due_on=now().date(),
            moved_at=now(),
            confirmation="",
            report_after=now(),
        )
        session.add(request)
    await database.close()


@pytest.mark.thorough
async def test_requests_of_people_are_not_left_without_a_word(
    life: Life, tmp_path: Path
) -> None:
    await add_waiting_request(life)
    path = tmp_path / "waiting.tar"

    copied = await export_to(life, tmp_path / "copy.tar")
    with pytest.raises(ConflictError, match=r"held at the node.*: 1\."):
        await export_to(life, path, suspend=True)
    before = await states(life.settings, life.slug)
    await export_to(life, path, suspend=True, end_requests=True)
    with pytest.raises(ConflictError, match=r"held at the node.*: 1\."):
        await retire(life.settings, life.slug, archive=path, tell=quiet)

    assert copied.datasets > 0
    assert before == ["active", "active"]
    assert await states(life.settings, life.slug) == ["suspended", "suspended"]
    await set_territory_state(life.settings, life.slug, "active")
    database = Database(life.settings, "node")
    async with database.session(life.id, role="owner") as session:
        await session.execute(text("DELETE FROM app.subject_request"))
    await database.close()


@pytest.fixture
async def neighbour(life: Life, home: Settings) -> AsyncIterator[TenantFolder]:
    """A territory that stays; it leaves the registers afterwards."""
    folder = read_folder(variant(home.tenants, f"stays-{life.slug[-6:]}"))
    await asyncio.to_thread(provision.apply_folder, home, folder)
    yield folder
    await forget(home, folder.slug)


async def test_nothing_of_it_is_left_and_everything_of_others(
    life: Life, home: Settings, neighbour: TenantFolder, tmp_path: Path
) -> None:
    connection = admin.connect(home)
    operator, _ = await asyncio.to_thread(add_member, home, life.slug)
    await asyncio.to_thread(add_operator, connection, operator)
    both, subject = await asyncio.to_thread(add_member, home, life.slug)
    await asyncio.to_thread(
        apply_memberships,
        connection,
        subject,
        {f"{neighbour.slug}--{HALL}": ["managers"]},
    )
    path = tmp_path / "last.tar"
    await export_to(life, path, suspend=True)
    others = {
        name: count
        for name, count in (await rows_everywhere(home)).items()
        if str(life.id) not in name
    }
    assert len(await traces(home, life.id)) > 10

    done = await retire(home, life.slug, archive=path, tell=quiet)

    assert done is not None
    assert (done.organisations, done.accounts, done.objects) == (4, 1, 5)
    assert await traces(home, life.id) == []
    assert await states(home, life.slug) == []
    after = await rows_everywhere(home)
    assert {name: after[name] for name in others if name in after} == {
        name: n for name, n in others.items() if name in after
    }
    assert [name for name in others if name not in after] == []
    assert not [
        secret_path
        for secret_path in home.secrets_folder.iterdir()
        if life.slug in secret_path.name
    ]
    assert connection.get("users", email=life.member, exact=True) == []
    assert len(connection.get("users", email=both, exact=True)) == 1
    assert len(connection.get("users", email=operator, exact=True)) == 1
    assert not [
        client
        for client in connection.get("clients", max=1000)
        if client["clientId"].startswith(life.slug)
    ]
    assert (await retire(home, life.slug, archive=path, tell=quiet)) is None


@pytest.mark.thorough
async def test_the_command_says_what_it_deleted(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = read_folder(variant(home.tenants, "brief"))
    await asyncio.to_thread(provision.apply_folder, home, folder)
    await set_territory_state(home, "brief", "suspended")

    done = await asyncio.to_thread(
        invoke,
        home,
        monkeypatch,
        "brief",
        "--without-archive",
        "--without-archive",
        "--yes-retire",
        "brief",
        "--json",
    )
    again = await asyncio.to_thread(
        invoke,
        home,
        monkeypatch,
        "brief",
        "--without-archive",
        "--without-archive",
        "--yes-retire",
        "brief",
    )

    assert json.loads(done.stdout)["clients"] == 5
    assert again.exit_code == 0
    assert "nothing is left" in again.stdout
