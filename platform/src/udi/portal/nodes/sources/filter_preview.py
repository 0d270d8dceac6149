"""What filters would take of a source, before anybody saves them: from its last whole reading, else from a first page."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database, is_among
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.nodes.harvest.facets import RecordFacets
from udi.portal.nodes.harvest.faults import HarvestFault
from udi.portal.nodes.harvest.trial_process import try_in_subprocess
from udi.portal.nodes.sources.filters import (
    FilterCount,
    SourceFilters,
    count_taken,
)
from udi.portal.nodes.sources.models import CatalogueSource, SourceRecord
from udi.portal.nodes.sources.outlines import read_outline
from udi.portal.nodes.sources.reconciliation import exceeds_loss_limit
from udi.portal.nodes.sources.trial_limits import TrialLimits
from udi.portal.tenants.queries import read_vocabularies


class PreviewBasis(StrEnum):
    """What a preview counts."""

    READING = "reading"
    """All datasets that the last whole reading met."""
    FIRST_PAGE = "first_page"
    """Those of the first page of the catalogue, read for the preview."""


@dataclass(frozen=True)
class MetRecords:
    """The records that a preview counts, when they were read, and how many the catalogue announces."""

    basis: PreviewBasis
    moment: datetime
    records: Iterable[RecordFacets] = ()
    announced: int | None = None
    faults: tuple[HarvestFault, ...] = ()


@dataclass(frozen=True)
class FilterPreview:
    """What filters would take; `withdrawn` are datasets that are published now and would go, of those that were met."""

    met: MetRecords
    count: FilterCount
    withdrawn: int
    must_confirm: bool
    """Whether nothing would be taken, or so much would go that a person is asked."""


async def read_first_page(
    database: Database,
    territory: Territory,
    actor: Actor,
    limits: TrialLimits,
    source: CatalogueSource,
) -> MetRecords:
    """Read the first page of a catalogue now, as a trial does.

    Raises:
        TooManyRequestsError: this person tried many in the last hour.
    """
    limits.rates.count_request(str(actor.person_id))
    async with database.session(territory.id) as session:
        words = await read_vocabularies(session, territory.id)
    async with limits.turn:
        trial = await try_in_subprocess(
            source.entry or source.address,
            language=source.language,
            found_at=now(),
            words=words,
            private_hosts=limits.private_hosts,
        )
    return MetRecords(
        PreviewBasis.FIRST_PAGE, now(), trial.outlines, trial.total, trial.faults
    )


async def find_met_records(
    session: AsyncSession, source: CatalogueSource
) -> MetRecords | None:
    """What the last whole reading of a source met; None where it was not read since readings keep it."""
    outline = await read_outline(session, source)
    if outline is None:
        return None
    moment, records = outline
    return MetRecords(PreviewBasis.READING, moment, records)


async def preview_filters(
    session: AsyncSession,
    source: CatalogueSource,
    filters: SourceFilters,
    met: MetRecords,
) -> FilterPreview:
    """Count what filters would take of the records that were met."""
    count = await asyncio.to_thread(count_taken, filters, met.records)
    withdrawn = await _count_published(session, source, count.left_out)
    takes_nothing = bool(count.total) and not count.taken
    is_heavy = exceeds_loss_limit(withdrawn, source.dataset_count)
    return FilterPreview(met, count, withdrawn, takes_nothing or is_heavy)


async def _count_published(
    session: AsyncSession, source: CatalogueSource, identifiers: Collection[str]
) -> int:
    if not identifiers:
        return 0
    query = select(func.count()).where(
        SourceRecord.source_id == source.id,
        ~SourceRecord.withdrawn,
        is_among(SourceRecord.identifier, identifiers),
    )
    return await session.scalar(query) or 0
