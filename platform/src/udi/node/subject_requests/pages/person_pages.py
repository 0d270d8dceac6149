"""For people: a ticket of the portal becomes a request, whose answers only they read, after a login of this moment."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import Provide
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ForbiddenError, InvalidError, NotFoundError
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
from udi.node.subject_requests.forms import (
    LARGEST_FORM,
    NOTHING_REFUSED,
    RefusedForm,
    SentForm,
    read_content,
    read_message,
    read_request_input,
    receive_form,
)
from udi.node.subject_requests.identity import (
    NO_VALUES,
    Subject,
    SubjectLoginDueError,
    provide_subject,
    provide_subject_session,
    require_fresh,
)
from udi.node.subject_requests.models import HeldTicket, ReportState, SubjectRequest
from udi.node.subject_requests.pages.acts import (
    check_room,
    read_event,
    require_open,
    require_possible,
    serve_request_file,
)
from udi.node.subject_requests.pages.unsent_words import (
    has_words,
    lead_to_login,
    render_unsent,
)
from udi.node.subject_requests.pages.wording import page_words
from udi.node.subject_requests.plan import (
    RequestFacts,
    list_possible,
    readable_until,
)
from udi.node.subject_requests.portal_sync.tickets import (
    TICKET_LIFETIME,
    find_tickets,
    get_ticket_space,
    keep_ticket,
    list_secrets,
    name_ticket_cookie,
)
from udi.node.subject_requests.queries import (
    get_file,
    get_own_request,
    list_entries,
    list_own_requests,
)
from udi.node.subject_requests.recipients import list_notified
from udi.node.subject_requests.second_look import find_second_look
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
from udi.ui.login import make_cookie
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
QUIET = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
"""Of what leads to an address that holds a secret, or away from one."""


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
            ticket = await keep_ticket(session, signed)
    if not ticket.secret:
        return Redirect(_address_of(ticket.request_id), status_code=303, headers=QUIET)
    lifetime = int(TICKET_LIFETIME.total_seconds())
    name = name_ticket_cookie(ticket.request_id)
    cookie = make_cookie(territory, ticket.secret, name=name, max_age=lifetime)
    address = f"{NEW_PATH}?ticket={ticket.request_id}"
    return Redirect(address, status_code=303, cookies=[cookie], headers=QUIET)


async def list_own_tickets(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    *,
    lock: bool = False,
) -> Sequence[HeldTicket]:
    """The tickets that this browser brought within the last hour, the newest first."""
    secrets = list_secrets(request.cookies, territory.origin)
    return await find_tickets(session, secrets, lock=lock)


def no_ticket_error() -> ForbiddenError:
    """What a browser is told that brought no ticket within the last hour."""
    return ForbiddenError(
        "This page opens from the portal, and stays open for an hour.",
        remedy="Go back to your requests on the portal, and choose «Go on» again.",
    )


@get(NEW_PATH)
async def show_request_form(
    request: AnyRequest,
    territory: CurrentTerritory,
    own_session: Session,
    subject: Subject,
    ticket: FromQuery[UUID | None] = None,
) -> Response[Any]:
    """What a producer needs to answer, in a few questions; without the identifier of a ticket, of the newest one.

    Raises:
        ForbiddenError: this browser brought none within the last hour.
    """
    tickets = await list_own_tickets(request, own_session, territory)
    chosen = _choose_ticket(tickets, ticket or (tickets[0].id if tickets else None))
    if chosen is None:
        written = await find_submitted_request(own_session, subject, ticket)
        if written is None:
            raise no_ticket_error()
        return Redirect(_address_of(written.id), status_code=303, headers=QUIET)
    space = await get_ticket_space(own_session, chosen)
    return _render_form(request, territory, chosen, space)


def _choose_ticket(
    tickets: Sequence[HeldTicket], request_id: UUID | None
) -> HeldTicket | None:
    return next((ticket for ticket in tickets if ticket.id == request_id), None)


@post(NEW_PATH, status_code=303, request_max_body_size=LARGEST_FORM)
async def write_request(
    request: AnyRequest,
    territory: CurrentTerritory,
    own_session: Session,
    subject: Subject,
) -> Response[Any]:
    """Send the request to the producer that its form named, and go back to the portal with what ties it to the account there.

    Raises:
        ForbiddenError: this browser brought no ticket within the last hour, and nothing was written.
    """
    form = await receive_form(request)
    request_id = read_ticket_id(form)
    tickets = await list_own_tickets(request, own_session, territory, lock=True)
    ticket = _choose_ticket(tickets, request_id)
    if ticket is None:
        return await _refuse_ticket(
            request, territory, own_session, subject, form, tickets
        )
    space = await get_ticket_space(own_session, ticket)
    try:
        described = read_request_input(form, SubjectRight(ticket.right))
    except InvalidError as error:
        errors = form_errors(request, error)
        return _render_form(request, territory, ticket, space, form=form, errors=errors)
    written = await submit_request(
        own_session, ticket, space, subject.person_id, described
    )
    portal = territory.links["portal"]
    cookie = make_cookie(territory, "", name=name_ticket_cookie(written.id), max_age=0)
    return Redirect(
        return_address(portal, str(written.id), written.confirmation),
        status_code=303,
        cookies=[cookie],
        headers=QUIET,
    )


async def _refuse_ticket(
    request: AnyRequest,
    territory: Territory,
    session: AsyncSession,
    subject: Actor,
    form: SentForm,
    tickets: Sequence[HeldTicket],
) -> Response[Any]:
    """What becomes of a form whose ticket is not open: it was sent already, or another is open, or none."""
    written = await find_submitted_request(session, subject, read_ticket_id(form))
    if written is not None:
        back = find_return_address(territory, written) or _address_of(written.id)
        return Redirect(back, status_code=303, headers=QUIET)
    if tickets:
        ticket = tickets[0]
        space = await get_ticket_space(session, ticket)
        return _render_form(
            request, territory, ticket, space, form=form, is_for_another=True
        )
    if has_words(form.values):
        return render_unsent(request, form.values)
    raise no_ticket_error()


def read_ticket_id(form: SentForm) -> UUID | None:
    """The request that a form names; None where it names none."""
    try:
        return UUID(form.text("ticket"))
    except ValueError:
        return None


async def find_submitted_request(
    session: AsyncSession, subject: Actor, request_id: UUID | None
) -> SubjectRequest | None:
    """The request of this person that was written of a ticket."""
    if request_id is None:
        return None
    try:
        row, _ = await get_own_request(session, subject, request_id)
    except NotFoundError:
        return None
    return row


def find_return_address(territory: Territory, row: SubjectRequest) -> str:
    """Where the person ties a request to their account at the portal, while it does not know that it was written."""
    if row.report_state != ReportState.PENDING or not row.confirmation:
        return ""
    return return_address(territory.links["portal"], str(row.id), row.confirmation)


def _render_form(
    request: AnyRequest,
    territory: Territory,
    ticket: HeldTicket,
    space: Space,
    *,
    form: SentForm | None = None,
    errors: dict[str, str] | None = None,
    is_for_another: bool = False,
) -> Response[str]:
    """The form for a ticket; `is_for_another` says that what was sent was for another."""
    status = 200
    if errors:
        status = 422
    if is_for_another:
        status = 409
    page = render(
        request,
        "subject_requests/new.html",
        status=status,
        ticket=ticket,
        space=space,
        values=form.values if form else {},
        errors=errors or {},
        is_for_another=is_for_another,
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
        notices=await list_notified(session, row),
        possible={event.value for event in list_possible(facts, PERSON, moment)},
        is_late=facts.is_late(moment),
        readable_until=readable_until(facts),
        return_url=find_return_address(request.scope["state"]["territory"], row),
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
    form = await receive_form(request)
    row, space = await get_own_request(own_session, subject, request_id, lock=True)
    require_open(row)
    try:
        text = read_message(form, of_person=True)
        await check_room(own_session, row, PERSON, form.files)
    except InvalidError as error:
        require_fresh_reading(row, subject, form.values)
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
    form = await receive_form(request)
    row, space = await get_own_request(own_session, subject, request_id, lock=True)
    chosen = read_event(event)
    require_possible(row, chosen, PERSON)
    try:
        content = read_content(form, chosen, SubjectRight(row.right))
    except InvalidError as error:
        require_fresh_reading(row, subject, form.values)
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


def require_fresh_reading(
    row: SubjectRequest, subject: Actor, values: Mapping[str, str] = NO_VALUES
) -> None:
    """Where an answer or a refusal was written, whatever came of it, the page needs a login of this moment.

    Raises:
        SubjectLoginDueError: the login is older.
    """
    was_decided = row.decided_at is not None or row.decided_by is not None
    if was_decided and row.destroyed_at is None:
        require_fresh(subject, _address_of(row.id), values)


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
