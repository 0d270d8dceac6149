"""The database itself keeps a page to the spaces of who asks: what SQL the page forgot to narrow finds nothing more."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest
from sqlalchemy import text

from udi.kit.db import Database
from udi.kit.tenancy import Territory, find_spaces, space_context
from udi.node.spaces.actions import apply_space
from udi.node.spaces.models import Space
from udi.settings import Settings

TABLES = (
    "dataset",
    "stored_file",
    "version",
    "delivery",
    "dataset_event",
    "dataset_right",
    "use_count",
    "space_day",
)
OPEN = {"dataset", "stored_file"}
PARTS = {"version", "delivery", "dataset_event", "dataset_right"}


@dataclass
class Two:
    """Two producers of one territory, each with a draft and an open dataset."""

    mine: Space
    theirs: Space


async def _fill(database: Database, territory: Territory, space: Space) -> None:
    async with database.session(territory.id, role="owner") as session:
        person = await session.scalar(
            text(
                "INSERT INTO app.person (id, issuer, subject, name, email, locale)"
                " VALUES (gen_random_uuid(), 'i', gen_random_uuid()::text, 'n', 'e', 'fr') RETURNING id"
            )
        )
        for opened, access in ((None, "draft"), ("now()", "open")):
            values = {
                "space": space.id,
                "dataset": uuid.uuid4(),
                "file": uuid.uuid4(),
                "person": person,
            }
            for statement in _rows(opened or "NULL", access):
                await session.execute(
                    text(statement),
                    {k: v for k, v in values.items() if f":{k}" in statement},
                )
        await session.execute(
            text(
                "INSERT INTO app.space_day (space_id, day, stored_bytes) VALUES (:space, '2026-11-01', 5)"
            ),
            {"space": space.id},
        )


def _rows(opened: str, access: str) -> list[str]:
    return [
        "INSERT INTO app.dataset (id, space_id, title, description, opened_at)"
        f" VALUES (:dataset, :space, 't', '{{}}', {opened})",
        "INSERT INTO app.stored_file (id, space_id, dataset_id, name, media_type, size, sha256, access)"
        f" VALUES (:file, :space, :dataset, 'n', 'text/csv', 1, 'x', '{access}')",
        "INSERT INTO app.version (id, dataset_id, file_id, number, profile)"
        " VALUES (gen_random_uuid(), :dataset, :file, 1, '{}')",
        "INSERT INTO app.delivery (id, dataset_id, method) VALUES (gen_random_uuid(), :dataset, 'POST')",
        "INSERT INTO app.dataset_event (id, dataset_id, action, detail)"
        " VALUES (gen_random_uuid(), :dataset, 'dataset.created', '{}')",
        "INSERT INTO app.dataset_right (dataset_id, person_id, role) VALUES (:dataset, :person, 'reader')",
        "INSERT INTO app.use_count (dataset_id, day, kind, client, space_id, count, bytes)"
        " VALUES (:dataset, '2026-11-01', 'file', 'people', :space, 1, 1)",
    ]


@pytest.fixture
async def two(node_database: Database, demo: Territory) -> Two:
    spaces = []
    for slug in ("port", "mairie"):
        async with node_database.session(demo.id, role="owner") as session:
            spaces.append(
                await apply_space(
                    session,
                    slug=slug,
                    organisation_id=uuid.uuid4(),
                    name=slug,
                    email=f"{slug}@x.example",
                )
            )
        await _fill(node_database, demo, spaces[-1])
    return Two(*spaces)


@pytest.fixture
async def page(
    settings: Settings, demo: Territory, two: Two
) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the role of the pages, in a transaction of a member of the first producer; rolled back."""
    connection = await asyncpg.connect(
        settings.dsn("node", "app").replace("+asyncpg", "")
    )
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        f"SET LOCAL app.tenant = '{demo.id}'; SET LOCAL app.spaces = '{two.mine.slug}'"
    )
    yield connection
    await transaction.rollback()
    await connection.close()


async def _ids(
    database: Database, territory: Territory, space: Space
) -> list[uuid.UUID]:
    async with database.session(territory.id, role="owner") as session:
        query = text("SELECT id FROM app.dataset WHERE space_id = :space")
        return list(await session.scalars(query, {"space": space.id}))


async def _condition(
    database: Database, territory: Territory, table: str, space: Space
) -> str:
    ids = ",".join(
        str(dataset_id) for dataset_id in await _ids(database, territory, space)
    )
    if table in PARTS:
        return f"dataset_id = ANY ('{{{ids}}}'::uuid[])"
    return f"space_id = '{space.id}'"


@pytest.mark.parametrize("table", TABLES)
async def test_a_query_without_a_condition_reads_own_rows_and_what_is_open(
    page: asyncpg.Connection,
    node_database: Database,
    demo: Territory,
    two: Two,
    table: str,
) -> None:
    theirs = await _condition(node_database, demo, table, two.theirs)
    mine = await _condition(node_database, demo, table, two.mine)

    row_count = await page.fetchval(f"SELECT count(*) FROM app.{table} WHERE {theirs}")

    assert row_count == (1 if table in OPEN else 0)
    assert await page.fetchval(f"SELECT count(*) FROM app.{table} WHERE {mine}") == (
        1 if table == "space_day" else 2
    )


@pytest.mark.parametrize("table", sorted(OPEN))
async def test_a_query_without_a_condition_reads_no_draft_of_another_producer(
    page: asyncpg.Connection,
    node_database: Database,
    demo: Territory,
    two: Two,
    table: str,
) -> None:
    theirs = await _condition(node_database, demo, table, two.theirs)
    mine = await _condition(node_database, demo, table, two.mine)
    if table == "dataset":
        draft = "opened_at IS NULL"
    else:
        draft = "access = 'draft'"

    assert (
        await page.fetchval(
            f"SELECT count(*) FROM app.{table} WHERE {theirs} AND {draft}"
        )
        == 0
    )
    assert (
        await page.fetchval(
            f"SELECT count(*) FROM app.{table} WHERE {mine} AND {draft}"
        )
        == 1
    )


@pytest.mark.parametrize(
    "table", [table for table in TABLES if table != "dataset_event"]
)
async def test_rows_of_another_producer_are_neither_changed_nor_removed(
    page: asyncpg.Connection,
    node_database: Database,
    demo: Territory,
    two: Two,
    table: str,
) -> None:
    theirs = await _condition(node_database, demo, table, two.theirs)
    column = {
        "dataset": "title",
        "stored_file": "name",
        "version": "note",
        "delivery": "error",
    }.get(table)
    if column:
        change = f"{column} = 'x'"
    else:
        change = {"dataset_right": "role = 'editor'", "use_count": "count = 0"}.get(
            table, "stored_bytes = 0"
        )

    assert (
        await page.execute(f"UPDATE app.{table} SET {change} WHERE {theirs}")
        == "UPDATE 0"
    )
    assert await page.execute(f"DELETE FROM app.{table} WHERE {theirs}") == "DELETE 0"


async def test_no_row_is_written_for_another_producer(
    page: asyncpg.Connection, two: Two
) -> None:
    dataset = uuid.uuid4()
    file = uuid.uuid4()
    person = uuid.uuid4()
    values = {
        ":dataset": dataset,
        ":space": two.theirs.id,
        ":file": file,
        ":person": person,
    }
    for statement in _rows("NULL", "draft"):
        filled = statement
        for name, value in values.items():
            filled = filled.replace(name, f"'{value}'")
        await page.execute("SAVEPOINT trial")
        with pytest.raises(
            asyncpg.InsufficientPrivilegeError, match="row-level security"
        ):
            await page.execute(filled)
        await page.execute("ROLLBACK TO trial")


async def test_a_row_of_ones_own_is_not_handed_to_another_producer(
    page: asyncpg.Connection, two: Two
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await page.execute(
            "UPDATE app.dataset SET space_id = $1 WHERE space_id = $2",
            two.theirs.id,
            two.mine.id,
        )


async def test_who_belongs_to_nothing_reads_what_is_open_and_no_more(
    page: asyncpg.Connection, two: Two
) -> None:
    await page.execute("SET LOCAL app.spaces = '-'")

    counts = {
        table: await page.fetchval(f"SELECT count(*) FROM app.{table}")
        for table in TABLES
    }

    assert counts == {table: 2 if table in OPEN else 0 for table in TABLES}


async def test_every_transaction_of_a_request_says_its_spaces_and_a_slug_carries_no_sql(
    node_database: Database, demo: Territory, two: Two
) -> None:
    with space_context([two.mine.slug, "x', true); DROP TABLE app.space; --", "a,b"]):
        async with node_database.session(demo.id) as session:
            assert (
                await session.scalar(text("SELECT current_setting('app.spaces')"))
                == two.mine.slug
            )
        with space_context(None):
            async with node_database.session(demo.id) as session:
                assert await session.scalar(text("SELECT app.own_spaces() IS NULL"))
        async with node_database.session(demo.id, role="worker") as session:
            assert await session.scalar(text("SELECT count(*) FROM app.dataset")) == 4
    assert find_spaces() is None
    async with node_database.session(demo.id) as session:
        assert await session.scalar(text("SELECT app.own_spaces() IS NULL"))
