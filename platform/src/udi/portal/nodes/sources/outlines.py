"""What a reading met, kept as filters see it: from it a preview counts exactly what other filters would take."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.nodes.harvest.facets import RecordFacets
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    RunOutcome,
    SourceOutline,
    SourceRun,
)

_DECODER = msgspec.msgpack.Decoder(list[RecordFacets])
LARGEST_PART = 64 * 1024**2
"""Bytes of one part, opened."""


async def store_outline(
    session: AsyncSession, run: SourceRun, records: Sequence[RecordFacets]
) -> None:
    """Keep some records that a reading met."""
    if not records:
        return
    last = await session.scalar(
        select(func.max(SourceOutline.position)).where(SourceOutline.run_id == run.id)
    )
    body = zlib.compress(msgspec.msgpack.encode(list(records)))
    await session.execute(
        insert(SourceOutline),
        [{"run_id": run.id, "position": (last or 0) + 1, "records": body}],
    )


@dataclass(frozen=True)
class Outline:
    """What a whole reading met, each record once; opened part by part, for a catalogue may be large."""

    parts: tuple[bytes, ...]

    def __iter__(self) -> Iterator[RecordFacets]:
        met = set[str]()
        for body in self.parts:
            inflated = zlib.decompressobj().decompress(body, LARGEST_PART)
            for facets in _DECODER.decode(inflated):
                if facets.identifier not in met:
                    met.add(facets.identifier)
                    yield facets


async def read_outline(
    session: AsyncSession, source: CatalogueSource
) -> tuple[datetime, Outline] | None:
    """When the last whole reading ended, and what it met; None where none is kept."""
    has_outline = (
        select(SourceOutline.run_id)
        .where(
            SourceOutline.tenant_id == SourceRun.tenant_id,
            SourceOutline.run_id == SourceRun.id,
        )
        .exists()
    )
    query = (
        select(SourceRun)
        .where(
            SourceRun.source_id == source.id,
            SourceRun.outcome.in_((RunOutcome.COMPLETE, RunOutcome.VANISHED)),
            ~SourceRun.incremental,
            has_outline,
        )
        .order_by(SourceRun.started_at.desc())
        .limit(1)
    )
    run = await session.scalar(query)
    if run is None or run.ended_at is None:
        return None
    parts = select(SourceOutline.records).where(SourceOutline.run_id == run.id)
    bodies = await session.scalars(parts.order_by(SourceOutline.position))
    return run.ended_at, Outline(tuple(bodies))


async def forget_outlines(session: AsyncSession, run: SourceRun) -> None:
    """Keep those of the reading that ended last, and no others of its source."""
    others = select(SourceRun.id).where(
        SourceRun.source_id == run.source_id, SourceRun.id != run.id
    )
    await session.execute(
        delete(SourceOutline).where(SourceOutline.run_id.in_(others)),
        execution_options={"synchronize_session": False},
    )
