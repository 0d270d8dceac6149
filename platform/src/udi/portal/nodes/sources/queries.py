"""Reading sources: who may see which, their readings, and what to mend."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, NotFoundError
from udi.kit.identity import Actor, manages_any
from udi.portal.nodes.harvest.faults import FaultLevel, HarvestFault
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    RecordOutcome,
    RunOutcome,
    SourceAction,
    SourceFault,
    SourceRecord,
    SourceRun,
)
from udi.portal.nodes.sources.run_log import read_fault
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import list_claimed_producers

MOST_RUNS = 10


@dataclass(frozen=True)
class SourceSummary:
    """A source, its producer, and its last reading that ended, if any."""

    source: CatalogueSource
    producer: Organisation
    last: SourceRun | None


@dataclass(frozen=True)
class SourceFaultSummary:
    """A fault that comes back: of how many records, and the first that shows it."""

    fault: HarvestFault
    count: int
    identifier: str
    title: str


def may_manage_sources(actor: Actor, producer: Organisation) -> bool:
    """Whether the person looks after the sources of a producer."""
    return actor.moderator or actor.may_manage(producer.slug)


def require_source_manager(actor: Actor) -> None:
    """Sources are looked after by administrators of producers, and by the team.

    Raises:
        ForbiddenError: the person is none of them.
    """
    if not manages_any(actor):
        raise ForbiddenError(
            "Sources are shown to the administrators of producers, and to the territory's team.",
            remedy="Ask one of them if you need to know about a source.",
        )


async def list_managed_producers(
    session: AsyncSession, actor: Actor
) -> list[Organisation]:
    """The producers whose sources the person looks after.

    Raises:
        ForbiddenError: there is none, so these pages are not theirs.
    """
    require_source_manager(actor)
    return [
        producer
        for producer in await list_claimed_producers(session)
        if may_manage_sources(actor, producer)
    ]


async def get_managed_producer(
    session: AsyncSession, actor: Actor, slug: str
) -> Organisation:
    """A producer whose sources the person looks after.

    Raises:
        ForbiddenError: the person looks after no producer.
        NotFoundError: there is none of this name, or it is not theirs to look after.
    """
    producer = next(
        (
            organisation
            for organisation in await list_managed_producers(session, actor)
            if organisation.slug == slug
        ),
        None,
    )
    if producer is None:
        raise NotFoundError("No producer has this address here.")
    return producer


async def list_source_summaries(
    session: AsyncSession, actor: Actor
) -> list[SourceSummary]:
    """Those that the person looks after, by producer.

    Raises:
        ForbiddenError: the person looks after no producer.
    """
    producers = {
        producer.id: producer
        for producer in await list_managed_producers(session, actor)
    }
    theirs = select(CatalogueSource).where(
        CatalogueSource.organisation_id.in_(producers)
    )
    sources = (await session.scalars(theirs)).all()
    runs = await last_runs(session, [source.id for source in sources])
    lines = [
        SourceSummary(source, producers[source.organisation_id], runs.get(source.id))
        for source in sources
    ]
    return sorted(
        lines, key=lambda line: (line.producer.name.casefold(), line.source.address)
    )


async def last_runs(
    session: AsyncSession, ids: Sequence[UUID]
) -> dict[UUID, SourceRun]:
    """The last reading that ended of each source."""
    query = (
        select(SourceRun)
        .where(SourceRun.source_id.in_(ids), SourceRun.ended_at.is_not(None))
        .ext(distinct_on(SourceRun.source_id))
        .order_by(SourceRun.source_id, SourceRun.started_at.desc())
    )
    return {run.source_id: run for run in await session.scalars(query)}


async def get_source(
    session: AsyncSession, actor: Actor, source_id: UUID, *, lock: bool = False
) -> tuple[CatalogueSource, Organisation]:
    """A source and its producer; `lock` keeps it from others until the transaction ends.

    Raises:
        ForbiddenError: the person looks after no producer.
        NotFoundError: there is none, or it is of a producer that the person does not look after.
    """
    producers = {
        producer.id: producer
        for producer in await list_managed_producers(session, actor)
    }
    query = select(CatalogueSource).where(CatalogueSource.id == source_id)
    source = await session.scalar(
        query.with_for_update(key_share=True) if lock else query
    )
    if source is None or source.organisation_id not in producers:
        raise NotFoundError("No source has this address here.")
    return source, producers[source.organisation_id]


async def find_source(session: AsyncSession, source_id: UUID) -> CatalogueSource:
    """A source, whoever looks after it, kept from others until the transaction ends.

    Raises:
        NotFoundError: there is none.
    """
    query = select(CatalogueSource).where(CatalogueSource.id == source_id)
    source = await session.scalar(query.with_for_update(key_share=True))
    if source is None:
        raise NotFoundError("No source has this address here.")
    return source


async def list_runs(
    session: AsyncSession, source: CatalogueSource, *, limit: int = MOST_RUNS
) -> Sequence[SourceRun]:
    """Its readings, the newest first."""
    query = (
        select(SourceRun)
        .where(SourceRun.source_id == source.id)
        .order_by(SourceRun.started_at.desc())
    )
    return (await session.scalars(query.limit(limit))).all()


def find_reported_run(runs: Sequence[SourceRun]) -> SourceRun | None:
    """The last that ended and read something: what it met is what there is to mend."""
    return next(
        (run for run in runs if run.ended_at and run.outcome != RunOutcome.UNCHANGED),
        None,
    )


async def summarise_faults(
    session: AsyncSession, run: SourceRun
) -> list[SourceFaultSummary]:
    """What to mend, each once, the gravest and most frequent first."""
    counted = select(
        func.min(SourceFault.position),
        func.count(func.distinct(SourceFault.identifier)),
    )
    groups = counted.where(SourceFault.run_id == run.id).group_by(
        SourceFault.level, SourceFault.code
    )
    counts = {row[0]: row[1] for row in await session.execute(groups)}
    firsts = select(SourceFault).where(
        SourceFault.run_id == run.id, SourceFault.position.in_(counts)
    )
    lessons = [
        SourceFaultSummary(
            read_fault(row), counts[row.position], row.identifier, row.title
        )
        for row in await session.scalars(firsts)
    ]
    order = list(FaultLevel)
    return sorted(
        lessons, key=lambda lesson: (order.index(lesson.fault.level), -lesson.count)
    )


async def list_faults(
    session: AsyncSession, run: SourceRun, *, refused: bool = False, limit: int = 100
) -> list[SourceFault]:
    """Rows of what a reading met, in its order; `refused`: only what kept something out."""
    query = (
        select(SourceFault)
        .where(SourceFault.run_id == run.id)
        .order_by(SourceFault.position)
        .limit(limit)
    )
    return list(
        await session.scalars(
            query.where(SourceFault.level == FaultLevel.REFUSED) if refused else query
        )
    )


async def list_managed_sources(
    session: AsyncSession, actor: Actor, *, after: UUID | None, size: int
) -> list[tuple[CatalogueSource, Organisation, SourceRun | None]]:
    """Those that the person looks after, in an order that does not change, each with its producer and last reading.

    Raises:
        ForbiddenError: the person looks after no producer.
    """
    producers = {
        producer.id: producer
        for producer in await list_managed_producers(session, actor)
    }
    query = (
        select(CatalogueSource)
        .where(CatalogueSource.organisation_id.in_(producers))
        .order_by(CatalogueSource.id)
    )
    page_query = query.where(CatalogueSource.id > after) if after else query
    sources = (await session.scalars(page_query.limit(size))).all()
    runs = await last_runs(session, [source.id for source in sources])
    return [
        (source, producers[source.organisation_id], runs.get(source.id))
        for source in sources
    ]


async def list_readings(
    session: AsyncSession,
    sources: Collection[UUID],
    *,
    after: UUID | None = None,
    ended: bool = False,
    size: int,
) -> Sequence[SourceRun]:
    """Readings of sources, the newest first, from the one before `after` on; `ended`: without those that go on."""
    query = select(SourceRun).where(SourceRun.source_id.in_(sources))
    if ended:
        query = query.where(SourceRun.ended_at.is_not(None))
    if after:
        place = (
            select(SourceRun.started_at, SourceRun.id)
            .where(SourceRun.id == after)
            .subquery()
        )
        query = query.where(
            tuple_(SourceRun.started_at, SourceRun.id) < select(place).scalar_subquery()
        )
    return (
        await session.scalars(
            query.order_by(SourceRun.started_at.desc(), SourceRun.id.desc()).limit(size)
        )
    ).all()


async def get_reading(
    session: AsyncSession, source: CatalogueSource, run_id: UUID
) -> SourceRun:
    """One reading of a source.

    Raises:
        NotFoundError: it has none of this identifier, or not any more: the last thirty are kept.
    """
    query = select(SourceRun).where(
        SourceRun.source_id == source.id, SourceRun.id == run_id
    )
    run = await session.scalar(query)
    if run is None:
        raise NotFoundError("This source has no such reading, or not any more.")
    return run


async def list_actions(
    session: AsyncSession, run: SourceRun, *, after: int, action: str, size: int
) -> list[tuple[SourceAction, list[SourceFault]]]:
    """What a reading did with records, in its order from the one past `after` on, each with what there is to mend."""
    query = select(SourceAction).where(
        SourceAction.run_id == run.id, SourceAction.position > after
    )
    if action:
        filtered_query = query.where(SourceAction.action == action)
    else:
        filtered_query = query
    actions = (
        await session.scalars(
            filtered_query.order_by(SourceAction.position).limit(size)
        )
    ).all()
    places = [source_action.position for source_action in actions]
    faults = select(SourceFault).where(
        SourceFault.run_id == run.id, SourceFault.about.in_(places)
    )
    faults_by_position: dict[int | None, list[SourceFault]] = {}
    for row in await session.scalars(faults.order_by(SourceFault.position)):
        faults_by_position.setdefault(row.about, []).append(row)
    return [
        (source_action, faults_by_position.get(source_action.position, []))
        for source_action in actions
    ]


async def list_source_faults(
    session: AsyncSession, runs: Collection[UUID]
) -> dict[UUID, list[SourceFault]]:
    """What was wrong with the source itself in each of these readings."""
    query = select(SourceFault).where(
        SourceFault.run_id.in_(runs), SourceFault.about.is_(None)
    )
    faults_by_run: dict[UUID, list[SourceFault]] = {}
    for row in await session.scalars(
        query.order_by(SourceFault.run_id, SourceFault.position)
    ):
        faults_by_run.setdefault(row.run_id, []).append(row)
    return faults_by_run


async def list_left_out(
    session: AsyncSession, run: SourceRun, *, limit: int
) -> list[tuple[SourceAction, HarvestFault]]:
    """What a reading met that is no dataset, each with why."""
    query = (
        select(SourceAction, SourceFault)
        .join(
            SourceFault,
            (SourceFault.tenant_id == SourceAction.tenant_id)
            & (SourceFault.run_id == SourceAction.run_id)
            & (SourceFault.about == SourceAction.position),
        )
        .where(
            SourceAction.run_id == run.id,
            SourceAction.action == RecordOutcome.LEFT_OUT,
        )
        .order_by(SourceAction.position)
        .limit(limit)
    )
    return [
        (row.SourceAction, read_fault(row.SourceFault))
        for row in await session.execute(query)
    ]


async def get_original(
    session: AsyncSession, source: CatalogueSource, record_id: UUID
) -> SourceRecord:
    """A record of a source, with its original form.

    Raises:
        NotFoundError: it has none of this identifier, or its original form was too large to keep.
    """
    query = select(SourceRecord).where(
        SourceRecord.source_id == source.id, SourceRecord.id == record_id
    )
    record = await session.scalar(query)
    if record is None or record.original is None:
        raise NotFoundError("The original form of this record is not kept here.")
    return record
