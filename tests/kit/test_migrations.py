"""Migrations beside a program that runs: only additions, in short tries; what is taken away waits until it is asked for."""

import asyncio
import itertools
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from tests import cluster
from udi.cli.local.errors import LocalError, explain
from udi.cli.upgrade.workflow import refuse_contracted
from udi.kit import migrations, revisions
from udi.kit.db import Database
from udi.kit.errors import UnreleasedRevisionError
from udi.portal.organisations.actions import apply_organisation
from udi.settings import Settings

numbers = itertools.count()
MOTTOS = sa.text("SELECT motto FROM app.organisation")
EXPAND = '''"""Give each body a motto."""

import sqlalchemy as sa
from alembic import op

from udi.kit.foundation import change_rows

revision = "motto"
down_revision = "{last}"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    op.add_column("organisation", sa.Column("motto", sa.Text, server_default="", nullable=False), schema="app")
    change_rows("UPDATE app.organisation SET motto = 'We are ' || name", "organisation")
'''
CONTRACT = '''"""Take addresses away."""

from alembic import op

revision = "no_address"
down_revision = None
branch_labels = ("contract",)
depends_on = None
phase = "contract"
unused_since = "0.4.0"


def upgrade() -> None:
    op.drop_column("organisation", "address", schema="app")
'''


@pytest.fixture
async def upgraded(postgres: str, run_folder: Path, worker_name: str) -> Settings:
    """Settings of a pair of databases that is migrated, and this test's own."""
    name = f"{worker_name}_migrated{next(numbers)}"
    await cluster.copy_databases(postgres, name)
    return cluster.run_settings(run_folder, name)


@pytest.fixture
async def empty(upgraded: Settings, postgres: str) -> Settings:
    """The same, with nothing in the portal's database."""
    name = upgraded.database_names["portal"]
    connection = await asyncpg.connect(postgres)
    await connection.execute(f"DROP DATABASE {name}")
    await connection.close()
    await cluster.prepare(postgres, upgraded)
    return upgraded


@contextmanager
def newer_program(folder: Path) -> Iterator[None]:
    """A program with one expanding and one contracting revision more, for as long as the block."""
    last, usual = revisions.revision_chain("portal")[-1], revisions.PACKAGE
    for program in ("portal", "node"):
        shutil.copytree(usual / program / "migrations", folder / program / "migrations")
    for name, text in (("motto", EXPAND.format(last=last)), ("no_address", CONTRACT)):
        (folder / f"portal/migrations/versions/2099_01_01_0000_{name}.py").write_text(
            text
        )
    try:
        lead_to(folder)
        yield
    finally:
        lead_to(usual)


def lead_to(package: Path) -> None:
    revisions.PACKAGE = package
    revisions.revision_chain.cache_clear()
    revisions._read_declarations.cache_clear()


@pytest.fixture
def next_release(tmp_path: Path) -> Iterator[None]:
    with newer_program(tmp_path):
        yield


async def columns(settings: Settings) -> set[str]:
    """Of the portal's organisations."""
    database = Database(settings, "portal", pool_size=1)
    try:
        async with database.platform_session(role="owner") as session:
            connection = await session.connection()
            rows = await connection.exec_driver_sql(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'organisation'"
            )
            return {row[0] for row in rows}
    finally:
        await database.close()


async def move(settings: Settings, revision: str) -> None:
    """Let the portal's database stand at a revision."""
    database = Database(settings, "portal", pool_size=1)
    try:
        async with database.platform_session(role="owner") as session:
            await session.execute(
                sa.text("UPDATE public.alembic_version SET version_num = :revision"),
                {"revision": revision},
            )
    finally:
        await database.close()


async def upgrade(settings: Settings, *, contract: bool) -> None:
    await asyncio.to_thread(migrations.upgrade, settings, "portal", contract=contract)


@pytest.mark.usefixtures("next_release")
async def test_what_is_taken_away_waits_until_it_is_asked_for(
    upgraded: Settings,
) -> None:
    assert await asyncio.to_thread(migrations.pending, upgraded, "portal") == ["motto"]
    await upgrade(upgraded, contract=False)
    expanded = await columns(upgraded)

    assert {"motto", "address"} <= expanded
    assert await asyncio.to_thread(migrations.pending, upgraded, "portal") == []
    assert await asyncio.to_thread(migrations.find_contracting, upgraded, "portal") == {
        "no_address": "0.4.0"
    }
    await asyncio.to_thread(refuse_contracted, upgraded, "0.3.0-aaaaaaaaaaaa")

    await upgrade(upgraded, contract=True)
    assert expanded - await columns(upgraded) == {"address"}
    assert (
        await asyncio.to_thread(migrations.find_contracting, upgraded, "portal") == {}
    )
    await asyncio.to_thread(refuse_contracted, upgraded, "0.4.0-aaaaaaaaaaaa")
    with pytest.raises(LocalError, match=r"0\.3\.0-a+ needs what .*«no_address»"):
        await asyncio.to_thread(refuse_contracted, upgraded, "0.3.0-aaaaaaaaaaaa")


@pytest.mark.usefixtures("next_release")
async def test_a_revision_changes_the_rows_of_every_territory_and_they_stay_apart(
    upgraded: Settings,
) -> None:
    territories = [uuid.uuid4(), uuid.uuid4()]
    database = Database(upgraded, "portal", pool_size=1)
    try:
        for number, territory in enumerate(territories):
            async with database.session(territory) as session:
                await apply_organisation(
                    session, id=uuid.uuid4(), slug="town", name=f"Town {number}", summary={}, email="",
                )  # fmt: skip
        await upgrade(upgraded, contract=False)
        mottos = []
        for territory in territories:
            async with database.session(territory, role="owner") as session:
                mottos.append(list(await session.scalars(MOTTOS)))
        async with database.platform_session(role="owner") as session:
            mottos.append(list(await session.scalars(MOTTOS)))
    finally:
        await database.close()

    assert mottos == [["We are Town 0"], ["We are Town 1"], []]


@pytest.mark.parametrize("contract", [False, True])
async def test_the_program_before_lacks_nothing_on_a_database_that_is_ahead(
    upgraded: Settings, tmp_path: Path, *, contract: bool
) -> None:
    with newer_program(tmp_path):
        await upgrade(upgraded, contract=contract)
    ahead = await columns(upgraded)

    assert await asyncio.to_thread(migrations.pending, upgraded, "portal") == []
    await upgrade(upgraded, contract=False)
    await upgrade(upgraded, contract=True)
    assert await columns(upgraded) == ahead


async def test_upgrade_refuses_a_database_of_before_the_first_release(
    upgraded: Settings,
) -> None:
    await move(upgraded, "field_words")

    assert await asyncio.to_thread(migrations.pending, upgraded, "portal") == list(
        revisions.revision_chain("portal")
    )
    with pytest.raises(
        UnreleasedRevisionError, match=r"portal's .*«field_words».*`udi reset`"
    ) as refusal:
        await upgrade(upgraded, contract=False)
    assert explain(refusal.value, Path("log")) == str(refusal.value)
    with pytest.raises(UnreleasedRevisionError, match=r"node's .*«uses_told»"):
        migrations.upgrade_to(upgraded, "node", "uses_told")


@pytest.mark.usefixtures("next_release")
async def test_a_new_database_gets_everything_at_once(empty: Settings) -> None:
    await upgrade(empty, contract=False)

    column_names = await columns(empty)
    assert "motto" in column_names
    assert "address" not in column_names


@pytest.mark.usefixtures("next_release")
async def test_a_table_that_somebody_holds_is_waited_for_in_short_tries(
    upgraded: Settings, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "LOCK_TIMEOUT", "200ms")
    monkeypatch.setattr(migrations, "LOCK_PAUSE", 0.2)
    dsn = postgres.rpartition("/")[0] + "/" + upgraded.database_names["portal"]
    holder = await asyncpg.connect(dsn)
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("LOCK TABLE app.organisation IN ACCESS SHARE MODE")
    monkeypatch.setattr(migrations, "LOCK_TRIES", 2)
    with pytest.raises(DBAPIError, match="lock timeout"):
        await upgrade(upgraded, contract=False)
    assert "motto" not in await columns(upgraded)

    monkeypatch.setattr(migrations, "LOCK_TRIES", 100)
    migrating = asyncio.create_task(upgrade(upgraded, contract=False))
    await asyncio.sleep(1)
    assert not migrating.done()
    await transaction.rollback()
    await migrating
    await holder.close()
    assert "motto" in await columns(upgraded)
