"""What the databases hold at one exact point of the log of transactions: rows, sums, files, revisions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from udi.cli.backup.manifest import StoredObject, TableChecksum
from udi.node.files.models import object_key
from udi.settings import Settings

KEYCLOAK = "udi_keycloak"
Connection = Any
"""Of asyncpg, which declares no types."""
ATTEMPTS = 400
PAUSE = 0.05
COMMIT_DELAY = 2.0
TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY 1, 2
"""
COUNT = "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM {} AS t"
FILES = """
SELECT tenant_id, space_id, dataset_id, id, size, sha256 FROM app.stored_file ORDER BY tenant_id, space_id, dataset_id, id
"""
SEALED = "SELECT DISTINCT space_id FROM app.space_key"
STABLE = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "iso_8601",
    "extra_float_digits": "1",
}
STABLE |= {"bytea_output": "hex", "search_path": "pg_catalog", "statement_timeout": "0"}
"""What turns a value into text must be the same when it is counted again."""


@dataclass
class Census:
    """What was counted."""

    point: str = ""
    exact: bool = False
    tables: dict[str, dict[str, TableChecksum]] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)
    files: list[StoredObject] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """All rows of all databases."""
        return sum(
            table.rows for tables in self.tables.values() for table in tables.values()
        )


def databases(settings: Settings) -> list[str]:
    """Names of the databases that are counted."""
    return [*settings.database_names.values(), KEYCLOAK]


async def take_census(superuser: str, settings: Settings, point: str) -> Census:
    """Mark a restore point, and count what every database holds there, while writers go on.

    Exact when no transaction began to write between the snapshots and the mark, and none that was writing ended: a
    moment without any is awaited first, then one whose transactions all last.
    """
    async with _open_connections(superuser, databases(settings)) as (
        opened,
        controller,
    ):
        for attempt in range(ATTEMPTS):
            before = await _allocate_transaction(controller)
            writing = await _list_writers(controller)
            last = attempt == ATTEMPTS - 1
            if writing and attempt < ATTEMPTS // 2 and not last:
                await asyncio.sleep(PAUSE)
                continue
            marked = f"{point}.{attempt}" if attempt else point
            async with _open_snapshots(opened):
                await controller.execute("SELECT pg_create_restore_point($1)", marked)
                is_consecutive = await _allocate_transaction(controller) == before + 1
                exact = is_consecutive and (
                    not writing or await are_still_writing(controller, writing)
                )
                if last or exact:
                    return await _count(
                        opened, settings, Census(point=marked, exact=exact)
                    )
            await asyncio.sleep(PAUSE)
    raise AssertionError


async def recount(superuser: str, settings: Settings) -> Census:
    """The same of a database that stands still."""
    async with _open_connections(superuser, databases(settings)) as (opened, _):
        return await _count(opened, settings, Census())


async def _allocate_transaction(connection: Connection) -> int:
    """A transaction's number, taken: two that follow each other show that nobody took one between."""
    return int(await connection.fetchval("SELECT pg_current_xact_id()::text"))


async def _list_writers(connection: Connection) -> set[str]:
    """The transactions that write now; one that wrote its end in the log stays here until it told everybody."""
    rows = await connection.fetch(
        "SELECT backend_xid::text AS number FROM pg_stat_activity WHERE backend_xid IS NOT NULL"
    )
    return {row["number"] for row in rows}


async def are_still_writing(connection: Connection, writing: set[str]) -> bool:
    """Whether all of them still write later: none had written its end in the log before the mark."""
    await asyncio.sleep(COMMIT_DELAY)
    return writing <= await _list_writers(connection)


@asynccontextmanager
async def _open_connections(
    superuser: str, names: list[str]
) -> AsyncIterator[tuple[dict[str, Connection], Connection]]:
    """A connection to each database that exists, and one beside them."""
    async with AsyncExitStack() as stack:
        controller = await _connect(stack, superuser, "postgres")
        databases = {
            row["datname"]
            for row in await controller.fetch("SELECT datname FROM pg_database")
        }
        yield (
            {
                name: await _connect(stack, superuser, name)
                for name in names
                if name in databases
            },
            controller,
        )


@asynccontextmanager
async def _open_snapshots(opened: dict[str, Connection]) -> AsyncIterator[None]:
    """A reading transaction in each, which sees what is there now."""
    async with AsyncExitStack() as stack:
        for connection in opened.values():
            await stack.enter_async_context(
                connection.transaction(isolation="repeatable_read", readonly=True)
            )
            await connection.fetchval("SELECT 1")
        yield


async def _connect(stack: AsyncExitStack, superuser: str, name: str) -> Connection:
    connection = await asyncpg.connect(
        superuser, database=name, server_settings=STABLE, timeout=10
    )
    stack.push_async_callback(connection.close)
    return connection


async def _count(
    opened: dict[str, Connection], settings: Settings, census: Census
) -> Census:
    for name, connection in opened.items():
        census.tables[name] = await _count_tables(connection)
        if "public.alembic_version" in census.tables[name]:
            revision = await connection.fetchval(
                "SELECT version_num FROM public.alembic_version"
            )
            census.revisions[name] = str(revision)
    node = settings.database_names["node"]
    if "app.stored_file" in census.tables.get(node, {}):
        keyed = "app.space_key" in census.tables[node]
        if keyed:
            sealed = {row["space_id"] for row in await opened[node].fetch(SEALED)}
        else:
            sealed = set()
        census.files = [
            describe_object(row, sealed=row["space_id"] in sealed)
            for row in await opened[node].fetch(FILES)
        ]
    return census


async def _count_tables(connection: Connection) -> dict[str, TableChecksum]:
    tables = {}
    for schema, table in await connection.fetch(TABLES):
        quoted = await connection.fetchval(
            "SELECT format('%I.%I', $1::text, $2::text)", schema, table
        )
        rows, total = await connection.fetchrow(COUNT.format(quoted))
        tables[f"{schema}.{table}"] = TableChecksum(rows=rows, sum=total)
    return tables


def describe_object(row: Any, *, sealed: bool) -> StoredObject:
    """Of a space that has keys, an object may be sealed: its own length and digest are then in no row."""
    key = object_key(row["tenant_id"], row["space_id"], row["dataset_id"], row["id"])
    return StoredObject(
        key=key, size=row["size"], sha256="" if sealed else row["sha256"]
    )


def list_differences(
    expected: dict[str, dict[str, TableChecksum]],
    actual: dict[str, dict[str, TableChecksum]],
) -> list[str]:
    """The tables that do not hold what they held, said in a few words each."""
    faults = []
    for name in sorted(expected.keys() | actual.keys()):
        before = expected.get(name, {})
        after = actual.get(name, {})
        for table in sorted(before.keys() | after.keys()):
            was = before.get(table)
            now = after.get(table)
            if was is None or now is None:
                faults.append(
                    f"{name} {table} is {'new' if was is None else 'missing'}"
                )
            elif was != now:
                if was.rows == now.rows:
                    rows = f"{was.rows} row(s)"
                else:
                    rows = f"{now.rows} row(s) instead of {was.rows}"
                faults.append(
                    f"{name} {table} holds {rows}{', changed' if was.rows == now.rows else ''}"
                )
    return faults
