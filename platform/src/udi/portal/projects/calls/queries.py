"""Reads of calls: what everybody sees, what candidates, jurors and organisers do each."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ForbiddenError, NotFoundError
from udi.kit.identity import Actor
from udi.kit.paging import Page
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import IS_PUBLISHED as DATASET_SHOWN
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import find_organisation
from udi.portal.projects.calls.models import (
    Call,
    CallCriterion,
    CallDataset,
    CallQuestion,
    Conflict,
    Juror,
    Score,
    Submission,
)
from udi.portal.projects.calls.transitions import CallState, state_at
from udi.portal.projects.queries import is_leader, select_led_projects

PAGE = 10
MOST_SUBMISSIONS = 500
"""Submissions that one call takes."""
MOST_LISTED = 200
"""Submissions and juries of one person, in a list."""


class UnknownCallError(NotFoundError):
    """There is no such call, or it is not open yet."""

    def __init__(self) -> None:
        super().__init__("No call for projects has this address here.")


def call_state(call: Call) -> CallState:
    """Where a call stands now."""
    return state_at(call.state, call.closes_at, now())


def may_organise(actor: Actor | None, organisation: Organisation | None) -> bool:
    """Whether the person organises the calls of an organisation, or of the territory (None)."""
    if actor is None:
        return False
    if organisation:
        return actor.may_manage(organisation.slug)
    return actor.moderator


async def list_calls(
    session: AsyncSession, number: int, *, size: int = PAGE
) -> Page[Call]:
    """The calls that everybody sees, the newest first."""
    condition = Call.state != CallState.DRAFT
    total = (
        await session.scalar(select(func.count()).select_from(Call).where(condition))
        or 0
    )
    number = min(number, max(1, -(-total // size)))
    ordered = select(Call).where(condition).order_by(Call.opened_at.desc(), Call.id)
    return Page(
        list(await session.scalars(ordered.limit(size).offset((number - 1) * size))),
        total,
        number,
        size,
    )


async def find_organiser(session: AsyncSession, call: Call) -> Organisation | None:
    """The organisation that organises it; None: the territory."""
    return await find_organisation(session, call.organisation_id)


async def get_call(
    session: AsyncSession, actor: Actor | None, id_: UUID, *, lock: bool = False
) -> Call:
    """A call that the person may see: a draft, its organisers alone.

    Raises:
        NotFoundError: there is none, or it is a draft of others.
    """
    query = select(Call).where(Call.id == id_)
    call = await session.scalar(query.with_for_update() if lock else query)
    if call is None:
        raise UnknownCallError
    if call.state == CallState.DRAFT and not may_organise(
        actor, await find_organiser(session, call)
    ):
        raise UnknownCallError
    return call


async def get_organised_call(
    session: AsyncSession, actor: Actor, id_: UUID, *, lock: bool = False
) -> Call:
    """A call that the person organises.

    Raises:
        NotFoundError: there is none, or it is a draft of others.
        ForbiddenError: others organise it.
    """
    call = await get_call(session, actor, id_, lock=lock)
    if not may_organise(actor, await find_organiser(session, call)):
        raise ForbiddenError(
            "Only those who organise this call can do this.", remedy="Write to them."
        )
    return call


async def list_drafts(session: AsyncSession, actor: Actor) -> Sequence[Call]:
    """The drafts of the person's organisations, or of the territory for its team."""
    managed = [slug for slug in actor.memberships if actor.may_manage(slug)]
    managed_ids = select(Organisation.id).where(Organisation.slug.in_(managed))
    mine = Call.organisation_id.in_(managed_ids)
    condition = mine | Call.organisation_id.is_(None) if actor.moderator else mine
    query = (
        select(Call)
        .where(condition, Call.state == CallState.DRAFT)
        .order_by(Call.created_at.desc(), Call.id)
        .limit(50)
    )
    return (await session.scalars(query)).all()


async def list_criteria(session: AsyncSession, call: Call) -> Sequence[CallCriterion]:
    """The criteria, in their order."""
    query = (
        select(CallCriterion)
        .where(CallCriterion.call_id == call.id)
        .order_by(CallCriterion.position)
    )
    return (await session.scalars(query)).all()


async def list_datasets(session: AsyncSession, call: Call) -> Sequence[Dataset]:
    """The datasets that it offers and that are published, by title."""
    offered = select(CallDataset.dataset_id).where(CallDataset.call_id == call.id)
    query = (
        select(Dataset)
        .where(Dataset.id.in_(offered), DATASET_SHOWN)
        .order_by(Dataset.title, Dataset.id)
    )
    return (await session.scalars(query)).all()


async def list_questions(
    session: AsyncSession, call: Call, *, waiting: bool = False
) -> Sequence[CallQuestion]:
    """Questions that are answered; or, for the organiser, those that wait."""
    if waiting:
        state = CallQuestion.answered_at.is_(None)
    else:
        state = CallQuestion.answered_at.is_not(None)
    query = select(CallQuestion).where(CallQuestion.call_id == call.id, state)
    return (
        await session.scalars(
            query.order_by(CallQuestion.submitted_at, CallQuestion.id).limit(200)
        )
    ).all()


async def list_submissions(
    session: AsyncSession, call: Call, *, by_points: bool = True
) -> Sequence[Submission]:
    """All that were sent: by points once the jury has judged, else by name; their order tells the result."""
    query = select(Submission).where(Submission.call_id == call.id)
    if by_points:
        query = query.order_by(Submission.total.desc().nulls_last())
    ordered = query.order_by(Submission.title, Submission.id)
    return (await session.scalars(ordered.limit(MOST_SUBMISSIONS))).all()


async def list_laureates(session: AsyncSession, call: Call) -> Sequence[Submission]:
    """Those that were chosen, once the results are public."""
    if call.state != CallState.PUBLISHED:
        return []
    query = select(Submission).where(
        Submission.call_id == call.id, Submission.laureate.is_(True)
    )
    return (
        await session.scalars(
            query.order_by(Submission.total.desc(), Submission.title).limit(
                MOST_SUBMISSIONS
            )
        )
    ).all()


async def count_submissions(session: AsyncSession, call: Call) -> int:
    """How many were sent."""
    return (
        await session.scalar(select(func.count()).where(Submission.call_id == call.id))
        or 0
    )


async def list_own_submissions(
    session: AsyncSession, actor: Actor, call: Call
) -> Sequence[Submission]:
    """Those of the projects that the person leads."""
    conditions = (
        Submission.call_id == call.id,
        Submission.project_id.in_(select_led_projects(actor)),
    )
    return (
        await session.scalars(
            select(Submission)
            .where(*conditions)
            .order_by(Submission.title)
            .limit(MOST_SUBMISSIONS)
        )
    ).all()


async def get_submission(
    session: AsyncSession, call: Call, id_: UUID, *, lock: bool = False
) -> Submission:
    """A submission of a call.

    Raises:
        NotFoundError: it has none of this identifier.
    """
    query = select(Submission).where(
        Submission.call_id == call.id, Submission.id == id_
    )
    submission = await session.scalar(query.with_for_update() if lock else query)
    if submission is None:
        raise NotFoundError("No submission has this address here.")
    return submission


@dataclass(frozen=True)
class ReadableSubmission:
    """A submission, and what its reader is to it."""

    submission: Submission
    juror: Juror | None
    """The reader, where the organiser named them."""
    organises: bool
    leads: bool
    """Whether they lead its project now."""


async def get_readable_submission(
    session: AsyncSession, actor: Actor, call: Call, id_: UUID
) -> ReadableSubmission:
    """A submission for its candidate; for the jury and the organiser, once the call is closed.

    Raises:
        NotFoundError: the call has none of this identifier, or it is not for this person to read.
    """
    submission = await get_submission(session, call, id_)
    readable = ReadableSubmission(
        submission,
        await find_juror(session, actor, call),
        organises=may_organise(actor, await find_organiser(session, call)),
        leads=await is_leader(session, actor, submission.project_id),
    )
    is_closed = call_state(call) not in {CallState.DRAFT, CallState.OPEN}
    judges = readable.juror is not None or readable.organises
    if not (readable.leads or (is_closed and judges)):
        raise NotFoundError("No submission has this address here.")
    return readable


async def list_member_submissions(
    session: AsyncSession, actor: Actor
) -> Sequence[Submission]:
    """Those of the projects that the person leads, to all calls, the last sent first."""
    query = (
        select(Submission)
        .where(Submission.project_id.in_(select_led_projects(actor)))
        .order_by(Submission.sent_at.desc(), Submission.id)
    )
    return (await session.scalars(query.limit(MOST_LISTED))).all()


async def list_judged_calls(session: AsyncSession, actor: Actor) -> Sequence[Call]:
    """The calls whose jury the person is of, those that close last first; no draft."""
    judged = select(Juror.call_id).where(Juror.email == actor.verified_email)
    query = (
        select(Call)
        .where(Call.id.in_(judged), Call.state != CallState.DRAFT)
        .order_by(Call.closes_at.desc(), Call.id)
    )
    return (await session.scalars(query.limit(MOST_LISTED))).all()


async def list_jurors(session: AsyncSession, call: Call) -> Sequence[Juror]:
    """The jury."""
    query = select(Juror).where(Juror.call_id == call.id).order_by(Juror.email)
    return (await session.scalars(query)).all()


async def find_juror(
    session: AsyncSession, actor: Actor | None, call: Call
) -> Juror | None:
    """The person as a juror of a call."""
    if actor is None:
        return None
    conditions = (Juror.call_id == call.id, Juror.email == actor.verified_email)
    return await session.scalar(select(Juror).where(*conditions))


async def get_juror(session: AsyncSession, actor: Actor, call: Call) -> Juror:
    """The same.

    Raises:
        ForbiddenError: the person is not of the jury.
    """
    juror = await find_juror(session, actor, call)
    if juror is None:
        raise ForbiddenError(
            "Only the jury of this call can see this page.",
            remedy="Its organiser names the jury.",
        )
    return juror


async def list_conflicts(session: AsyncSession, juror: Juror) -> dict[UUID, str]:
    """With which submissions a juror has a conflict, and why."""
    query = select(Conflict.submission_id, Conflict.words).where(
        Conflict.juror_id == juror.id
    )
    return {row.submission_id: row.words for row in await session.execute(query)}


async def list_scores(
    session: AsyncSession, juror: Juror
) -> dict[UUID, dict[UUID, Score]]:
    """A juror's own scores, by submission and criterion."""
    scores_by_submission: dict[UUID, dict[UUID, Score]] = {}
    for score in await session.scalars(select(Score).where(Score.juror_id == juror.id)):
        scores_by_submission.setdefault(score.submission_id, {})[score.criterion_id] = (
            score
        )
    return scores_by_submission


@dataclass(frozen=True)
class CriterionResult:
    """What the jury says of a submission by one criterion: the mean of its points, and its reasons without who gave them."""

    labels: dict[str, str]
    """What is judged, by language."""
    most: int
    mean: float
    reasons: list[str]


async def list_criterion_results(
    session: AsyncSession, call: Call, submission: Submission
) -> list[CriterionResult]:
    """Of a submission, by criterion; only once the jury has judged."""
    if call.state not in {CallState.JUDGED, CallState.PUBLISHED}:
        return []
    scores = (
        await session.scalars(select(Score).where(Score.submission_id == submission.id))
    ).all()
    verdicts = []
    for criterion in await list_criteria(session, call):
        criterion_scores = [
            score for score in scores if score.criterion_id == criterion.id
        ]
        mean = (
            sum(score.points for score in criterion_scores) / len(criterion_scores)
            if criterion_scores
            else 0.0
        )
        verdicts.append(
            CriterionResult(
                criterion.texts_of(call),
                criterion.points,
                mean,
                sorted(score.reason for score in criterion_scores),
            )
        )
    return verdicts


async def count_scored_submissions(
    session: AsyncSession, call: Call
) -> dict[UUID, int]:
    """How many submissions each juror has scored."""
    counted = select(
        Score.juror_id, func.count(Score.submission_id.distinct())
    ).group_by(Score.juror_id)
    ids = select(Juror.id).where(Juror.call_id == call.id)
    return {
        row[0]: row[1]
        for row in await session.execute(counted.where(Score.juror_id.in_(ids)))
    }
