"""Publishing figures once a day: how punctual producers are, and where requests stand, for the team."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.selfdata.punctuality.cohorts import (
    SMALLEST,
    DecidedRequest,
    count_outcomes,
    form_cohort,
)
from udi.portal.selfdata.punctuality.models import (
    LateProducer,
    PunctualityFigure,
    SubjectRequestFigure,
)
from udi.portal.selfdata.requests.models import SubjectRequest
from udi.portal.selfdata.requests.outcomes import PunctualityOutcome
from udi.portal.selfdata.requests.queries import REPORTED, is_undecided
from udi.protocol.subject_requests import SubjectRequestState

LOCK = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('punctuality ' || app.current_tenant(), 0))"
)
"""Of two workers that publish at once, the second finds what the first published."""
WITHOUT_NAME = "account deleted"
"""The asker of all requests whose account is gone: they may be one person's."""


async def publish_figures(
    session: AsyncSession, territory: Territory, moment: datetime
) -> None:
    """Bring all figures of a territory up to date, as the worker."""
    today = moment.astimezone(territory.zone).date()
    await session.execute(LOCK)
    await publish_punctuality(session, today)
    await _count_for_team(session, today)
    await _find_late_producers(session, today)


async def publish_punctuality(session: AsyncSession, today: date) -> None:
    """Add each producer's next group to its figures, where one is whole."""
    query = (
        select(SubjectRequest)
        .where(
            SubjectRequest.outcome.in_(list(PunctualityOutcome)),
            REPORTED,
            ~SubjectRequest.is_published,
        )
        .order_by(
            SubjectRequest.organisation_id,
            SubjectRequest.received_on,
            SubjectRequest.id,
        )
        .with_for_update()
    )
    waiting: dict[UUID, list[DecidedRequest]] = {}
    for request in await session.scalars(query):
        decided = DecidedRequest(
            request.id, _name_asker(request), PunctualityOutcome(request.outcome)
        )
        waiting.setdefault(request.organisation_id, []).append(decided)
    for organisation_id, requests in waiting.items():
        cohort = form_cohort(requests)
        if cohort:
            await _add_cohort(session, organisation_id, list(cohort), today)


def _name_asker(request: SubjectRequest) -> str:
    """Who asked, as far as groups go; each paper may be somebody else's."""
    if request.on_paper:
        return str(request.id)
    return str(request.person_id or WITHOUT_NAME)


async def _add_cohort(
    session: AsyncSession,
    organisation_id: UUID,
    cohort: list[DecidedRequest],
    today: date,
) -> None:
    counts = count_outcomes(cohort)
    added = {
        "received": len(cohort),
        "on_time": counts[PunctualityOutcome.ON_TIME],
        "extended": counts[PunctualityOutcome.EXTENDED],
        "late": counts[PunctualityOutcome.LATE],
    }
    statement = insert(PunctualityFigure).values(
        organisation_id=organisation_id, published_on=today, **added
    )
    columns = PunctualityFigure.__table__.c
    sums = {name: columns[name] + number for name, number in added.items()}
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "organisation_id"],
            set_={**sums, "published_on": today},
        )
    )
    ids = [request.id for request in cohort]
    done = update(SubjectRequest).where(SubjectRequest.id.in_(ids))
    await session.execute(done.values(is_published=True))


async def _count_for_team(session: AsyncSession, today: date) -> None:
    """How many stand where, rounded down to five; what is below is not there."""
    is_late = (
        is_undecided() & (SubjectRequest.due_on < today)
    ) | SubjectRequest.was_late
    is_late_column = func.coalesce(is_late, False).label("is_late")
    number = func.count()
    query = (
        select(SubjectRequest.right, SubjectRequest.state, is_late_column, number)
        .where(
            SubjectRequest.state != SubjectRequestState.DRAFTED,
            REPORTED,
        )
        .group_by(SubjectRequest.right, SubjectRequest.state, is_late_column)
    )
    rows = (await session.execute(query)).all()
    await session.execute(delete(SubjectRequestFigure))
    for right, state, late, count in rows:
        rounded = count // SMALLEST * SMALLEST
        if rounded:
            session.add(
                SubjectRequestFigure(
                    right=right, state=state, is_late=late, number=rounded
                )
            )
    await session.flush()


async def _find_late_producers(session: AsyncSession, today: date) -> None:
    """Producers that let five people or more wait beyond the day."""
    query = select(SubjectRequest).where(
        SubjectRequest.state != SubjectRequestState.DRAFTED,
        is_undecided(),
        REPORTED,
        SubjectRequest.due_on < today,
    )
    askers: dict[UUID, set[str]] = {}
    for request in await session.scalars(query):
        askers.setdefault(request.organisation_id, set()).add(_name_asker(request))
    late = {
        organisation_id
        for organisation_id, people in askers.items()
        if len(people) >= SMALLEST
    }
    known = set(await session.scalars(select(LateProducer.organisation_id)))
    await session.execute(
        delete(LateProducer).where(LateProducer.organisation_id.in_(known - late))
    )
    for organisation_id in late - known:
        session.add(LateProducer(organisation_id=organisation_id, since=today))
    await session.flush()
