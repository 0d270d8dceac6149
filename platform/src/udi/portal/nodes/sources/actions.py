"""What people do with sources: register one, have it read now, pause it, let go what left it, close it."""

from uuid import uuid4

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    Refusal,
    Refusals,
)
from udi.kit.identity import Actor
from udi.portal.audit import record
from udi.portal.nodes.harvest.trial import normalise_address
from udi.portal.nodes.models import Node, NodeProducer
from udi.portal.nodes.sources.filters import SourceFilters
from udi.portal.nodes.sources.leases import find_open_run, release_lease
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    RunOutcome,
    SourceRecord,
    SourceRhythm,
    SourceRun,
    SourceState,
)
from udi.portal.nodes.sources.other_origins import lists_elsewhere
from udi.portal.nodes.sources.queries import may_manage_sources
from udi.portal.nodes.sources.reconciliation import next_reading
from udi.portal.nodes.sources.renames import count_renames
from udi.portal.nodes.sources.run_completion import finish_run
from udi.portal.organisations.models import Organisation

MOST_SOURCES = 50
"""Of one producer."""
UNKNOWN_RHYTHM = Refusal(
    "rhythm",
    "This frequency does not exist.",
    "Choose one of the list.",
    "unknown-value",
)
OPEN = (SourceState.ACTIVE, SourceState.PAUSED, SourceState.VANISHED)


async def register_source(
    session: AsyncSession,
    actor: Actor,
    producer: Organisation,
    *,
    address: str,
    rhythm: str,
    language: str,
    filters: SourceFilters | None = None,
    is_paused: bool = False,
) -> CatalogueSource:
    """Have a catalogue read for a producer, from now on; one that is paused is read once its filters are chosen.

    Raises:
        ForbiddenError: the person is neither of the territory's team nor an administrator of the producer.
        InvalidError: a field is wrong, each named.
        ConflictError: it is registered already, or there are too many.
    """
    if not may_manage_sources(actor, producer):
        raise ForbiddenError(
            "Sources are registered by the administrators of a producer, or the territory's team.",
            remedy="Ask one of them.",
        )
    where = _checked(address, rhythm)
    await _check_quota(session, producer, where)
    node_id = uuid4()
    name = f"source-{node_id.hex}"
    node = Node(id=node_id, slug=name, name=producer.name, url="", client_id=name)
    source = CatalogueSource(
        id=node_id,
        organisation_id=producer.id,
        address=where,
        rhythm=SourceRhythm(rhythm),
        language=language,
        state=SourceState.PAUSED if is_paused else SourceState.ACTIVE,
        next_at=None if is_paused else now(),
        filters=(filters or SourceFilters()).to_row(),
    )
    session.add(node)
    await session.flush()
    session.add_all(
        [source, NodeProducer(node_id=node_id, organisation_id=producer.id)]
    )
    await session.flush()
    record(session, actor, "source.registered", node_id)
    return source


def _checked(address: str, rhythm: str) -> str:
    refusals = Refusals()
    where = _normalise(address, refusals)
    if rhythm not in set(SourceRhythm):
        refusals.append(UNKNOWN_RHYTHM)
    refusals.check()
    return where


def _normalise(address: str, refusals: Refusals) -> str:
    where = normalise_address(address) if address.strip() else ""
    if not where:
        refusals.refuse(
            "address",
            "This is not the address of a site.",
            "Paste it as your browser shows it.",
            "bad-address",
        )
    return where


async def _check_unregistered(
    session: AsyncSession, producer: Organisation, address: str
) -> None:
    existing_id = await session.scalar(
        select(CatalogueSource.id)
        .where(
            CatalogueSource.organisation_id == producer.id,
            CatalogueSource.address == address,
        )
        .limit(1)
    )
    if existing_id is not None:
        raise ConflictError(
            "This catalogue is registered already.",
            remedy="Look at its page: it can be read again from there.",
        )


async def _check_quota(
    session: AsyncSession, producer: Organisation, address: str
) -> None:
    await _check_unregistered(session, producer, address)
    theirs = CatalogueSource.organisation_id == producer.id
    count = (
        await session.scalar(
            select(func.count()).select_from(CatalogueSource).where(theirs)
        )
        or 0
    )
    if count >= MOST_SOURCES:
        raise ConflictError(
            "This producer has %(most)s sources already, which is as many as one may.",
            remedy="Register the catalogue that holds them all, or close some.",
            values={"most": MOST_SOURCES},
        )


async def schedule_reading(
    session: AsyncSession, actor: Actor, source: CatalogueSource
) -> None:
    """Have it read as soon as a worker is free.

    Raises:
        ConflictError: it is not read at all.
    """
    if source.state != SourceState.ACTIVE:
        raise ConflictError(
            "This source is not read at present.", remedy="Start it again first."
        )
    if source.leased_until is None or source.leased_until < now():
        source.next_at = now()
    source.whole_read_at = None
    record(session, actor, "source.run_requested", source.id)


async def change_rhythm(
    session: AsyncSession, actor: Actor, source: CatalogueSource, rhythm: str
) -> None:
    """Read it more or less often, from its last reading on.

    Raises:
        InvalidError: there is no such rhythm.
        ConflictError: it is closed.
    """
    if rhythm not in set(SourceRhythm):
        raise InvalidError(refusals=[UNKNOWN_RHYTHM])
    if source.state not in OPEN:
        raise ConflictError("This source is closed already.")
    source.rhythm = SourceRhythm(rhythm)
    if source.state == SourceState.ACTIVE and source.lease is None:
        ended = await session.scalar(
            select(func.max(SourceRun.ended_at)).where(SourceRun.source_id == source.id)
        )
        if ended:
            source.next_at = next_reading(rhythm, ended, failures=source.failures)
        else:
            source.next_at = now()
    record(session, actor, "source.rhythm_changed", source.id, rhythm=rhythm)


async def change_filters(
    session: AsyncSession,
    actor: Actor,
    source: CatalogueSource,
    filters: SourceFilters,
) -> None:
    """Take other datasets of a source: it is read anew at once, and what they leave out is withdrawn then.

    A source that was never read begins with it.

    Raises:
        ConflictError: it is closed.
    """
    if source.state not in OPEN:
        raise ConflictError("This source is closed already.")
    row = filters.to_row()
    never_read = not source.entry and not source.dataset_count
    if row == source.filters and not never_read:
        return
    run = await find_open_run(session, source.id)
    if run is not None:
        await finish_run(session, source, run, RunOutcome.PARTIAL, now())
    source.filters = row
    source.filters_changed = True
    # What the former filters left out says nothing of what these do: no record leaves unasked by an old mark.
    marked = update(SourceRecord).where(
        SourceRecord.source_id == source.id, SourceRecord.filtered
    )
    await session.execute(
        marked.values(filtered=False),
        execution_options={"synchronize_session": False},
    )
    source.etag = ""
    source.last_modified = ""
    source.failures = 0
    if never_read and source.state == SourceState.PAUSED:
        source.state = SourceState.ACTIVE
    release_lease(source, None if source.state == SourceState.PAUSED else now())
    record(session, actor, "source.filters_changed", source.id)


async def change_address(
    session: AsyncSession,
    actor: Actor,
    producer: Organisation,
    source: CatalogueSource,
    address: str,
) -> None:
    """Read the catalogue where it is now: its datasets keep their addresses here, and a reading that goes on ends.

    Raises:
        InvalidError: this is no address.
        ConflictError: it is closed, or the producer has another source there.
    """
    where = _check_address(address)
    if source.state not in OPEN:
        raise ConflictError("This source is closed already.")
    if where == source.address:
        return
    await _check_unregistered(session, producer, where)
    run = await find_open_run(session, source.id)
    if run is not None:
        await finish_run(session, source, run, RunOutcome.PARTIAL, now())
    source.address = where
    source.entry = ""
    source.etag = ""
    source.last_modified = ""
    source.failures = 0
    source.accepts_loss = False
    source.whole_read_at = None
    reading = source.state == SourceState.ACTIVE
    release_lease(source, now() if reading else None)
    record(session, actor, "source.address_changed", source.id)


def _check_address(address: str) -> str:
    refusals = Refusals()
    where = _normalise(address, refusals)
    refusals.check()
    return where


async def pause_source(
    session: AsyncSession, actor: Actor, source: CatalogueSource
) -> None:
    """Read it no more for now; what was published stays, and a reading that goes on stops where it is.

    Raises:
        ConflictError: it is not read at all.
    """
    if source.state != SourceState.ACTIVE:
        raise ConflictError("This source is not read at present.")
    source.state = SourceState.PAUSED
    record(session, actor, "source.paused", source.id)


async def resume_source(
    session: AsyncSession, actor: Actor, source: CatalogueSource
) -> None:
    """Read it again, whatever stopped it, from now on.

    Raises:
        ConflictError: it is read already, or is being closed.
    """
    if source.state in {SourceState.ACTIVE, SourceState.CLOSING}:
        raise ConflictError(
            "This source cannot be started now.",
            remedy="Look at its page again in a while.",
        )
    source.state = SourceState.ACTIVE
    source.next_at = now()
    source.failures = 0
    record(session, actor, "source.resumed", source.id)


async def accept_loss(
    session: AsyncSession, actor: Actor, source: CatalogueSource
) -> None:
    """Let go what left the source: the next complete reading withdraws at once all that is not there.

    Raises:
        ConflictError: nobody is asked about it.
    """
    if source.state != SourceState.VANISHED:
        raise ConflictError("No decision is expected here.")
    source.state = SourceState.ACTIVE
    source.next_at = now()
    source.accepts_loss = True
    record(session, actor, "source.loss_accepted", source.id)


async def accept_renames(
    session: AsyncSession, actor: Actor, source: CatalogueSource
) -> None:
    """Say that records are what they seem to have become: their datasets keep their addresses, under the new identifiers.

    Raises:
        ConflictError: nobody is asked about it.
    """
    if source.state != SourceState.VANISHED or not await count_renames(session, source):
        raise ConflictError("No decision is expected here.")
    source.state = SourceState.ACTIVE
    source.next_at = now()
    source.accepts_renames = True
    record(session, actor, "source.renames_accepted", source.id)


async def close_source(
    session: AsyncSession, actor: Actor, source: CatalogueSource, *, withdraw: bool
) -> None:
    """Read it no more. Its datasets stay as they are, or are withdrawn by the worker, which has no page name it any more.

    Raises:
        ConflictError: it is closed already.
    """
    if source.state not in OPEN:
        raise ConflictError("This source is closed already.")
    source.state = SourceState.CLOSING if withdraw else SourceState.CLOSED
    if withdraw or await lists_elsewhere(session, source):
        source.next_at = now()
    else:
        source.next_at = None
    record(session, actor, "source.closed", source.id, withdraw=withdraw)
