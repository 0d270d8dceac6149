"""Reading sources: who may see which, their readings, and what to mend."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, NotFoundError
from udi.kit.identity import MANAGERS, Actor
from udi.portal.nodes.harvest.faults import Fault, Level
from udi.portal.nodes.sources.models import CatalogueSource, RunOutcome, SourceFault, SourceRecord, SourceRun
from udi.portal.nodes.sources.telling import read_fault
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import list_producers

MOST_RUNS = 10


@dataclass(frozen=True)
class SourceLine:
    """A source, its producer, and its last reading that ended, if any."""

    source: CatalogueSource
    producer: Organisation
    last: SourceRun | None


@dataclass(frozen=True)
class SourceLesson:
    """A fault that comes back: of how many records, and the first that shows it."""

    fault: Fault
    count: int
    identifier: str
    title: str


def may_tend(actor: Actor, producer: Organisation) -> bool:
    """Whether the person looks after the sources of a producer."""
    return actor.moderator or actor.may_manage(producer.slug)


def tends(actor: Actor) -> bool:
    """Whether the person looks after the sources of some producer."""
    return actor.moderator or any(MANAGERS in groups for groups in actor.memberships.values())


async def list_tended(session: AsyncSession, actor: Actor) -> list[Organisation]:
    """The producers whose sources the person looks after.

    Raises:
        ForbiddenError: there is none, so these pages are not theirs.
    """
    if not tends(actor):
        raise ForbiddenError(
            "Sources are shown to the administrators of producers, and to the territory's team.",
            remedy="Ask one of them if you need to know about a source.",
        )
    return [producer for producer in await list_producers(session) if may_tend(actor, producer)]


async def list_source_lines(session: AsyncSession, actor: Actor) -> list[SourceLine]:
    """Those that the person looks after, by producer.

    Raises:
        ForbiddenError: the person looks after no producer.
    """
    producers = {producer.id: producer for producer in await list_tended(session, actor)}
    theirs = select(CatalogueSource).where(CatalogueSource.organisation_id.in_(producers))
    sources = (await session.scalars(theirs)).all()
    runs = await _last_runs(session, [source.id for source in sources])
    lines = [SourceLine(source, producers[source.organisation_id], runs.get(source.id)) for source in sources]
    return sorted(lines, key=lambda line: (line.producer.name.casefold(), line.source.address))


async def _last_runs(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, SourceRun]:
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
    producers = {producer.id: producer for producer in await list_tended(session, actor)}
    query = select(CatalogueSource).where(CatalogueSource.id == source_id)
    source = await session.scalar(query.with_for_update() if lock else query)
    if source is None or source.organisation_id not in producers:
        raise NotFoundError("No source has this address here.")
    return source, producers[source.organisation_id]


async def list_runs(session: AsyncSession, source: CatalogueSource, *, limit: int = MOST_RUNS) -> Sequence[SourceRun]:
    """Its readings, the newest first."""
    query = select(SourceRun).where(SourceRun.source_id == source.id).order_by(SourceRun.started_at.desc())
    return (await session.scalars(query.limit(limit))).all()


def telling_run(runs: Sequence[SourceRun]) -> SourceRun | None:
    """The last that ended and read something: what it met is what there is to mend."""
    return next((run for run in runs if run.ended_at and run.outcome != RunOutcome.UNCHANGED), None)


async def list_lessons(session: AsyncSession, run: SourceRun) -> list[SourceLesson]:
    """What to mend, each once, the gravest and most frequent first."""
    counted = select(func.min(SourceFault.position), func.count(func.distinct(SourceFault.identifier)))
    groups = counted.where(SourceFault.run_id == run.id).group_by(SourceFault.level, SourceFault.code)
    counts = {row[0]: row[1] for row in await session.execute(groups)}
    firsts = select(SourceFault).where(SourceFault.run_id == run.id, SourceFault.position.in_(counts))
    found = [
        SourceLesson(read_fault(row), counts[row.position], row.identifier, row.title)
        for row in await session.scalars(firsts)
    ]
    order = list(Level)
    return sorted(found, key=lambda lesson: (order.index(lesson.fault.level), -lesson.count))


async def list_faults(
    session: AsyncSession, run: SourceRun, *, refused: bool = False, limit: int = 100
) -> list[SourceFault]:
    """Rows of what a reading met, in its order; `refused`: only what kept something out."""
    query = select(SourceFault).where(SourceFault.run_id == run.id).order_by(SourceFault.position).limit(limit)
    return list(await session.scalars(query.where(SourceFault.level == Level.REFUSED) if refused else query))


async def get_original(session: AsyncSession, source: CatalogueSource, record_id: UUID) -> SourceRecord:
    """A record of a source, with its original form.

    Raises:
        NotFoundError: it has none of this identifier, or its original form was too large to keep.
    """
    query = select(SourceRecord).where(SourceRecord.source_id == source.id, SourceRecord.id == record_id)
    found = await session.scalar(query)
    if found is None or found.original is None:
        raise NotFoundError("The original form of this record is not kept here.")
    return found
