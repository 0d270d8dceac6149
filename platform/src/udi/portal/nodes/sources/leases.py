"""Whose turn it is: a source is read by one worker at a time, and taken up by another when that one died."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database
from udi.portal.nodes.sources import crawl
from udi.portal.nodes.sources.changes import find_changes_address, start_reading
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    RunPhase,
    SourceRun,
    SourceState,
)
from udi.portal.nodes.sources.site_turns import SiteTurns

MOST_DUE = 100
"""Sources among which one is looked for whose site has a turn."""
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
    host: str = ""


def select_due(
    moment: ColumnElement[datetime] | datetime,
) -> tuple[ColumnElement[bool], ...]:
    """What is true of the sources that should be read now, and that nobody reads."""
    free = or_(
        CatalogueSource.leased_until.is_(None), CatalogueSource.leased_until < moment
    )
    return (
        CatalogueSource.state.in_(TAKEN_UP),
        CatalogueSource.next_at <= moment,
        free,
    )


async def acquire_lease(
    session: AsyncSession, moment: datetime, turns: SiteTurns
) -> SourceLease | None:
    """Take the source that is due for longest, whose site has a turn; None where none is, or others have them.

    Begins a reading, or takes it up. The turn of its site is the caller's to end.
    """
    due = select_due(moment)
    places = (
        select(CatalogueSource.id, CatalogueSource.entry, CatalogueSource.address)
        .where(*due)
        .order_by(CatalogueSource.next_at)
        .limit(MOST_DUE)
    )
    for row in (await session.execute(places)).all():
        host = crawl.host_of(row.entry or row.address)
        if not turns.begin(host):
            continue
        query = select(CatalogueSource).where(CatalogueSource.id == row.id, *due)
        try:
            source = await session.scalar(
                query.with_for_update(skip_locked=True, key_share=True)
            )
            if source is not None:
                return await _lease_source(session, source, moment, host)
        except BaseException:
            turns.end(host)
            raise
        turns.end(host)
    return None


async def _lease_source(
    session: AsyncSession, source: CatalogueSource, moment: datetime, host: str
) -> SourceLease:
    source.lease = uuid4()
    source.leased_until = moment + LEASE
    if source.state in READ_STATES and await find_open_run(session, source.id) is None:
        changes = find_changes_address(source, moment)
        place = start_reading(source, changes)
        session.add(
            SourceRun(
                source_id=source.id,
                started_at=moment,
                crawl_state=place.to_json(),
                incremental=bool(changes),
            )
        )
    await session.flush()
    return SourceLease(source.tenant_id, source.id, source.lease, host)


async def find_open_run(session: AsyncSession, source: UUID) -> SourceRun | None:
    """The reading of a source that has not ended, or None."""
    query = select(SourceRun).where(
        SourceRun.source_id == source, SourceRun.phase != RunPhase.ENDED
    )
    return (await session.scalars(query)).one_or_none()


async def get_open_run(session: AsyncSession, source: CatalogueSource) -> SourceRun:
    """The reading of a source that has not ended.

    Raises:
        LeaseLostError: there is none: another worker ended it.
    """
    run = await find_open_run(session, source.id)
    if run is None:
        raise LeaseLostError
    return run


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
