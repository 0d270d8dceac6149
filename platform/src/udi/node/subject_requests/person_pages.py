"""For people: a ticket of the portal becomes a request, whose answers only they read, after a login of this moment."""

from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import Provide
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ForbiddenError, InvalidError
from udi.kit.identity import Actor
from udi.kit.oidc import SUBJECTS_PATH
from udi.kit.tenancy import Territory, space_context
from udi.node.datasets.exchange.portal_tokens import take_ticket
from udi.node.files.restricted import PRIVATE
from udi.node.spaces.models import Space
from udi.node.subject_requests.actions import (
    Move,
    add_message,
    move_request,
    note_reading,
    submit_request,
)
from udi.node.subject_requests.acts import (
    read_event,
    require_open,
    require_possible,
    serve_request_file,
)
from udi.node.subject_requests.forms import (
    LARGEST_FORM,
    NOTHING_REFUSED,
    RefusedForm,
    SentForm,
    read_content,
    read_form,
    read_message,
    read_request_input,
)
from udi.node.subject_requests.identity import (
    Subject,
    SubjectLoginDueError,
    lead_to_login,
    provide_subject,
    provide_subject_session,
    require_fresh,
)
from udi.node.subject_requests.models import HeldTicket, SubjectRequest
from udi.node.subject_requests.plan import (
    RequestFacts,
    list_possible,
    readable_until,
)
from udi.node.subject_requests.queries import (
    get_file,
    get_own_request,
    list_entries,
    list_own_requests,
)
from udi.node.subject_requests.second_look import find_second_look
from udi.node.subject_requests.tickets import (
    COOKIE,
    TICKET_LIFETIME,
    find_ticket,
    get_ticket_space,
    keep_ticket,
)
from udi.node.subject_requests.wording import page_words
from udi.protocol.credentials import SUBJECT_TICKET
from udi.protocol.subject_requests import (
    SubjectRequestActor,
    SubjectRight,
)
from udi.protocol.subject_tickets import (
    SUBJECT_REQUESTS_PATH,
    TICKETS_PATH,
    return_address,
)
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.login import cookie_name, make_cookie
from udi.ui.middleware import (
    FROM_ELSEWHERE,
    content_security_policy,
    list_form_targets,
)
from udi.ui.own_data_pages import register_of
from udi.ui.personal_rows import PersonKeys, read_own_rows
from udi.ui.site import render, site_of

NEW_PATH = f"{SUBJECTS_PATH}/new"
REQUEST_PATH = f"{SUBJECT_REQUESTS_PATH}/{{request_id:uuid}}"
LONGEST_TICKET_FORM = 16 * 1024
PERSON = SubjectRequestActor.PERSON


@post(
    TICKETS_PATH,
    opt={FROM_ELSEWHERE: True},
    request_max_body_size=LONGEST_TICKET_FORM,
)
async def bring_ticket(request: AnyRequest, territory: CurrentTerritory) -> Redirect:
    """Take a ticket of the portal, and keep what it says for this browser."""
    token = str((await request.form()).get("ticket") or "")
    signed = await take_ticket(request, territory, token, SUBJECT_TICKET)
    with space_context(None):
        async with site_of(request).database.session(territory.id) as session:
            secret = await keep_ticket(session, signed)
    lifetime = int(TICKET_LIFETIME.total_seconds())
    cookie = make_cookie(territory, secret, name=COOKIE, max_age=lifetime)
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Redirect(NEW_PATH, status_code=303, cookies=[cookie], headers=headers)


async def read_own_ticket(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    *,
    lock: bool = False,
) -> tuple[HeldTicket, Space]:
    """The ticket that this browser brought, and whom it is for.

    Raises:
        ForbiddenError: it brought none within the last hour.
    """
    secret = request.cookies.get(cookie_name(territory.origin, COOKIE), "")
    ticket = await find_ticket(session, secret, lock=lock) if secret else None
    if ticket is None:
        raise ForbiddenError(
            "This page opens from the portal, and stays open for an hour.",
            remedy="Go back to your requests on the portal, and choose «Go on» again. What you sent is not lost.",
        )
    return ticket, await get_ticket_space(session, ticket)


@get(NEW_PATH)
async def show_request_form(
    request: AnyRequest,
    territory: CurrentTerritory,
    own_session: Session,
) -> Response[Any]:
    """What a producer needs to answer, in a few questions."""
    ticket, space = await read_own_ticket(request, own_session, territory)
    return _render_form(request, territory, ticket, space)


@post(NEW_PATH, status_code=303, request_max_body_size=LARGEST_FORM)
async def write_request(
    request: AnyRequest,
    territory: CurrentTerritory,
    own_session: Session,
    subject: Subject,
) -> Response[Any]:
    """Send the request to the producer, and go back to the portal with what ties it to the account there."""
    ticket, space = await read_own_ticket(request, own_session, territory, lock=True)
    form = await read_form(await request.form())
    try:
        described = read_request_input(form, SubjectRight(ticket.right))
    except InvalidError as error:
        errors = form_errors(request, error)
        return _render_form(request, territory, ticket, space, form=form, errors=errors)
    written = await submit_request(
        own_session, ticket, space, subject.person_id, described
    )
    portal = territory.links["portal"]
    return Redirect(
        return_address(portal, str(written.id), written.confirmation),
        status_code=303,
        cookies=[make_cookie(territory, "", name=COOKIE, max_age=0)],
        headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
    )


def _render_form(
    request: AnyRequest,
    territory: Territory,
    ticket: HeldTicket,
    space: Space,
    *,
    form: SentForm | None = None,
    errors: dict[str, str] | None = None,
) -> Response[str]:
    page = render(
        request,
        "subject_requests/new.html",
        status=422 if errors else 200,
        ticket=ticket,
        space=space,
        values=form.values if form else {},
        errors=errors or {},
        **page_words(),
    )
    targets = [*list_form_targets(request), territory.links["portal"]]
    page.headers.update(PRIVATE)
    page.headers["Content-Security-Policy"] = content_security_policy(targets)
    return page


@get(SUBJECT_REQUESTS_PATH)
async def list_requests(
    request: AnyRequest,
    territory: CurrentTerritory,
    own_session: Session,
    subject: Subject,
) -> Response[str]:
    """The requests of this person at this node, and what it keeps of them."""
    moment = now()
    requests = [
        (row, space, RequestFacts.of(row).is_late(moment))
        for row, space in await list_own_requests(own_session, subject)
    ]
    keys = PersonKeys(subject.person_id, "", "")
    known = await read_own_rows(own_session, register_of(request), keys)
    page = render(
        request,
        "subject_requests/requests.html",
        requests=requests,
        known=[kind for heading in known for kind in heading.kinds],
        portal=territory.links["portal"],
        **page_words(),
    )
    page.headers.update(PRIVATE)
    return page


@get(REQUEST_PATH)
async def show_request(
    request: AnyRequest,
    own_session: Session,
    subject: Subject,
    request_id: FromPath[UUID],
) -> Response[str]:
    """One request: where it stands, what was written, what may be done; an answer opens after a login of this moment."""
    row, space = await get_own_request(own_session, subject, request_id, lock=True)
    require_fresh_reading(row, subject)
    page = await _render_request(request, own_session, row, space)
    await note_reading(own_session, row)
    return page


async def _render_request(
    request: AnyRequest,
    session: AsyncSession,
    row: SubjectRequest,
    space: Space,
    *,
    sent: RefusedForm = NOTHING_REFUSED,
) -> Response[str]:
    facts = RequestFacts.of(row)
    moment = now()
    page = render(
        request,
        "subject_requests/request.html",
        status=422 if sent.errors else 200,
        request_row=row,
        space=space,
        entries=await list_entries(session, row),
        possible={event.value for event in list_possible(facts, PERSON, moment)},
        is_late=facts.is_late(moment),
        readable_until=readable_until(facts),
        second_look=await find_second_look(session, row, space),
        sent=sent,
        **page_words(),
    )
    page.headers.update(PRIVATE)
    return page


@post(f"{REQUEST_PATH}/messages", status_code=303, request_max_body_size=LARGEST_FORM)
async def write_message(
    request: AnyRequest,
    own_session: Session,
    subject: Subject,
    request_id: FromPath[UUID],
) -> Response[Any]:
    """Write to the producer."""
    row, space = await get_own_request(own_session, subject, request_id, lock=True)
    require_open(row)
    form = await read_form(await request.form())
    try:
        text = read_message(form, of_person=True)
    except InvalidError as error:
        require_fresh_reading(row, subject)
        sent = RefusedForm("message", form.values, form_errors(request, error))
        return await _render_request(request, own_session, row, space, sent=sent)
    await add_message(own_session, row, PERSON, text, files=form.files)
    return Redirect(_address_of(request_id), status_code=303)


@post(f"{REQUEST_PATH}/events/{{event:str}}", status_code=303)
async def apply_own_event(
    request: AnyRequest,
    own_session: Session,
    subject: Subject,
    request_id: FromPath[UUID],
    event: FromPath[str],
) -> Response[Any]:
    """Give an identity, withdraw, or go to the data protection officer."""
    row, space = await get_own_request(own_session, subject, request_id, lock=True)
    chosen = read_event(event)
    form = await read_form(await request.form())
    require_possible(row, chosen, PERSON)
    try:
        content = read_content(form, chosen, SubjectRight(row.right))
    except InvalidError as error:
        require_fresh_reading(row, subject)
        sent = RefusedForm(event, form.values, form_errors(request, error))
        return await _render_request(request, own_session, row, space, sent=sent)
    await move_request(
        own_session, row, Move(event=chosen, role=PERSON, content=content)
    )
    return Redirect(_address_of(request_id), status_code=303)


@get(f"{REQUEST_PATH}/files/{{file_id:uuid}}")
async def download_own_file(
    own_session: Session,
    subject: Subject,
    request_id: FromPath[UUID],
    file_id: FromPath[UUID],
) -> Response[bytes]:
    """A file of the request, after a login of this moment."""
    row, _ = await get_own_request(own_session, subject, request_id)
    require_fresh(subject, _address_of(request_id))
    file = await get_file(own_session, row, file_id, sent=True)
    return await serve_request_file(file)


def require_fresh_reading(row: SubjectRequest, subject: Actor) -> None:
    """Where an answer or a refusal was written, whatever came of it, the page needs a login of this moment.

    Raises:
        SubjectLoginDueError: the login is older.
    """
    if row.decided_by is not None and row.destroyed_at is None:
        require_fresh(subject, _address_of(row.id))


def _address_of(request_id: UUID) -> str:
    return f"{SUBJECT_REQUESTS_PATH}/{request_id}"


PAGES: Routes = [
    show_request_form,
    write_request,
    list_requests,
    show_request,
    write_message,
    apply_own_event,
    download_own_file,
]
routes: Routes = [
    bring_ticket,
    Router(
        "/",
        route_handlers=PAGES,
        dependencies={
            "subject": Provide(provide_subject),
            "own_session": Provide(provide_subject_session),
        },
        exception_handlers={SubjectLoginDueError: lead_to_login},
    ),
]
