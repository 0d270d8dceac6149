"""A territory's rows as lines of JSON, and back, by the columns of the models: what an archive holds of a database."""

import base64
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    ColumnElement,
    LargeBinary,
    String,
    Table,
    Uuid,
    delete,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

BATCH = 500
TENANT = "tenant_id"
Row = dict[str, Any]


@dataclass(frozen=True)
class ArchivedTable:
    """A table that an archive holds; `drawn` columns are drawn anew where it is read.

    `addressed` columns hold addresses of the programs, to be written anew where host names change; `former` ones are
    in archives of earlier releases only, and said elsewhere since.
    """

    model: Any
    regenerated_columns: frozenset[str] = frozenset()
    address_columns: frozenset[str] = frozenset()
    former_columns: frozenset[str] = frozenset()

    @property
    def table(self) -> Table:
        table: Table = self.model.__table__
        return table

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def columns(self) -> list[Column[Any]]:
        return [
            column
            for column in self.table.columns
            if column.computed is None
            and column.name not in {TENANT, *self.regenerated_columns}
        ]


@dataclass(frozen=True)
class ExcludedTable:
    """A table that no archive holds, and why."""

    model: Any
    reason: str

    @property
    def name(self) -> str:
        return str(self.model.__table__.name)


@dataclass(frozen=True)
class ImportMapping:
    """What is written otherwise where a territory arrives: addresses by their beginning, people by (issuer, subject)."""

    addresses: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)


async def read_rows(
    session: AsyncSession,
    carried: ArchivedTable,
    tenant: UUID,
    *only: ColumnElement[bool],
) -> AsyncIterator[bytes]:
    """Each row (`only` those) as one line, in the order of the key; the territory's id is in none."""
    table = carried.table
    names = [column.name for column in carried.columns]
    query = (
        select(*carried.columns)
        .where(table.c[TENANT] == tenant, *only)
        .order_by(*(_in_byte_order(column) for column in table.primary_key.columns))
    )
    rows = await session.stream(query, execution_options={"yield_per": BATCH})
    async for row in rows:
        values = {
            name: _encode_value(value) for name, value in zip(names, row, strict=True)
        }
        yield (
            json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
            + b"\n"
        )


def _in_byte_order(column: Column[Any]) -> ColumnElement[Any]:
    """Texts by their bytes: two databases may sort words of people differently."""
    return column.collate("C") if isinstance(column.type, String) else column


async def replace_rows(
    session: AsyncSession,
    carried: Sequence[ArchivedTable],
    lines: Mapping[str, Iterable[bytes]],
    tenant: UUID,
    moves: ImportMapping,
) -> dict[str, int]:
    """Put the rows of an archive in place of all that the territory has in these tables; how many, by table.

    As the owner, with the territory set: row-level security holds, and tables that are only added to may be emptied.
    """
    await delete_rows(
        session, [carried_table.table for carried_table in carried], tenant
    )
    counts = {}
    for carried_table in sort_by_dependency(carried):
        counts[carried_table.name] = await add_rows(
            session,
            carried_table,
            parse_rows(carried_table, lines.get(carried_table.name, ()), moves),
            tenant,
        )
    return counts


async def add_rows(
    session: AsyncSession, carried: ArchivedTable, rows: Iterable[Row], tenant: UUID
) -> int:
    """Put rows into a table; how many."""
    count = 0
    for batch in batch_rows(rows):
        await session.execute(
            insert(carried.table), [{TENANT: tenant, **row} for row in batch]
        )
        count += len(batch)
    return count


def sort_by_dependency(carried: Sequence[ArchivedTable]) -> list[ArchivedTable]:
    """Tables that others point to first."""
    order = {
        table.name: place
        for place, table in enumerate(carried[0].table.metadata.sorted_tables)
    }
    return sorted(carried, key=lambda carried_table: order[carried_table.name])


async def delete_rows(
    session: AsyncSession, tables: Iterable[Table], tenant: UUID
) -> dict[str, int]:
    """Delete what a territory has in these tables, those that point to others first; how many, by table."""
    table_by_name = {table.name: table for table in tables}
    count_by_table: dict[str, int] = {}
    metadata = next(iter(table_by_name.values())).metadata
    for table in reversed(metadata.sorted_tables):
        if (
            table.name in table_by_name
            and table.schema == table_by_name[table.name].schema
        ):
            done: Any = await session.execute(
                delete(table).where(table.c[TENANT] == tenant)
            )
            count_by_table[table.name] = done.rowcount
    return count_by_table


def parse_rows(
    carried: ArchivedTable, lines: Iterable[bytes], moves: ImportMapping
) -> Iterator[Row]:
    """The rows of an archive's lines.

    Raises:
        ValueError: a line is no row of this table.
    """
    columns = {column.name: column for column in carried.columns}
    for line in lines:
        values = json.loads(line)
        if (
            not isinstance(values, dict)
            or values.keys() - columns.keys() - carried.former_columns
        ):
            raise ValueError(f"A line is not a row of {carried.name}.")
        row = {
            name: _decode_value(columns[name].type, value)
            for name, value in values.items()
            if name in columns and not _is_absent(columns[name], value)
        }
        for name in carried.address_columns & row.keys():
            row[name] = replace_addresses(row[name], moves.addresses)
        if {"issuer", "subject"} <= row.keys():
            who = (row["issuer"], row["subject"])
            row["issuer"], row["subject"] = moves.people.get(who, who)
        yield row


def replace_addresses(value: Any, addresses: Mapping[str, str]) -> Any:
    """A value of JSON where each text that begins with an address begins with its new one."""
    if isinstance(value, dict):
        return {
            name: replace_addresses(inner, addresses) for name, inner in value.items()
        }
    if isinstance(value, list):
        return [replace_addresses(inner, addresses) for inner in value]
    if isinstance(value, str):
        for old, new in addresses.items():
            if value == old or value.startswith((f"{old}/", f"{old}?", f"{old}#")):
                return new + value[len(old) :]
    return value


def batch_rows(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows that fill the same columns, together."""
    waiting: dict[frozenset[str], list[Row]] = {}
    for row in rows:
        batch = waiting.setdefault(frozenset(row), [])
        batch.append(row)
        if len(batch) == BATCH:
            yield waiting.pop(frozenset(row))
    yield from waiting.values()


def _encode_value(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [_encode_value(element) for element in value]
    return value


def _is_absent(column: Column[Any], value: Any) -> bool:
    """In a column of JSON, None would be written as its `null`, which is a value."""
    return value is None and isinstance(column.type, JSON)


def _decode_value(kind: TypeEngine[Any], value: Any) -> Any:
    """A value of JSON as a column of this type holds it; each element of a list as the list's elements are."""
    if value is None:
        return None
    if isinstance(kind, ARRAY):
        return [_decode_value(kind.item_type, element) for element in value]
    if isinstance(kind, postgresql.TIMESTAMP) or kind.python_type is datetime:
        return datetime.fromisoformat(value)
    if kind.python_type is date:
        return date.fromisoformat(value)
    if isinstance(kind, Uuid):
        return UUID(value)
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value, validate=True)
    return value
