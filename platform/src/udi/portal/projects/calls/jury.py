"""The pages of a jury: conflicts of interest first, then each submission; and a submission for its candidate."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State as AppState
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError
from udi.kit.identity import Actor
from udi.portal.projects.calls import judging, queries
from udi.portal.projects.calls.forms import read_text
from udi.portal.projects.calls.models import Call, Submission
from udi.portal.projects.calls.pages import ONE, PATH
from udi.portal.projects.calls.states import State
from udi.portal.projects.forms import read_number
from udi.portal.projects.queries import leads
from udi.ui.errors import say_fields
from udi.ui.site import render

AnyRequest = Request[Any, Any, AppState]
SUBMISSION = f"{ONE}/submissions/{{submission_id:uuid}}"


@get(f"{ONE}/jury")
async def show_jury(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    call_id: FromPath[UUID],
) -> Response[str]:
    """What a juror has to do; submissions once the call is closed."""
    return await _show(request, session, member, await queries.get_call(session, member, call_id))


@post(f"{ONE}/jury", status_code=303)
async def declare(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    call_id: FromPath[UUID],
) -> Response[Any]:
    """Say one's conflicts of interest, or that one has none."""
    call = await queries.get_call(session, member, call_id)
    juror, form = await queries.get_juror(session, member, call), await request.form()
    conflicts = {
        each.id: read_text(form, f"why-{each.id}")
        for each in await queries.list_submissions(session, call)
        if form.get(f"conflict-{each.id}")
    }
    try:
        await judging.declare(session, member, call, juror, conflicts)
    except InvalidError as error:
        return await _show(request, session, member, call, typed=conflicts, error=error)
    return Redirect(f"{PATH}/{call.id}/jury", status_code=303)


async def _show(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    call: Call,
    *,
    typed: Mapping[UUID, str] | None = None,
    error: InvalidError | None = None,
) -> Response[str]:
    juror, standing = await queries.get_juror(session, member, call), queries.standing(call)
    before = standing in {State.DRAFT, State.OPEN}
    conflicts = await queries.list_conflicts(session, juror)
    return render(
        request,
        "projects/call-jury.html",
        status=422 if error else 200,
        call=call,
        standing=standing,
        juror=juror,
        conflicts=typed if typed is not None else conflicts,
        scores=await queries.list_scores(session, juror),
        submissions=[] if before else await queries.list_submissions(session, call),
        errors=say_fields(request, error),
    )


@get(SUBMISSION)
async def show_submission(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    call_id: FromPath[UUID],
    submission_id: FromPath[UUID],
) -> Response[str]:
    """What was sent: for its candidate, for the jury once the call is closed, for the organiser."""
    call = await queries.get_call(session, member, call_id)
    return await _read(request, session, member, call, await queries.get_submission(session, call, submission_id))


@post(SUBMISSION, status_code=303)
async def score(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    call_id: FromPath[UUID],
    submission_id: FromPath[UUID],
) -> Response[Any]:
    """Give points, each with its reason."""
    call = await queries.get_call(session, member, call_id)
    submission = await queries.get_submission(session, call, submission_id)
    juror, form = await queries.get_juror(session, member, call), await request.form()
    given = {}
    for criterion in await queries.list_criteria(session, call):
        said = read_text(form, f"points-{criterion.id}")
        given[criterion.id] = (read_number(said) if said else None, read_text(form, f"reason-{criterion.id}"))
    try:
        await judging.score(session, member, call, juror, submission, given)
    except InvalidError as error:
        return await _read(request, session, member, call, submission, typed=given, error=error)
    return Redirect(f"{PATH}/{call.id}/jury", status_code=303)


async def _read(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    call: Call,
    submission: Submission,
    *,
    typed: Mapping[UUID, tuple[int | None, str]] | None = None,
    error: InvalidError | None = None,
) -> Response[str]:
    juror, standing = await queries.find_juror(session, member, call), queries.standing(call)
    organises = queries.may_organise(member, await queries.find_organiser(session, call))
    own = await leads(session, member, submission.project_id)
    reads = standing not in {State.DRAFT, State.OPEN} and (juror is not None or organises)
    if not (own or reads):
        raise NotFoundError("No submission has this address here.")
    conflicts = await queries.list_conflicts(session, juror) if juror else {}
    mine = (await queries.list_scores(session, juror)).get(submission.id, {}) if juror else {}
    known = {criterion: (each.points, each.reason) for criterion, each in mine.items()}
    told = organises or (own and standing == State.PUBLISHED)
    return render(
        request,
        "projects/call-submission.html",
        status=422 if error else 200,
        call=call,
        standing=standing,
        submission=submission,
        own=own,
        scores=juror is not None and standing == State.CLOSED and juror.declared_at and submission.id not in conflicts,
        criteria=await queries.list_criteria(session, call),
        given=typed if typed is not None else known,
        verdicts=await queries.list_verdicts(session, call, submission) if told else [],
        told=own and standing == State.PUBLISHED,
        errors=say_fields(request, error),
    )


routes = [show_jury, declare, show_submission, score]
