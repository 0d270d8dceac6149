"""Whose turn it is: a source is read by one worker at a time, and taken up by another when that one died."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database
from udi.portal.nodes.sources import crawl
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    RunPhase,
    SourceRun,
    SourceState,
)

LEASE = timedelta(minutes=15)
"""Longer than anything that happens between two transactions of a reading."""
READ_STATES = (SourceState.ACTIVE, SourceState.VANISHED)
"""What much of vanished from is read on: it may be whole again before a person decides."""
WORKED_ON = (*READ_STATES, SourceState.CLOSING)
TAKEN_UP = (*WORKED_ON, SourceState.CLOSED)
"""What is closed is due where pages of other sources still name it."""


class LeaseLostError(Exception):
    """The source is not ours to read any more: a person paused it, or another worker took it up."""


@dataclass(frozen=True)
class SourceLease:
    """A source that this worker reads, under a lease of its own."""

    tenant: UUID
    source: UUID
    lease: UUID


async def acquire_lease(
    session: AsyncSession, tenant: UUID, moment: datetime
) -> SourceLease | None:
    """Take the source that is due for longest; None where none is, or others have them. Begins a reading, or takes it up."""
    free = or_(
        CatalogueSource.leased_until.is_(None), CatalogueSource.leased_until < moment
    )
    due = (
        select(CatalogueSource)
        .where(
            CatalogueSource.state.in_(TAKEN_UP),
            CatalogueSource.next_at <= moment,
            free,
        )
        .order_by(CatalogueSource.next_at)
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True)
    )
    source = await session.scalar(due)
    if source is None:
        return None
    source.lease = uuid4()
    source.leased_until = moment + LEASE
    if source.state in READ_STATES and await find_open_run(session, source.id) is None:
        place = crawl.start_crawl(source.entry or source.address).to_json()
        session.add(
            SourceRun(source_id=source.id, started_at=moment, crawl_state=place)
        )
    await session.flush()
    return SourceLease(tenant, source.id, source.lease)


async def find_open_run(session: AsyncSession, source: UUID) -> SourceRun | None:
    """The reading of a source that has not ended, or None."""
    query = select(SourceRun).where(
        SourceRun.source_id == source, SourceRun.phase != RunPhase.ENDED
    )
    return (await session.scalars(query)).one_or_none()


@asynccontextmanager
async def leased_source(
    database: Database,
    claim: SourceLease,
    states: Collection[SourceState] = WORKED_ON,
) -> AsyncIterator[tuple[AsyncSession, CatalogueSource]]:
    """One transaction on a source that is ours, whose lease it renews.

    Raises:
        LeaseLostError: it is not ours any more.
    """
    async with database.session(claim.tenant, role="worker") as session:
        ours = select(CatalogueSource).where(
            CatalogueSource.id == claim.source, CatalogueSource.lease == claim.lease
        )
        source = await session.scalar(ours.with_for_update(key_share=True))
        if source is not None and source.state in states:
            source.leased_until = now() + LEASE
            yield session, source
            return
        if source is not None:
            release_lease(source, source.next_at)
    raise LeaseLostError


def release_lease(source: CatalogueSource, next_at: datetime | None) -> None:
    """Let others take it, from that moment on."""
    source.lease = None
    source.leased_until = None
    source.next_at = next_at
