"""What a jury does once a call is closed, and what the organiser makes of it: laureates, reasons, public results."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, func, select
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
from udi.portal import audit
from udi.portal.projects.calls.models import (
    Call,
    CallCriterion,
    Conflict,
    Juror,
    Score,
    Submission,
)
from udi.portal.projects.calls.notifications import queue_email
from udi.portal.projects.calls.organiser_actions import check_words
from udi.portal.projects.calls.queries import (
    call_state,
    list_conflicts,
    list_criteria,
    list_jurors,
    list_submissions,
)
from udi.portal.projects.calls.transitions import CALL, CallEvent
from udi.portal.projects.queries import select_led_projects

OWN = "—"
"""Of what one sent oneself, or leads now, whatever one declares."""


class UnknownSubmissionError(InvalidError):
    """A conflict of interest is with what is no submission of the call."""

    def __init__(self) -> None:
        refusal = Refusal(
            "conflicts",
            "This is not a submission of this call.",
            "Send identifiers of its submissions.",
            "unknown-value",
        )
        super().__init__("Nothing was kept yet.", refusals=[refusal])


async def declare_conflicts(
    session: AsyncSession,
    actor: Actor,
    call: Call,
    juror: Juror,
    conflicts: Mapping[UUID, str],
) -> None:
    """Say with which submissions one has a conflict of interest, and why; with none, that one has none.

    What one had scored of them is forgotten.

    Raises:
        ConflictError: the call is not closed, or the jury has judged.
        InvalidError: it is not said why.
        UnknownSubmissionError: one is no submission of the call.
    """
    CALL.next_state(call_state(call), CallEvent.DECLARE)
    submissions = await list_submissions(session, call)
    submission_ids = {submission.id for submission in submissions}
    if not conflicts.keys() <= submission_ids:
        raise UnknownSubmissionError
    led = set(await session.scalars(select_led_projects(actor)))
    declared = {
        own_submission.id: OWN
        for own_submission in submissions
        if own_submission.person_id == actor.person_id
        or own_submission.project_id in led
    }
    conflicts = {**conflicts, **declared}
    await session.execute(delete(Conflict).where(Conflict.juror_id == juror.id))
    for submission, words in conflicts.items():
        reason = check_words("conflict", words)
        session.add(Conflict(juror_id=juror.id, submission_id=submission, words=reason))
    conflicting_scores = (
        Score.juror_id == juror.id,
        Score.submission_id.in_(list(conflicts)),
    )
    await session.execute(delete(Score).where(*conflicting_scores))
    juror.declared_at = now()
    await session.flush()
    audit.record(
        session, actor, "call.conflicts_declared", call.id, conflicts=len(conflicts)
    )


async def score_submission(
    session: AsyncSession,
    actor: Actor,
    call: Call,
    juror: Juror,
    submission: Submission,
    scores_by_criterion: Mapping[UUID, tuple[int | None, str]],
) -> None:
    """Give points by each criterion, each with its reason; once more replaces what one gave.

    Raises:
        ConflictError: the call is not closed, or the jury has judged.
        ForbiddenError: the juror has not said their conflicts of interest, or has one with it.
        InvalidError: points are missing or too many, or a reason is.
    """
    CALL.next_state(call_state(call), CallEvent.SCORE)
    if juror.declared_at is None:
        raise ForbiddenError(
            "Declare first whether you have a conflict of interest.",
            remedy="The form is on the page of the jury.",
        )
    if submission.id in await list_conflicts(session, juror):
        raise ForbiddenError(
            "You have a conflict of interest with this submission: others score it."
        )
    criteria = await list_criteria(session, call)
    if refusals := _check_scores(criteria, scores_by_criterion):
        raise InvalidError("Nothing was kept yet.", refusals=refusals)
    await session.execute(
        delete(Score).where(
            Score.juror_id == juror.id, Score.submission_id == submission.id
        )
    )
    for criterion in criteria:
        points, reason = scores_by_criterion[criterion.id]
        words = check_words(f"reason-{criterion.id}", reason)
        score_key = {
            "juror_id": juror.id,
            "submission_id": submission.id,
            "criterion_id": criterion.id,
        }
        session.add(Score(**score_key, points=points or 0, reason=words))
    await session.flush()
    audit.record(session, actor, "call.scored", call.id, submission=str(submission.id))


def _check_scores(
    criteria: Sequence[CallCriterion],
    scores_by_criterion: Mapping[UUID, tuple[int | None, str]],
) -> list[Refusal]:
    """What is wrong with points and reasons, each beside its field."""
    refusals = Refusals()
    for criterion in criteria:
        points, reason = scores_by_criterion.get(criterion.id, (None, ""))
        if points is None or not 0 <= points <= criterion.points:
            most = {"most": criterion.points}
            refusals.refuse(
                f"points-{criterion.id}",
                "This is not a whole number in range.",
                "Give 0 to %(most)s.",
                values=most,
            )
        if not reason.strip():
            refusals.refuse(
                f"reason-{criterion.id}",
                "The reason is missing.",
                "Give the reason: the candidate will read it.",
            )
    return refusals


async def judge_submissions(session: AsyncSession, actor: Actor, call: Call) -> None:
    """End the scoring: each submission has its mean; the organiser reads them from now on.

    Raises:
        ConflictError: the call is not closed; or somebody who declared their conflicts has still to score, or a
            submission has nobody to score it. Who never declared anything is not waited for.
    """
    state = CALL.next_state(call_state(call), CallEvent.JUDGE)
    jurors = await list_jurors(session, call)
    submissions = await list_submissions(session, call)
    conflicts = {juror.id: await list_conflicts(session, juror) for juror in jurors}
    count = func.count(Score.criterion_id)
    counted = select(Score.juror_id, Score.submission_id, count, func.sum(Score.points))
    ids = [juror.id for juror in jurors]
    rows = await session.execute(
        counted.where(Score.juror_id.in_(ids)).group_by(
            Score.juror_id, Score.submission_id
        )
    )
    score_totals = {(row[0], row[1]): float(row[3]) for row in rows}
    for submission in submissions:
        able = [
            juror.id
            for juror in jurors
            if juror.declared_at and submission.id not in conflicts[juror.id]
        ]
        points = [
            score_totals[juror, submission.id]
            for juror in able
            if (juror, submission.id) in score_totals
        ]
        if not points or len(points) < len(able):
            raise ConflictError(
                "The jury has not finished: “%(title)s” waits for points.",
                remedy="Wait for the jury, or name somebody else.",
                values={"title": submission.title},
            )
        submission.total = round(sum(points) / len(points), 2)
    call.state = state
    call.changed_at = now()
    await session.flush()
    audit.record(session, actor, "call.judged", call.id)


async def decide_submission(
    session: AsyncSession,
    actor: Actor,
    call: Call,
    submission: Submission,
    *,
    laureate: bool,
    reason: str,
) -> None:
    """Choose a submission or not, and say why; the candidate reads it once the results are public.

    Raises:
        ConflictError: the jury has not judged, or the results are public.
        InvalidError: no reason is given.
    """
    CALL.next_state(call_state(call), CallEvent.DECIDE)
    submission.laureate = laureate
    submission.reason = check_words("reason", reason)
    await session.flush()
    audit.record(
        session,
        actor,
        "call.decided",
        call.id,
        submission=str(submission.id),
        laureate=laureate,
    )


async def publish_results(session: AsyncSession, actor: Actor, call: Call) -> None:
    """Make the laureates public, and tell each candidate why, by mail.

    Raises:
        ConflictError: the jury has not judged, or something is still to be decided.
    """
    state = CALL.next_state(call_state(call), CallEvent.PUBLISH)
    submissions = await list_submissions(session, call)
    if any(submission.laureate is None for submission in submissions):
        raise ConflictError(
            "Some submissions are still to be decided.",
            remedy="Decide on each, with a reason.",
        )
    call.state = state
    call.published_at = now()
    call.changed_at = now()
    await session.flush()
    for submission in submissions:
        await queue_email(session, call, "decided", submission.id)
    audit.record(session, actor, "call.published", call.id)
