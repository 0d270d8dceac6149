"""Rows of a territory that was applied, written again for many others: what the real path leaves, without its hours."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

import asyncpg

BATCH = 4000
"""Rows that one statement writes."""
LIST_TABLES = """
SELECT format('%I.%I', n.nspname, c.relname) AS name,
  array_agg(a.attname::text ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND n.nspname = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
GROUP BY 1 ORDER BY 1
"""
OWN_SCHEMAS = ("app", "platform")
REFERENCES = ("id", "user_id", "email_constraint")
"""Columns of Keycloak's tables by which rows of other tables name a row, or which differ in each row."""
IGNORED = (
    "public.databasechangelog",
    "public.databasechangeloglock",
    "public.jgroups_ping",
    "public.admin_event_entity",
    "public.event_entity",
    "public.revoked_token",
)
"""Tables of Keycloak that hold nothing of a territory's configuration."""


@dataclass(frozen=True)
class Copy:
    """What a territory's rows say in place of the model's: each text of the model, and the one that takes its place."""

    namespace: UUID
    texts: Mapping[str, str]


@dataclass
class ModelRows:
    """The rows of the model, as JSON, by table; and the identifiers of them that each copy needs anew."""

    rows: dict[str, list[str]] = field(default_factory=dict)
    identifiers: set[str] = field(default_factory=set)


async def read_program_rows(connection: asyncpg.Connection, tenant: UUID) -> ModelRows:
    """The rows of the territory in a program's database, that of the register last: who follows it finds the others."""
    model = ModelRows()
    for table in await connection.fetch(LIST_TABLES, list(OWN_SCHEMAS)):
        if "tenant_id" in table["columns"]:
            model.rows[table["name"]] = await _read(
                connection, table, "tenant_id", [str(tenant)]
            )
    register = {
        "name": "platform.territory",
        "columns": await _columns(connection, "platform.territory"),
    }
    model.rows["platform.territory"] = await _read(
        connection, register, "id", [str(tenant)]
    )
    return model


async def read_keycloak_rows(connection: asyncpg.Connection, slug: str) -> ModelRows:
    """The rows of the territory's clients, organisations and groups, identifiers from one table to the next by what names them."""
    model = ModelRows()
    tables = [
        table
        for table in await connection.fetch(LIST_TABLES, ["public"])
        if table["name"] not in IGNORED
    ]
    known = await _find_roots(connection, slug)
    model.identifiers = set(known)
    while known:
        identifiers: set[str] = set()
        for table in tables:
            for content in await _read_naming(connection, table, known):
                rows = model.rows.setdefault(table["name"], [])
                if content in rows:
                    continue
                rows.append(content)
                row = json.loads(content)
                identifiers |= {
                    str(row[name]) for name in REFERENCES if _is_identifier(row, name)
                }
        known = identifiers - model.identifiers
        model.identifiers |= known
    return model


async def write_copies(
    connection: asyncpg.Connection, model: ModelRows, copies: Sequence[Copy]
) -> int:
    """Write the model's rows for each copy; how many rows. No trigger and no reference is looked at meanwhile."""
    count = 0
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        for table, rows in model.rows.items():
            for batch in _batches(_rewrite(model, rows, copies)):
                await connection.execute(
                    f"INSERT INTO {table} SELECT r.* FROM unnest($1::text[]) AS t(content),"
                    f" LATERAL jsonb_populate_record(NULL::{table}, t.content::jsonb) AS r ON CONFLICT DO NOTHING",
                    batch,
                )
                count += len(batch)
    return count


def _rewrite(
    model: ModelRows, rows: Sequence[str], copies: Sequence[Copy]
) -> Iterator[str]:
    named = [(row, [name for name in model.identifiers if name in row]) for row in rows]
    for copy in copies:
        for row, identifiers in named:
            content = row
            for identifier in identifiers:
                content = content.replace(
                    identifier, str(uuid5(copy.namespace, identifier))
                )
            for old, new in copy.texts.items():
                content = content.replace(old, new)
            yield content


def _batches(rows: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def _columns(connection: asyncpg.Connection, table: str) -> list[str]:
    schema = table.partition(".")[0]
    tables = await connection.fetch(LIST_TABLES, [schema])
    return next(row["columns"] for row in tables if row["name"] == table)


async def _read(
    connection: asyncpg.Connection,
    table: Mapping[str, object],
    column: str,
    values: list[str],
) -> list[str]:
    rows = await connection.fetch(
        f"SELECT to_jsonb(t)::text AS content FROM {table['name']} t WHERE {column}::text = ANY ($1)",
        values,
    )
    return [row["content"] for row in rows]


async def _find_roots(connection: asyncpg.Connection, slug: str) -> set[str]:
    rows = await connection.fetch(
        "SELECT id FROM client WHERE client_id LIKE '%' || $1 || '%'"
        " UNION SELECT id FROM org WHERE alias = $1 OR alias LIKE $1 || '--%'"
        " UNION SELECT group_id FROM org WHERE alias = $1 OR alias LIKE $1 || '--%'"
        " UNION SELECT u.id FROM user_entity u WHERE u.username LIKE 'service-account-%' || $1 || '%'",
        slug,
    )
    return {str(row[0]) for row in rows}


async def _read_naming(
    connection: asyncpg.Connection, table: Mapping[str, object], known: set[str]
) -> list[str]:
    columns = table["columns"]
    assert isinstance(columns, list)  # noqa: S101 - an array of the query
    condition = " OR ".join(f'"{column}"::text = ANY ($1)' for column in columns)
    rows = await connection.fetch(
        f"SELECT to_jsonb(t)::text AS content FROM {table['name']} t WHERE {condition}",
        list(known),
    )
    return [row["content"] for row in rows]


def _is_identifier(row: Mapping[str, object], name: str) -> bool:
    value = row.get(name)
    return isinstance(value, str) and len(value) == len(str(UUID(int=0)))
