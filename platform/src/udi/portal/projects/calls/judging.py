"""What a jury does once a call is closed, and what the organiser makes of it: laureates, reasons, public results."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, ForbiddenError, InvalidError, Refusal
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.projects.calls.models import Call, CallCriterion, Conflict, Juror, Score, Submission
from udi.portal.projects.calls.organising import check_words
from udi.portal.projects.calls.queries import list_conflicts, list_criteria, list_jurors, list_submissions, standing
from udi.portal.projects.calls.states import Event, follow
from udi.portal.projects.calls.telling import tell_call
from udi.portal.projects.queries import led_by

OWN = "—"
"""Of what one sent oneself, or leads now, whatever one declares."""


async def declare(session: AsyncSession, actor: Actor, call: Call, juror: Juror, conflicts: Mapping[UUID, str]) -> None:
    """Say with which submissions one has a conflict of interest, and why; with none, that one has none.

    What one had scored of them is forgotten.

    Raises:
        ConflictError: the call is not closed, or the jury has judged.
        InvalidError: it is not said why.
    """
    follow(standing(call), Event.DECLARE)
    submissions = await list_submissions(session, call)
    known = {submission.id for submission in submissions}
    led = set(await session.scalars(led_by(actor)))
    own = {each.id: OWN for each in submissions if each.person_id == actor.person_id or each.project_id in led}
    conflicts = {**conflicts, **own}
    await session.execute(delete(Conflict).where(Conflict.juror_id == juror.id))
    for submission, words in conflicts.items():
        if submission in known:
            said = check_words("conflict", words)
            session.add(Conflict(juror_id=juror.id, submission_id=submission, words=said))
    given = (Score.juror_id == juror.id, Score.submission_id.in_(list(conflicts)))
    await session.execute(delete(Score).where(*given))
    juror.declared_at = now()
    await session.flush()
    audit.record(session, actor, "call.conflicts_declared", call.id, conflicts=len(conflicts))


async def score(
    session: AsyncSession,
    actor: Actor,
    call: Call,
    juror: Juror,
    submission: Submission,
    given: Mapping[UUID, tuple[int | None, str]],
) -> None:
    """Give points by each criterion, each with its reason; once more replaces what one gave.

    Raises:
        ConflictError: the call is not closed, or the jury has judged.
        ForbiddenError: the juror has not said their conflicts of interest, or has one with it.
        InvalidError: points are missing or too many, or a reason is.
    """
    follow(standing(call), Event.SCORE)
    if juror.declared_at is None:
        raise ForbiddenError(
            "Say first whether you have a conflict of interest.", remedy="The page of the jury has the form."
        )
    if submission.id in await list_conflicts(session, juror):
        raise ForbiddenError("You have a conflict of interest with this submission: others score it.")
    criteria = await list_criteria(session, call)
    if refusals := _check(criteria, given):
        raise InvalidError("Nothing was kept yet.", refusals=refusals)
    await session.execute(delete(Score).where(Score.juror_id == juror.id, Score.submission_id == submission.id))
    for criterion in criteria:
        points, reason = given[criterion.id]
        words = check_words(f"reason-{criterion.id}", reason)
        one = {"juror_id": juror.id, "submission_id": submission.id, "criterion_id": criterion.id}
        session.add(Score(**one, points=points or 0, reason=words))
    await session.flush()
    audit.record(session, actor, "call.scored", call.id, submission=str(submission.id))


def _check(criteria: Sequence[CallCriterion], given: Mapping[UUID, tuple[int | None, str]]) -> list[Refusal]:
    """What is wrong with points and reasons, each beside its field."""
    found = []
    for criterion in criteria:
        points, reason = given.get(criterion.id, (None, ""))
        if points is None or not 0 <= points <= criterion.points:
            most = {"most": criterion.points}
            found.append(Refusal(f"points-{criterion.id}", "Points are missing.", "Give 0 to %(most)s.", values=most))
        if not reason.strip():
            found.append(
                Refusal(f"reason-{criterion.id}", "The reason is missing.", "Say why: the candidate reads it.")
            )
    return found


async def judge(session: AsyncSession, actor: Actor, call: Call) -> None:
    """End the scoring: each submission has its mean; the organiser reads them from now on.

    Raises:
        ConflictError: the call is not closed; or somebody who declared their conflicts has still to score, or a
            submission has nobody to score it. Who never declared anything is not waited for.
    """
    state = follow(standing(call), Event.JUDGE)
    jurors, submissions = await list_jurors(session, call), await list_submissions(session, call)
    conflicts = {juror.id: await list_conflicts(session, juror) for juror in jurors}
    count = func.count(Score.criterion_id)
    counted = select(Score.juror_id, Score.submission_id, count, func.sum(Score.points))
    ids = [juror.id for juror in jurors]
    rows = await session.execute(counted.where(Score.juror_id.in_(ids)).group_by(Score.juror_id, Score.submission_id))
    given = {(row[0], row[1]): float(row[3]) for row in rows}
    for submission in submissions:
        able = [juror.id for juror in jurors if juror.declared_at and submission.id not in conflicts[juror.id]]
        points = [given[juror, submission.id] for juror in able if (juror, submission.id) in given]
        if not points or len(points) < len(able):
            raise ConflictError(
                "The jury has not finished: “%(title)s” waits for points.",
                remedy="Wait for the jury, or name somebody else.", values={"title": submission.title},
            )  # fmt: skip
        submission.total = round(sum(points) / len(points), 2)
    call.state, call.changed_at = state, now()
    await session.flush()
    audit.record(session, actor, "call.judged", call.id)


async def decide(
    session: AsyncSession, actor: Actor, call: Call, submission: Submission, *, laureate: bool, reason: str
) -> None:
    """Choose a submission or not, and say why; the candidate reads it once the results are public.

    Raises:
        ConflictError: the jury has not judged, or the results are public.
        InvalidError: no reason is given.
    """
    follow(standing(call), Event.DECIDE)
    submission.laureate, submission.reason = laureate, check_words("reason", reason)
    await session.flush()
    audit.record(session, actor, "call.decided", call.id, submission=str(submission.id), laureate=laureate)


async def publish_results(session: AsyncSession, actor: Actor, call: Call) -> None:
    """Make the laureates public, and tell each candidate why, by mail.

    Raises:
        ConflictError: the jury has not judged, or something is still to be decided.
    """
    state = follow(standing(call), Event.PUBLISH)
    submissions = await list_submissions(session, call)
    if any(submission.laureate is None for submission in submissions):
        raise ConflictError("Some submissions are still to be decided.", remedy="Decide on each, with a reason.")
    call.state, call.published_at, call.changed_at = state, now(), now()
    await session.flush()
    for submission in submissions:
        await tell_call(session, call, "decided", submission.id)
    audit.record(session, actor, "call.published", call.id)
