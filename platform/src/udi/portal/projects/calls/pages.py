"""The pages of calls that everybody and candidates see."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.calendar_entries import MEDIA_TYPE as CALENDAR
from udi.kit.errors import InvalidError, NotFoundError
from udi.kit.identity import Actor
from udi.kit.paging import page_number
from udi.portal.projects.calls import queries
from udi.portal.projects.calls.atom import write_feed
from udi.portal.projects.calls.calendar import write_calendar
from udi.portal.projects.calls.candidate_actions import (
    submit_project,
    withdraw_submission,
)
from udi.portal.projects.calls.models import Call
from udi.portal.projects.calls.organiser_actions import ask_question
from udi.portal.projects.listing import is_identifier
from udi.portal.projects.queries import get_led_project, is_leader, list_led_projects
from udi.ui.atom import MEDIA_TYPE
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Session, Visitor
from udi.ui.errors import form_errors
from udi.ui.site import render, site_of

PATH = "/calls"
ONE = f"{PATH}/{{call_id:uuid}}"
OPEN = {
    "Cache-Control": "public, max-age=300",
    "Access-Control-Allow-Origin": "*",
    "Vary": "Accept-Language, Cookie",
}


@get(PATH)
async def show_calls(
    request: AnyRequest, session: Session, actor: Visitor
) -> Response[str]:
    """Every call, the newest first; one's drafts."""
    page = await queries.list_calls(
        session, page_number(request.query_params.get("page", 1))
    )
    organises = actor is not None and (
        actor.moderator or any(map(actor.may_manage, actor.memberships))
    )
    if actor and organises:
        drafts = await queries.list_drafts(session, actor)
    else:
        drafts = []
    standings = {call.id: queries.call_state(call) for call in page.items}
    return render(
        request,
        "projects/calls.html",
        page=page,
        drafts=drafts,
        organises=organises,
        standings=standings,
    )


@get(f"{PATH}.atom")
async def send_feed(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[bytes]:
    """The newest calls as an Atom feed."""
    page = await queries.list_calls(session, 1)
    title = site_of(request).pages.translator(request)("Calls for projects")
    feed = write_feed(page.items, territory, request.scope["state"]["locale"], title)
    return Response(feed, media_type=MEDIA_TYPE, headers=OPEN)


@get(ONE)
async def show_call(
    request: AnyRequest, session: Session, actor: Visitor, call_id: FromPath[UUID]
) -> Response[str]:
    """What is looked for, how it will be judged, by when, with which data; its results."""
    return await _render_call(
        request, session, actor, await queries.get_call(session, actor, call_id)
    )


async def _render_call(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor | None,
    call: Call,
    *,
    question: str = "",
    error: InvalidError | None = None,
) -> Response[str]:
    organiser = await queries.find_organiser(session, call)
    return render(
        request,
        "projects/call.html",
        status=422 if error else 200,
        call=call,
        standing=queries.call_state(call),
        organiser=organiser,
        organises=queries.may_organise(actor, organiser),
        juror=await queries.find_juror(session, actor, call),
        criteria=await queries.list_criteria(session, call),
        datasets=await queries.list_datasets(session, call),
        questions=await queries.list_questions(session, call),
        my_submissions=await queries.list_own_submissions(session, actor, call)
        if actor
        else [],
        laureates=await queries.list_laureates(session, call),
        question=question,
        errors=form_errors(request, error),
    )


@get(f"{ONE}/calendar.ics")
async def send_calendar(
    request: AnyRequest,
    session: Session,
    actor: Visitor,
    territory: CurrentTerritory,
    call_id: FromPath[UUID],
) -> Response[bytes]:
    """Its days for a calendar."""
    call = await queries.get_call(session, actor, call_id)
    say = site_of(request).pages.translator(request)
    values = {"title": call.title_in(request.scope["state"]["locale"])}
    closes = say("%(title)s: the call closes")
    results = say("%(title)s: results expected")
    body = write_calendar(call, territory, closes % values, results % values)
    name = f'attachment; filename="{call.id}.ics"'
    return Response(
        body, media_type=CALENDAR, headers=OPEN | {"Content-Disposition": name}
    )


@post(f"{ONE}/questions", status_code=303)
async def send_question(
    request: AnyRequest, session: Session, member: Member, call_id: FromPath[UUID]
) -> Response[Any]:
    """Ask the organiser."""
    call = await queries.get_call(session, member, call_id)
    question = str((await request.form()).get("question") or "")
    try:
        await ask_question(session, member, call, question)
    except InvalidError as error:
        return await _render_call(
            request, session, member, call, question=question, error=error
        )
    return Redirect(f"{PATH}/{call.id}#questions", status_code=303)


@get(f"{ONE}/answer")
async def show_answer(
    request: AnyRequest, session: Session, member: Member, call_id: FromPath[UUID]
) -> Response[str]:
    """The form by which one answers with a project; `project` in the address is chosen."""
    call = await queries.get_call(session, member, call_id)
    project_id = request.query_params.get("project", "")
    sent = await queries.list_own_submissions(session, member, call)
    answer = next(
        (
            submission.answer
            for submission in sent
            if str(submission.project_id) == project_id
        ),
        "",
    )
    return await _render_answer_form(
        request, session, member, call, project=project_id, answer=answer
    )


@post(f"{ONE}/answer", status_code=303)
async def send_answer(
    request: AnyRequest, session: Session, member: Member, call_id: FromPath[UUID]
) -> Response[Any]:
    """Answer, or replace what was sent."""
    call = await queries.get_call(session, member, call_id, lock=True)
    form = await request.form()
    project_id = str(form.get("project") or "")
    answer = str(form.get("answer") or "")
    if not is_identifier(project_id):
        raise NotFoundError("No project has this address here.")
    project = await get_led_project(session, member, UUID(project_id))
    try:
        await submit_project(session, member, call, project, answer)
    except InvalidError as error:
        return await _render_answer_form(
            request,
            session,
            member,
            call,
            project=project_id,
            answer=answer,
            error=error,
        )
    return Redirect(f"{PATH}/{call.id}", status_code=303)


async def _render_answer_form(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    call: Call,
    *,
    project: str = "",
    answer: str = "",
    error: InvalidError | None = None,
) -> Response[str]:
    return render(
        request,
        "projects/call-answer.html",
        status=422 if error else 200,
        call=call,
        standing=queries.call_state(call),
        led=[
            (
                str(led_project.id),
                led_project.title_in(request.scope["state"]["locale"]),
            )
            for led_project in await list_led_projects(session, member)
        ],
        project=project,
        answer=answer,
        errors=form_errors(request, error),
    )


@post(f"{ONE}/submissions/{{submission_id:uuid}}/withdraw", status_code=303)
async def send_withdrawal(
    session: Session,
    member: Member,
    call_id: FromPath[UUID],
    submission_id: FromPath[UUID],
) -> Redirect:
    """Take an answer back."""
    call = await queries.get_call(session, member, call_id, lock=True)
    submission = await queries.get_submission(session, call, submission_id, lock=True)
    if not await is_leader(session, member, submission.project_id):
        raise NotFoundError("No submission has this address here.")
    await withdraw_submission(session, member, call, submission)
    return Redirect(f"{PATH}/{call.id}", status_code=303)


routes = [
    show_calls,
    send_feed,
    show_call,
    send_calendar,
    send_question,
    show_answer,
    send_answer,
    send_withdrawal,
]
