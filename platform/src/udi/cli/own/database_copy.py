"""A node's database as a folder of files, one a table, as all of it was at one moment; and back into an empty one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from pydantic import BaseModel

from udi.cli.backup.census import (
    COUNT,
    FILES,
    SEALED,
    STABLE,
    TABLES,
    Connection,
    describe_object,
)
from udi.cli.backup.manifest import StoredObject, TableChecksum
from udi.cli.own.folder import OwnNode
from udi.kit.postgresql import make_superuser_address

COLUMNS = """
SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute
WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename) AS name, last_value FROM pg_sequences"
REVISION = "SELECT version_num FROM public.alembic_version"
FORMAT = "text"
"""Read by every release of PostgreSQL."""


class DatabaseCopy(BaseModel):
    """What was copied: by table its rows and their sum, and the columns in the order of its file."""

    revision: str
    tables: dict[str, TableChecksum]
    columns: dict[str, list[str]]
    sequences: dict[str, int]
    files: list[StoredObject]


async def dump_tables(own_node: OwnNode, folder: Path) -> DatabaseCopy:
    """Write every table into a file of the folder, while the node goes on."""
    async with (
        _connect(own_node) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        tables = await _count(connection)
        columns = {name: await connection.fetchval(COLUMNS, name) for name in tables}
        for name in tables:
            schema, _, table = name.partition(".")
            path = folder / f"{name}.copy"
            path.touch(mode=0o600)
            await connection.copy_from_table(
                table,
                schema_name=schema,
                columns=columns[name],
                output=path,
                format=FORMAT,
            )
        sealed = {row["space_id"] for row in await connection.fetch(SEALED)}
        files = [
            describe_object(row, sealed=row["space_id"] in sealed)
            for row in await connection.fetch(FILES)
        ]
        sequences = {
            row["name"]: row["last_value"]
            for row in await connection.fetch(SEQUENCES)
            if row["last_value"]
        }
        revision = str(await connection.fetchval(REVISION))
        return DatabaseCopy(
            revision=revision,
            tables=tables,
            columns=columns,
            sequences=sequences,
            files=files,
        )


async def load_tables(own_node: OwnNode, copied: DatabaseCopy, folder: Path) -> None:
    """Put the tables back into a database of the same revision, in the place of what its migrations wrote there."""
    async with _connect(own_node) as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        names = [await _quote_table(connection, name) for name in copied.tables]
        await connection.execute(f"TRUNCATE {', '.join(names)}")
        for name, columns in copied.columns.items():
            schema, _, table = name.partition(".")
            path = folder / f"{name}.copy"
            await connection.copy_to_table(
                table, schema_name=schema, columns=columns, source=path, format=FORMAT
            )
        for name, value in copied.sequences.items():
            await connection.execute("SELECT setval($1::regclass, $2)", name, value)


async def recount(own_node: OwnNode) -> dict[str, TableChecksum]:
    """What the tables hold now."""
    async with _connect(own_node) as connection:
        return await _count(connection)


async def _count(connection: Connection) -> dict[str, TableChecksum]:
    tables = {}
    for schema, table in await connection.fetch(TABLES):
        rows, total = await connection.fetchrow(
            COUNT.format(await _quote_table(connection, f"{schema}.{table}"))
        )
        tables[f"{schema}.{table}"] = TableChecksum(rows=rows, sum=total)
    return tables


async def _quote_table(connection: Connection, name: str) -> str:
    schema, _, table = name.partition(".")
    return str(
        await connection.fetchval(
            "SELECT format('%I.%I', $1::text, $2::text)", schema, table
        )
    )


@asynccontextmanager
async def _connect(own_node: OwnNode) -> AsyncIterator[Any]:
    """As the superuser, whom no policy keeps from a row."""
    settings = own_node.settings
    superuser = make_superuser_address(settings, "postgres_password")
    name = settings.database_names["node"]
    connection = await asyncpg.connect(
        superuser, database=name, server_settings=STABLE, timeout=10
    )
    try:
        yield connection
    finally:
        await connection.close()


def make_private_folder(folder: Path) -> Path:
    """An empty folder for its owner only."""
    folder.mkdir(parents=True, mode=0o700)
    folder.chmod(0o700)
    return folder
