"""Leaving out of a slice what the filters of its source do not take, and noting what was met."""

from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import is_among
from udi.portal.nodes.harvest.facets import read_facets
from udi.portal.nodes.harvest.record import HarvestedRecord
from udi.portal.nodes.sources.filters import FilterMatcher, read_row
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    RecordOutcome,
    SourceRecord,
    SourceRun,
)
from udi.portal.nodes.sources.outlines import store_outline
from udi.portal.nodes.sources.recognition import HarvestItem, recognise_items
from udi.portal.nodes.sources.run_log import RecordLogEntry, log_records

MOST_NAMED = 1000
"""Datasets that the filters leave out and a report names; all are counted."""


async def leave_out(
    session: AsyncSession,
    source: CatalogueSource,
    run: SourceRun,
    items: Sequence[HarvestItem],
) -> list[HarvestItem]:
    """What the filters take of a slice; a record that was refused tells nothing that they could see, and stays."""
    outlines = {
        place: read_facets(item)
        for place, item in enumerate(items)
        if isinstance(item, HarvestedRecord)
    }
    if not run.incremental:
        await store_outline(session, run, list(outlines.values()))
    matcher = FilterMatcher(read_row(source.filters))
    left = {place for place, facets in outlines.items() if not matcher.takes(facets)}
    if not left:
        return list(items)
    await _note_filtered(session, source, run, [items[place] for place in sorted(left)])
    return [item for place, item in enumerate(items) if place not in left]


async def _note_filtered(
    session: AsyncSession,
    source: CatalogueSource,
    run: SourceRun,
    items: Sequence[HarvestItem],
) -> None:
    """Count them, name the first, and mark those that are known."""
    recognised = await recognise_items(session, source.id, run.id, items)
    known = {item.row.id for item in recognised if item.row}
    if known:
        statement = update(SourceRecord).where(
            SourceRecord.source_id == source.id, is_among(SourceRecord.id, known)
        )
        await session.execute(
            statement.values(filtered=True),
            execution_options={"synchronize_session": False},
        )
    named = items[: max(0, MOST_NAMED - run.filtered)]
    run.filtered += len(items)
    entries = [
        RecordLogEntry(
            RecordOutcome.FILTERED,
            item.identifier,
            next(iter(item.title.values()), ""),
        )
        for item in named
        if isinstance(item, HarvestedRecord)
    ]
    await log_records(session, run, entries)
