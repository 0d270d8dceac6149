"""One request: its thread, and what each side does with it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.calendar_entries import MEDIA_TYPE as CALENDAR
from udi.kit.errors import InvalidError, NotFoundError
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.creation import (
    current_terms,
    signer_of,
    terms_of_request,
)
from udi.portal.access.models import AccessSide
from udi.portal.access.policies.queries import get_policy, policy_of
from udi.portal.access.requests import clock, requester_actions
from udi.portal.access.requests.calendar import write_deadline
from udi.portal.access.requests.decisions import apply_event
from udi.portal.access.requests.document_api import document_response
from udi.portal.access.requests.documents import get_document, list_documents
from udi.portal.access.requests.form import form_from_request, read_request_form
from udi.portal.access.requests.queries import (
    AccessRequestCase,
    find_author_names,
    get_case,
    get_case_for_event,
    get_case_for_side,
    list_past_agreements,
)
from udi.portal.access.requests.thread import list_steps
from udi.portal.access.requests.transitions import ACCESS_REQUEST
from udi.portal.projects.queries import get_led_project
from udi.protocol.plain_language import write_terms
from udi.protocol.policy import read_policy
from udi.protocol.terms import read_terms
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.site import render, site_of

ONE = "/access-requests/{request_id:uuid}"
LARGEST_FORM = 27 * 1024 * 1024


@get(ONE)
async def show_request(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    request_id: FromPath[UUID],
) -> Response[str]:
    """How it stands, the thread, and what may be done."""
    return await _render_request(
        request, session, territory, await get_case(session, member, request_id)
    )


@get(f"{ONE}/correct")
async def show_correction(
    request: AnyRequest, session: Session, member: Member, request_id: FromPath[UUID]
) -> Response[str]:
    """The form, as it was sent, under the terms of today."""
    return await _render_correction(
        request,
        session,
        await get_case_for_side(session, member, request_id, AccessSide.REQUESTER),
    )


@post(f"{ONE}/correct", status_code=303, request_max_body_size=LARGEST_FORM)
async def send_correction(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    request_id: FromPath[UUID],
) -> Response[Any]:
    """Send it again."""
    case = await get_case_for_side(session, member, request_id, AccessSide.REQUESTER)
    policy = await get_policy(session, case.dataset)
    project = await get_led_project(session, member, case.project.id)
    form_values = await read_request_form(await request.form())
    request_input = form_values.to_request_input(policy_of(policy))
    try:
        async with session.begin_nested():
            await requester_actions.correct_request(
                session,
                member,
                case.request,
                project,
                request_input,
                policy=policy,
                territory=territory,
            )
    except InvalidError as error:
        return await _render_correction(request, session, case, form_values, error)
    return Redirect(f"/access-requests/{case.request.id}", status_code=303)


@post(
    f"{ONE}/{{event:str}}",
    status_code=303,
    guards=[require_confirmation("grant", "accept")],
)
async def act_on_request(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    request_id: FromPath[UUID],
    event: FromPath[str],
) -> Response[Any]:
    """Write, answer, accept, take back; ask, offer, grant, refuse."""
    case = await get_case_for_event(session, member, request_id, event)
    form = {name: str(value or "") for name, value in (await request.form()).items()}
    try:
        async with session.begin_nested():
            await apply_event(
                session,
                member,
                case,
                event,
                form,
                signer_of(site_of(request), territory),
            )
    except InvalidError as error:
        await session.refresh(case.request)
        return await _render_request(
            request, session, territory, case, error=error, form=form, tried=event
        )
    return Redirect(f"/access-requests/{case.request.id}", status_code=303)


@get(f"{ONE}/deadline.ics")
async def send_deadline(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    request_id: FromPath[UUID],
) -> Response[bytes]:
    """The day by which the answer is due, for a calendar."""
    case = await get_case(session, member, request_id)
    if case.request.due_at is None:
        raise NotFoundError(
            "No answer is due: the deadline is suspended, or the request is closed."
        )
    say = site_of(request).pages.translator(request)
    title = say("Last day to answer: access to “%(title)s”") % {
        "title": case.dataset.title
    }
    day = case.request.due_at.astimezone(territory.zone).date()
    body = write_deadline(
        case.request,
        title,
        day,
        f"{territory.origin}/access-requests/{case.request.id}",
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="deadline.ics"',
    }
    return Response(body, media_type=CALENDAR, headers=headers)


@get(f"{ONE}/documents/{{document_id:uuid}}")
async def send_document(
    session: Session,
    member: Member,
    request_id: FromPath[UUID],
    document_id: FromPath[UUID],
) -> Response[bytes]:
    """A document, for the two sides: to be kept as a file, shown by no page."""
    case = await get_case(session, member, request_id)
    return document_response(await get_document(session, case.request, document_id))


async def _render_correction(
    request: AnyRequest,
    session: AsyncSession,
    case: AccessRequestCase,
    form_values: Any = None,
    error: InvalidError | None = None,
) -> Response[str]:
    policy = policy_of(await get_policy(session, case.dataset))
    return render(
        request,
        "access/request-form.html",
        status=422 if error else 200,
        dataset=case.dataset,
        policy=policy,
        answer_statistics=None,
        form_values=form_values or form_from_request(case.request),
        errors=form_errors(request, error),
        new="",
        organisations=[],
        projects=[(str(case.project.id), case.project.title)],
        of=case.request,
        is_filled_in=False,
        action=f"/access-requests/{case.request.id}/correct",
        documents=await list_documents(session, case.request),
    )


async def _render_request(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    case: AccessRequestCase,
    *,
    error: InvalidError | None = None,
    form: Mapping[str, str] | None = None,
    tried: str = "",
) -> Response[str]:
    access_request = case.request
    language = request.scope["state"]["locale"]
    steps = await list_steps(session, access_request)
    return render(
        request,
        "access/request.html",
        status=422 if error else 200,
        case=case,
        access_request=access_request,
        steps=steps,
        term_sentences=write_terms(current_terms(access_request), language),
        terms=terms_of_request(access_request),
        policy=read_policy(access_request.policy),
        offers={
            step.id: write_terms(read_terms(step.offer), language)
            for step in steps
            if step.offer
        },
        possible=ACCESS_REQUEST.events(access_request.state, case.side),
        left=clock.days_left(access_request, territory.zone),
        lapses=clock.lapses_at(access_request),
        promised=requester_actions.promised_days(access_request),
        documents={
            document.field: document
            for document in await list_documents(session, access_request)
        },
        past=await list_past_agreements(session, case)
        if case.side is AccessSide.PRODUCER
        else [],
        form=form or {},
        tried=tried,
        people=await find_author_names(
            session, {step.person_id for step in steps if step.person_id}
        ),
        errors=form_errors(request, error),
        requester=case.side is AccessSide.REQUESTER,
    )


routes: Routes = [
    show_request,
    show_correction,
    send_correction,
    send_deadline,
    send_document,
    act_on_request,
]
