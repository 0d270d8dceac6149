"""What only time brings about in requests about one's own data: reminders, lapses, outcomes, and what is deleted."""

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Date, and_, cast, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.tenancy import Territory
from udi.portal.selfdata.requests.drafts import lapse_drafts
from udi.portal.selfdata.requests.models import SubjectRequest, SubjectRequestCount
from udi.portal.selfdata.requests.outcomes import PunctualityOutcome, find_outcome
from udi.portal.selfdata.requests.queries import REPORTED, is_undecided
from udi.protocol.deadlines import MONTHS_OF_A_YEAR, add_months
from udi.protocol.subject_requests import SubjectRequestState

REMIND = "remind_of_subject_request"
DRAFT_REMINDER = timedelta(days=5)
UNREAD_REMINDER = timedelta(days=15)
UNSENT_RETENTION = timedelta(days=30)
"""How long a draft that ended is shown: nobody received it."""
SILENT_YEARS = 3
"""After so many years without a report, a node is taken for gone, and so is the request."""
MOST = 1000


async def apply_time(
    session: AsyncSession, territory: Territory, moment: datetime
) -> None:
    """Do what is due in a territory, each thing once, however often this is called."""
    today = moment.astimezone(territory.zone).date()
    await lapse_drafts(session, moment)
    await set_outcomes(session, today)
    await remind_people(session, moment, today)
    await delete_old_requests(session, today)


async def set_outcomes(session: AsyncSession, today: date) -> None:
    """Note of each request that a node reported whether it was answered in time, once that is known; it never changes after."""
    query = select(SubjectRequest).where(
        SubjectRequest.outcome == "",
        REPORTED,
        SubjectRequest.due_on.is_not(None),
        or_(
            SubjectRequest.was_late,
            SubjectRequest.decided_on.is_not(None),
            SubjectRequest.due_on < today,
        ),
    )
    for request in await session.scalars(query.with_for_update(skip_locked=True)):
        request.outcome = find_outcome(request, today) or ""
    await session.flush()


async def remind_people(session: AsyncSession, moment: datetime, today: date) -> None:
    """Tell people, once each, of a draft that will lapse, of what they did not read, and of a day that is over."""
    reminded_at = SubjectRequest.reminded_at
    draft = and_(
        SubjectRequest.state == SubjectRequestState.DRAFTED,
        SubjectRequest.drafted_at <= moment - DRAFT_REMINDER,
        reminded_at.is_(None),
    )
    unread = and_(
        SubjectRequest.news_at <= moment - UNREAD_REMINDER,
        or_(reminded_at.is_(None), reminded_at < SubjectRequest.news_at),
    )
    late = and_(
        SubjectRequest.state != SubjectRequestState.DRAFTED,
        is_undecided(),
        REPORTED,
        SubjectRequest.due_on < today,
        or_(reminded_at.is_(None), cast(reminded_at, Date) <= SubjectRequest.due_on),
    )
    query = (
        select(SubjectRequest)
        .where(SubjectRequest.person_id.is_not(None), or_(draft, unread, late))
        .limit(MOST)
        .with_for_update(skip_locked=True)
    )
    for request in await session.scalars(query):
        request.reminded_at = moment
        payload = {
            "request": str(request.id),
            "sequence": int(moment.timestamp()),
        }
        await jobs.enqueue(session, REMIND, payload)
    await session.flush()


async def delete_old_requests(session: AsyncSession, today: date) -> None:
    """Delete what ended a year ago, and count it by right, month and outcome; what nobody received goes sooner."""
    year_ago = add_months(today, -MONTHS_OF_A_YEAR)
    silent = add_months(today, -MONTHS_OF_A_YEAR * SILENT_YEARS)
    received = SubjectRequest.received_on.is_not(None)
    ended = and_(received, SubjectRequest.ended_on <= year_ago)
    abandoned = and_(
        received, SubjectRequest.ended_on.is_(None), SubjectRequest.due_on <= silent
    )
    query = select(SubjectRequest).where(or_(ended, abandoned)).limit(MOST)
    for request in await session.scalars(query.with_for_update(skip_locked=True)):
        is_counted = request.outcome in set(PunctualityOutcome)
        if is_counted and request.received_on is not None:
            await _count(session, request, request.received_on)
        await session.delete(request)
    await session.flush()
    unsent: list[ColumnElement[bool]] = [
        SubjectRequest.received_on.is_(None),
        SubjectRequest.ended_on <= today - UNSENT_RETENTION,
    ]
    await session.execute(delete(SubjectRequest).where(*unsent))


async def _count(
    session: AsyncSession, request: SubjectRequest, received_on: date
) -> None:
    statement = insert(SubjectRequestCount).values(
        organisation_id=request.organisation_id,
        right=request.right,
        month=received_on.replace(day=1),
        outcome=request.outcome,
        number=1,
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[
                "tenant_id",
                "organisation_id",
                "right",
                "month",
                "outcome",
            ],
            set_={"number": SubjectRequestCount.number + 1},
        )
    )
