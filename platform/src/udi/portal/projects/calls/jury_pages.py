"""The pages of a jury: conflicts of interest first, then each submission; and a submission for its candidate."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError
from udi.kit.identity import Actor
from udi.portal.projects.calls import jury_actions, queries
from udi.portal.projects.calls.forms import read_points, read_text
from udi.portal.projects.calls.models import Call, Score, Submission
from udi.portal.projects.calls.pages import ONE, PATH
from udi.portal.projects.calls.transitions import CallState
from udi.ui.dependencies import AnyRequest, Member, Session
from udi.ui.errors import form_errors
from udi.ui.site import render

SUBMISSION = f"{ONE}/submissions/{{submission_id:uuid}}"


@get(f"{ONE}/jury")
async def show_jury(
    request: AnyRequest, session: Session, member: Member, call_id: FromPath[UUID]
) -> Response[str]:
    """What a juror has to do; submissions once the call is closed."""
    return await _render_jury(
        request, session, member, await queries.get_call(session, member, call_id)
    )


@post(f"{ONE}/jury", status_code=303)
async def declare_conflicts(
    request: AnyRequest, session: Session, member: Member, call_id: FromPath[UUID]
) -> Response[Any]:
    """Say one's conflicts of interest, or that one has none."""
    call = await queries.get_call(session, member, call_id)
    juror = await queries.get_juror(session, member, call)
    form = await request.form()
    conflicts = {
        submission.id: read_text(form, f"why-{submission.id}")
        for submission in await queries.list_submissions(session, call)
        if form.get(f"conflict-{submission.id}")
    }
    try:
        await jury_actions.declare_conflicts(session, member, call, juror, conflicts)
    except InvalidError as error:
        return await _render_jury(
            request, session, member, call, form_values=conflicts, error=error
        )
    return Redirect(f"{PATH}/{call.id}/jury", status_code=303)


async def _render_jury(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    call: Call,
    *,
    form_values: Mapping[UUID, str] | None = None,
    error: InvalidError | None = None,
) -> Response[str]:
    juror = await queries.get_juror(session, member, call)
    standing = queries.call_state(call)
    before = standing in {CallState.DRAFT, CallState.OPEN}
    conflicts = await queries.list_conflicts(session, juror)
    submissions: Sequence[Submission] = []
    if not before:
        submissions = await queries.list_submissions(
            session, call, by_points=standing == CallState.PUBLISHED
        )
    return render(
        request,
        "projects/call-jury.html",
        status=422 if error else 200,
        call=call,
        standing=standing,
        juror=juror,
        conflicts=form_values if form_values is not None else conflicts,
        scores=await queries.list_scores(session, juror),
        submissions=submissions,
        errors=form_errors(request, error),
    )


@get(SUBMISSION)
async def show_submission(
    request: AnyRequest,
    session: Session,
    member: Member,
    call_id: FromPath[UUID],
    submission_id: FromPath[UUID],
) -> Response[str]:
    """What was sent: for its candidate, for the jury once the call is closed, for the organiser."""
    call = await queries.get_call(session, member, call_id)
    return await _render_submission(request, session, member, call, submission_id)


@post(SUBMISSION, status_code=303)
async def score_submission(
    request: AnyRequest,
    session: Session,
    member: Member,
    call_id: FromPath[UUID],
    submission_id: FromPath[UUID],
) -> Response[Any]:
    """Give points, each with its reason."""
    call = await queries.get_call(session, member, call_id)
    submission = await queries.get_submission(session, call, submission_id)
    juror = await queries.get_juror(session, member, call)
    form = await request.form()
    scores_by_criterion = {}
    for criterion in await queries.list_criteria(session, call):
        points = read_text(form, f"points-{criterion.id}")
        scores_by_criterion[criterion.id] = (
            read_points(points),
            read_text(form, f"reason-{criterion.id}"),
        )
    try:
        await jury_actions.score_submission(
            session, member, call, juror, submission, scores_by_criterion
        )
    except InvalidError as error:
        return await _render_submission(
            request,
            session,
            member,
            call,
            submission_id,
            form_values=scores_by_criterion,
            error=error,
        )
    return Redirect(f"{PATH}/{call.id}/jury", status_code=303)


async def _render_submission(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    call: Call,
    submission_id: UUID,
    *,
    form_values: Mapping[UUID, tuple[int | None, str]] | None = None,
    error: InvalidError | None = None,
) -> Response[str]:
    readable = await queries.get_readable_submission(
        session, member, call, submission_id
    )
    submission = readable.submission
    juror = readable.juror
    leads = readable.leads
    standing = queries.call_state(call)
    conflicts: dict[UUID, str] = {}
    mine: dict[UUID, Score] = {}
    if juror:
        conflicts = await queries.list_conflicts(session, juror)
        mine = (await queries.list_scores(session, juror)).get(submission.id, {})
    stored_scores = {
        criterion: (score.points, score.reason) for criterion, score in mine.items()
    }
    can_read_verdicts = readable.organises or (
        leads and standing == CallState.PUBLISHED
    )
    return render(
        request,
        "projects/call-submission.html",
        status=422 if error else 200,
        call=call,
        standing=standing,
        submission=submission,
        scores=juror is not None
        and standing == CallState.CLOSED
        and juror.declared_at
        and submission.id not in conflicts,
        criteria=await queries.list_criteria(session, call),
        given=form_values if form_values is not None else stored_scores,
        verdicts=await queries.list_criterion_results(session, call, submission)
        if can_read_verdicts
        else [],
        is_result_published=leads and standing == CallState.PUBLISHED,
        errors=form_errors(request, error),
    )


routes = [show_jury, declare_conflicts, show_submission, score_submission]
