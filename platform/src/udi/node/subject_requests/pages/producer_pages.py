"""For a producer: the requests of people by their last day, and one request with all that may be done."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import Provide
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ForbiddenError, InvalidError, field_error
from udi.kit.file_names import content_disposition
from udi.node.files.restricted import PRIVATE
from udi.node.subject_requests.actions import (
    Move,
    add_message,
    attach_prepared_files,
    explain_columns,
    hold_request,
    move_request,
    note_identity,
    prepare_file,
    remove_prepared_file,
)
from udi.node.subject_requests.documents.entries import EntryContent
from udi.node.subject_requests.documents.sealed_files import (
    MOST_FILES,
    check_files,
    read_meanings,
)
from udi.node.subject_requests.dossiers.dossier import write_dossier
from udi.node.subject_requests.dossiers.signing import KEYS_PATH, make_node_signer
from udi.node.subject_requests.forms import (
    CHANGING,
    LARGEST_FORM,
    LONGEST_LINE,
    NOTHING_REFUSED,
    RefusedForm,
    read_content,
    read_identity_note,
    read_meanings_form,
    read_message,
    read_told_datasets,
    receive_form,
)
from udi.node.subject_requests.grounds import AnswerOutcome, list_grounds
from udi.node.subject_requests.models import SubjectRequest
from udi.node.subject_requests.pages.acts import (
    check_room,
    read_event,
    require_kept,
    require_open,
    require_possible,
    require_undecided,
    serve_request_file,
)
from udi.node.subject_requests.pages.form_sessions import provide_form_session
from udi.node.subject_requests.pages.wording import page_words
from udi.node.subject_requests.plan import RequestFacts, list_possible
from udi.node.subject_requests.queries import (
    SpaceRequest,
    factor_error,
    get_file,
    get_space_request,
    list_answered_spaces,
    list_entries,
    list_prepared_files,
    list_space_requests,
)
from udi.node.subject_requests.recipients import (
    list_given_datasets,
    list_notified,
    tell_recipients,
)
from udi.protocol.deadlines import days_left
from udi.protocol.subject_requests import (
    EVENTS,
    SubjectRequestActor,
    SubjectRequestEvent,
    SubjectRight,
)
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import (
    AnyRequest,
    CurrentTerritory,
    Member,
    Routes,
    Session,
)
from udi.ui.errors import form_errors
from udi.ui.site import render, site_of

REQUESTS_PATH = "/requests"
REQUEST_PATH = f"{REQUESTS_PATH}/{{request_id:uuid}}"
AGENT = SubjectRequestActor.AGENT
OFFICER = SubjectRequestActor.OFFICER
OFFICERS = (EVENTS.UPHOLD, EVENTS.OVERTURN)
HOLDS = {"on": True, "off": False}
"""What the form of keeping for a complaint asks for."""


@get(REQUESTS_PATH)
async def list_producer_requests(
    request: AnyRequest,
    session: Session,
    member: Member,
    ended: FromQuery[bool] = False,  # noqa: FBT002 - a parameter of the address
) -> Response[str]:
    """The requests to the producers for whom this person answers, what is due first at the top.

    Raises:
        LoginTooOldError: the person may answer for some once they show the second factor that is demanded here.
        ForbiddenError: the person answers for none.
    """
    spaces = await list_answered_spaces(session, member)
    if not spaces and member.below_factor:
        raise factor_error(REQUESTS_PATH)
    if not spaces:
        raise ForbiddenError(
            "Requests of people about their own data are for those who manage an organisation."
        )
    moment = now()
    rows = [
        (row, space, _count_days(row, moment))
        for row, space in await list_space_requests(session, spaces, ended=ended)
    ]
    page = render(
        request,
        "subject_requests/inbox.html",
        requests=rows,
        late=sum(RequestFacts.of(row).is_late(moment) for row, _, _ in rows),
        spaces=[space for space in spaces if member.may_manage(space.slug)],
        ended=ended,
        **page_words(),
    )
    page.headers.update(PRIVATE)
    return page


def _count_days(row: SubjectRequest, moment: datetime) -> int:
    return days_left(row.due_on, RequestFacts.of(row).zone, moment)


@get(REQUEST_PATH)
async def show_producer_request(
    request: AnyRequest, session: Session, member: Member, request_id: FromPath[UUID]
) -> Response[str]:
    """One request: who asks, what, until when, and what may be done."""
    held = await get_space_request(session, member, request_id)
    return await _render_request(request, session, held)


async def _render_request(
    request: AnyRequest,
    session: AsyncSession,
    held: SpaceRequest,
    *,
    sent: RefusedForm = NOTHING_REFUSED,
) -> Response[str]:
    row = held.request
    moment = now()
    right = SubjectRight(row.right)
    page = render(
        request,
        "subject_requests/producer-request.html",
        status=422 if sent.errors else 200,
        request_row=row,
        space=held.space,
        entries=await list_entries(session, row),
        prepared=await list_prepared_files(session, row),
        possible=_list_events(held, moment),
        may_act=held.manages,
        days=_count_days(row, moment),
        is_late=RequestFacts.of(row).is_late(moment),
        grounds=list_grounds(right),
        is_changing=right in CHANGING,
        given=await list_given_datasets(session, row) if held.manages else (),
        notices=await list_notified(session, row),
        most_files=MOST_FILES,
        sent=sent,
        **page_words(),
    )
    page.headers.update(PRIVATE)
    return page


def _list_events(held: SpaceRequest, moment: datetime) -> set[str]:
    """What this person may have happen now."""
    facts = RequestFacts.of(held.request)
    events: set[SubjectRequestEvent] = set()
    if held.manages:
        events |= list_possible(facts, AGENT, moment)
    if held.is_officer:
        events |= list_possible(facts, OFFICER, moment)
    return {event.value for event in events}


@post(
    f"{REQUEST_PATH}/events/{{event:str}}",
    status_code=303,
    guards=[require_confirmation()],
)
async def apply_producer_event(
    request: AnyRequest,
    session: Session,
    member: Member,
    request_id: FromPath[UUID],
    event: FromPath[str],
) -> Response[Any]:
    """Accept, ask who the person is, extend, answer, refuse; for the officer: keep or overturn the decision."""
    held = await get_space_request(session, member, request_id, lock=True)
    row = held.request
    chosen = read_event(event)
    role = OFFICER if chosen in OFFICERS else AGENT
    require_possible(row, chosen, role)
    require_role(held, role)
    form = await receive_form(request)
    try:
        content = read_content(form, chosen, SubjectRight(row.right))
    except InvalidError as error:
        sent = RefusedForm(event, form.values, form_errors(request, error))
        return await _render_request(request, session, held, sent=sent)
    move = Move(event=chosen, role=role, actor=member, content=content)
    entry = await move_request(session, row, move)
    if chosen is EVENTS.ANSWER:
        await attach_prepared_files(session, row, entry)
        if content.outcome is not AnswerOutcome.NOTHING_HELD:
            await tell_recipients(session, row, read_told_datasets(form))
    return _redirect(row)


def require_role(held: SpaceRequest, role: SubjectRequestActor) -> None:
    """Refuse whoever may read a request and not do this in it.

    Raises:
        ForbiddenError: only somebody else may.
    """
    if role is AGENT and not held.manages:
        raise ForbiddenError(
            "Only those who manage the organisation do this.",
            remedy="The data protection officer takes the second look.",
        )
    if role is OFFICER and not held.is_officer:
        raise ForbiddenError(
            "The second look is for the data protection officer, or for somebody else than who decided.",
            remedy="Ask somebody else who manages the organisation.",
        )


@post(f"{REQUEST_PATH}/messages", status_code=303, request_max_body_size=LARGEST_FORM)
async def write_to_person(
    request: AnyRequest, session: Session, member: Member, request_id: FromPath[UUID]
) -> Response[Any]:
    """Write to the person: it stops no clock."""
    form = await receive_form(request)
    held = await get_space_request(session, member, request_id, lock=True)
    require_open(held.request)
    require_role(held, AGENT)
    try:
        text = read_message(form, of_person=False)
        await check_room(session, held.request, AGENT, form.files)
    except InvalidError as error:
        sent = RefusedForm("message", form.values, form_errors(request, error))
        return await _render_request(request, session, held, sent=sent)
    await add_message(
        session, held.request, AGENT, text, actor=member, files=form.files
    )
    return _redirect(held.request)


@post(f"{REQUEST_PATH}/identity", status_code=303)
async def write_identity_note(
    request: AnyRequest, session: Session, member: Member, request_id: FromPath[UUID]
) -> Response[Any]:
    """Note how it was established who the person is."""
    held = await get_space_request(session, member, request_id, lock=True)
    require_open(held.request)
    require_role(held, AGENT)
    form = await receive_form(request)
    try:
        content = read_identity_note(form)
    except InvalidError as error:
        sent = RefusedForm("identity", form.values, form_errors(request, error))
        return await _render_request(request, session, held, sent=sent)
    await note_identity(session, member, held.request, content)
    return _redirect(held.request)


@post(
    f"{REQUEST_PATH}/hold",
    status_code=303,
    guards=[require_confirmation()],
)
async def set_hold(
    request: AnyRequest, session: Session, member: Member, request_id: FromPath[UUID]
) -> Response[Any]:
    """Keep all of it for a complaint or a court case, or no longer."""
    held = await get_space_request(session, member, request_id, lock=True)
    require_kept(held.request)
    require_role(held, AGENT)
    form = await receive_form(request)
    choice = form.text("hold")
    if choice not in HOLDS:
        raise field_error("hold", "Choose one of the list.")
    content = EntryContent(reference=form.text("reference", LONGEST_LINE))
    await hold_request(session, member, held.request, content, hold=HOLDS[choice])
    return _redirect(held.request)


@post(f"{REQUEST_PATH}/files", status_code=303, request_max_body_size=LARGEST_FORM)
async def add_answer_file(
    request: AnyRequest, session: Session, member: Member, request_id: FromPath[UUID]
) -> Response[Any]:
    """Prepare a file of the answer; of a table, each column can then be explained."""
    held = await get_space_request(session, member, request_id, lock=True)
    require_undecided(held.request)
    require_role(held, AGENT)
    form = await receive_form(request)
    prepared = await list_prepared_files(session, held.request)
    refusals = check_files(form.files, field="file", of_person=False)
    if not form.files:
        refusals.refuse("file", "No file was chosen.", "Choose a file.")
    if len(prepared) + len(form.files) > MOST_FILES:
        refusals.refuse("file", "There are too many files.", "Send five at most.")
    try:
        refusals.check()
        await check_room(session, held.request, AGENT, form.files)
    except InvalidError as error:
        sent = RefusedForm("file", form.values, form_errors(request, error))
        return await _render_request(request, session, held, sent=sent)
    for file in form.files:
        await prepare_file(session, held.request, file)
    return _redirect(held.request)


@post(f"{REQUEST_PATH}/files/{{file_id:uuid}}", status_code=303)
async def change_answer_file(
    request: AnyRequest,
    session: Session,
    member: Member,
    request_id: FromPath[UUID],
    file_id: FromPath[UUID],
) -> Redirect:
    """Say what the columns of a prepared table mean, or take a prepared file out."""
    held = await get_space_request(session, member, request_id, lock=True)
    require_undecided(held.request)
    require_role(held, AGENT)
    form = await receive_form(request)
    file = await get_file(session, held.request, file_id, sent=False)
    if form.text("act") == "remove":
        await remove_prepared_file(session, held.request, file_id)
    else:
        columns = read_meanings_form(form, read_meanings(file.columns))
        await explain_columns(session, held.request, file_id, columns)
    return _redirect(held.request)


@get(f"{REQUEST_PATH}/files/{{file_id:uuid}}")
async def download_request_file(
    session: Session,
    member: Member,
    request_id: FromPath[UUID],
    file_id: FromPath[UUID],
) -> Response[bytes]:
    """A file of the request."""
    held = await get_space_request(session, member, request_id)
    return await serve_request_file(
        await get_file(session, held.request, file_id, sent=False)
    )


@get(f"{REQUEST_PATH}/dossier.json")
async def download_dossier(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    request_id: FromPath[UUID],
) -> Response[bytes]:
    """All that was asked, written and decided, to be attached to a complaint."""
    held = await get_space_request(session, member, request_id)
    require_kept(held.request)
    entries = await list_entries(session, held.request)
    signer = make_node_signer(site_of(request).settings)
    content = write_dossier(held, entries, signer, territory.origin)
    disposition = content_disposition(f"{held.request.number}.json")
    headers = {**PRIVATE, "Content-Disposition": disposition}
    return Response(content, media_type="application/json", headers=headers)


@get(KEYS_PATH)
async def publish_keys(request: AnyRequest) -> Response[dict[str, Any]]:
    """The public key with which this node signs dossiers, and its journal where that leaves."""
    keys = make_node_signer(site_of(request).settings).public_keys()
    return Response(keys, headers={"Cache-Control": "public, max-age=300"})


def _redirect(row: SubjectRequest) -> Redirect:
    return Redirect(f"{REQUESTS_PATH}/{row.id}", status_code=303)


PAGES: Routes = [
    list_producer_requests,
    show_producer_request,
    apply_producer_event,
    write_to_person,
    write_identity_note,
    set_hold,
    add_answer_file,
    change_answer_file,
    download_request_file,
    download_dossier,
]
routes: Routes = [
    publish_keys,
    Router(
        "/",
        route_handlers=PAGES,
        dependencies={"session": Provide(provide_form_session)},
    ),
]
