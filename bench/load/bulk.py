"""A catalogue of any size put into the database at once: the rows that pushes would have left, without the pushes."""

import asyncio
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import json

from bench.load.corpus import Corpus, as_rudi
from udi.kit.clock import now
from udi.portal.catalogue.actions import columns_of, media_columns
from udi.portal.catalogue.compression import compress_description
from udi.protocol.record import Record, read_record

CHUNK = 2_000
PROCESSES = min(4, os.cpu_count() or 1)


@dataclass(frozen=True)
class Filling:
    """A territory to fill: descriptions `first` to `last` (not included) of the corpus, for its producers."""

    dsn: str
    """The superuser's, to the portal's database: row-level security lets nobody else copy rows in."""
    script: Path
    tenant: UUID
    node: UUID
    producers: dict[str, UUID]
    first: int
    last: int

    def chunks(self) -> Iterator["Filling"]:
        """The same in pieces that a process takes at once."""
        for start in range(self.first, self.last, CHUNK):
            yield Filling(
                self.dsn,
                self.script,
                self.tenant,
                self.node,
                self.producers,
                start,
                min(start + CHUNK, self.last),
            )


def fill(fillings: Iterable[Filling]) -> int:
    """Put the descriptions in; how many there were. The search indexes are to be made again afterwards."""
    with ProcessPoolExecutor(PROCESSES) as pool:
        return sum(
            pool.map(
                _fill, [chunk for filling in fillings for chunk in filling.chunks()]
            )
        )


def _fill(filling: Filling) -> int:
    entries = Corpus(filling.script).entries(filling.first, filling.last)
    records = [
        read_record(as_rudi(entry, filling.producers, filling.tenant))
        for entry in entries
    ]
    asyncio.run(copy_datasets(filling.dsn, filling.tenant, filling.node, records))
    return len(records)


def dataset_rows(
    records: Sequence[Record], tenant: UUID, node: UUID
) -> list[dict[str, Any]]:
    """The rows of `dataset`, as the database keeps them."""
    moment = now()
    common_columns = {
        "tenant_id": tenant,
        "node_id": node,
        "state": "published",
        "published_at": moment,
        "described_at": moment,
    }
    rows = [
        {"id": record.id, **common_columns, **columns_of(record)} for record in records
    ]
    return [row | {"record": compress_description(row["record"])} for row in rows]


def distribution_rows(records: Sequence[Record], tenant: UUID) -> list[dict[str, Any]]:
    """The rows of `distribution`."""
    return [
        {"tenant_id": tenant, "dataset_id": record.id, **media_columns(position, item)}
        for record in records
        for position, item in enumerate(record.media)
    ]


async def copy_datasets(
    dsn: str, tenant: UUID, node: UUID, records: Sequence[Record]
) -> None:
    """Copy descriptions into a territory, as the superuser, in one transaction."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.set_type_codec(
            "jsonb",
            schema="pg_catalog",
            format="binary",
            encoder=_as_jsonb,
            decoder=json.decode,
        )
        async with connection.transaction():
            # No trigger of the change feed: a million notices would only ask for what a rebuild does at once.
            await connection.execute("SET LOCAL session_replication_role = replica")
            await _copy_rows(
                connection,
                "dataset",
                dataset_rows(records, tenant, node),
            )
            await _copy_rows(
                connection, "distribution", distribution_rows(records, tenant)
            )
    finally:
        await connection.close()


def _as_jsonb(value: object) -> bytes:
    return b"\x01" + json.encode(value)


async def _copy_rows(
    connection: asyncpg.Connection, table: str, rows: Sequence[dict[str, Any]]
) -> None:
    columns = list(rows[0])
    await connection.copy_records_to_table(
        table,
        schema_name="app",
        columns=columns,
        records=[tuple(row.values()) for row in rows],
    )
