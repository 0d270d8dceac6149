"""`/my-data/requests`: one's own requests, as far as the portal knows them; their words are read and written at the node."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.calendar_entries import MEDIA_TYPE as CALENDAR
from udi.kit.clock import today
from udi.kit.errors import NotFoundError
from udi.kit.keys import SIGNER
from udi.portal.selfdata.choice import PATH
from udi.portal.selfdata.forms import RIGHT_NAMES
from udi.portal.selfdata.requests.calendars import (
    list_months,
    list_weekdays,
    write_due_days,
)
from udi.portal.selfdata.requests.drafts import withdraw_draft
from udi.portal.selfdata.requests.queries import (
    OwnRequest,
    get_own_request,
    list_own_requests,
)
from udi.portal.selfdata.requests.returns import ReturnOutcome, confirm_return
from udi.portal.selfdata.requests.tickets import write_ticket
from udi.portal.selfdata.requests.timeline import (
    HEAD,
    HEIGHT,
    draw_bar,
    draw_months,
    span_axis,
)
from udi.portal.selfdata.rights_requests import producer_country
from udi.protocol.credentials import TICKET
from udi.protocol.subject_requests import ENDED, SubjectRequestState
from udi.protocol.subject_tickets import SUBJECT_REQUESTS_PATH
from udi.ui.dependencies import (
    AnyRequest,
    CurrentTerritory,
    Member,
    Routes,
    Session,
)
from udi.ui.middleware import WRITES, content_security_policy, list_form_targets
from udi.ui.site import render, site_of

HOME = f"{PATH}/requests"
ONE = f"{HOME}/{{request_id:uuid}}"
STATE_NAMES = {
    SubjectRequestState.DRAFTED: "To be sent",
    SubjectRequestState.SUBMITTED: "Received",
    SubjectRequestState.IDENTITY_PENDING: "A question for you",
    SubjectRequestState.PROCESSING: "Being processed",
    SubjectRequestState.EXTENDED: "Two months more",
    SubjectRequestState.ANSWERED: "Answered",
    SubjectRequestState.REFUSED: "Refused",
    SubjectRequestState.ESCALATED: "With the data protection officer",
    SubjectRequestState.CLOSED: "Closed",
    SubjectRequestState.LAPSED: "Lapsed",
    SubjectRequestState.WITHDRAWN: "Withdrawn",
}
"""States in words, in English: messages of the catalogues."""


@get(HOME)
async def show_requests(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
) -> Response[str]:
    """All of one's requests on one axis, the most urgent first."""
    day = today(territory.zone)
    own_requests = await list_own_requests(session, member)
    drafts = [own_request for own_request in own_requests if own_request.is_draft]
    live = [
        own_request
        for own_request in own_requests
        if not own_request.is_draft and own_request.request.state not in ENDED
    ]
    live.sort(key=lambda own_request: _urgency(own_request, day))
    axis = span_axis(live, day)
    language: str = request.scope["state"]["locale"]
    return render(
        request,
        "selfdata/requests.html",
        drafts=drafts,
        lapsed_drafts=[one for one in own_requests if one.is_lapsed_draft],
        bars=[(live_one, draw_bar(live_one, axis, language)) for live_one in live],
        months=draw_months(axis, language),
        sent=[one for one in own_requests if one.request.received_on is not None],
        day=day,
        head_height=HEAD,
        bar_height=HEIGHT,
        node_path=SUBJECT_REQUESTS_PATH,
        right_names=RIGHT_NAMES,
        state_names=STATE_NAMES,
    )


def _urgency(own_request: OwnRequest, day: Any) -> tuple[bool, bool, Any]:
    """Late ones first, then those with something to read, then by the day that is due."""
    request = own_request.request
    is_read = request.news_at is None
    return (not own_request.is_late(day), is_read, request.due_on or day)


@get(f"{HOME}.ics")
async def send_all_due_days(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
) -> Response[bytes]:
    """The days by which open requests are to be answered, for a calendar."""
    own_requests = await list_own_requests(session, member)
    opened = [one for one in own_requests if one.is_open and not one.is_contested]
    return _send_calendar(request, opened, territory.origin)


@get(f"{ONE}/due.ics")
async def send_due_day(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    request_id: FromPath[UUID],
) -> Response[bytes]:
    """The day by which one is to be answered."""
    own_request = await get_own_request(session, member, request_id)
    return _send_calendar(request, [own_request], territory.origin)


def _send_calendar(
    request: AnyRequest, own_requests: Sequence[OwnRequest], origin: str
) -> Response[bytes]:
    say = site_of(request).pages.translator(request)
    title = say("Last day to answer request %(number)s")
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="requests.ics"',
    }
    body = write_due_days(own_requests, title, origin)
    return Response(body, media_type=CALENDAR, headers=headers)


@get(ONE)
async def show_request(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    request_id: FromPath[UUID],
) -> Response[str]:
    """A draft with the button that leads to the node, or the word that it lapsed; of one that was sent, the receipt."""
    own_request = await get_own_request(session, member, request_id)
    if own_request.is_draft or own_request.is_lapsed_draft:
        return await _render_draft(request, session, territory, own_request)
    row = own_request.request
    language: str = request.scope["state"]["locale"]
    months = []
    if row.received_on is not None and row.due_on is not None:
        country = producer_country(own_request.producer, territory)
        months = list_months(row.received_on, row.due_on, country, language)
    drafts = [
        other for other in await list_own_requests(session, member) if other.is_draft
    ]
    return render(
        request,
        "selfdata/receipt.html",
        own_request=own_request,
        months=months,
        weekdays=list_weekdays(language),
        drafts=drafts,
        day=today(territory.zone),
        node_path=SUBJECT_REQUESTS_PATH,
        right_names=RIGHT_NAMES,
        state_names=STATE_NAMES,
    )


async def _render_draft(
    request: AnyRequest,
    session: AsyncSession,
    territory: Any,
    own_request: OwnRequest,
) -> Response[str]:
    site = site_of(request)
    language: str = request.scope["state"]["locale"]
    ticket_form = None
    if own_request.is_draft:
        ticket_form = await write_ticket(
            session, site.services[SIGNER], territory, own_request, language=language
        )
    page = render(
        request,
        "selfdata/draft.html",
        own_request=own_request,
        ticket_form=ticket_form,
        node_path=SUBJECT_REQUESTS_PATH,
        minutes=int(TICKET.total_seconds() // 60),
        right_names=RIGHT_NAMES,
    )
    page.headers["Cache-Control"] = "no-store"
    targets = list_form_targets(request)
    if ticket_form is not None:
        targets = [*targets, ticket_form.origin]
    page.headers["Content-Security-Policy"] = content_security_policy(targets)
    return page


@post(f"{ONE}/delete", status_code=303)
async def delete_draft(
    session: Session, member: Member, request_id: FromPath[UUID]
) -> Redirect:
    """Give a draft up: nothing was sent."""
    own_request = await get_own_request(session, member, request_id)
    await withdraw_draft(session, own_request)
    return Redirect(HOME, status_code=303)


@get(f"{ONE}/return", opt={WRITES: True})
async def come_back(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    request_id: FromPath[UUID],
    confirmation: FromQuery[str] = "",
) -> Response[Any]:
    """Come back from the node, where the request was written; the address is left at once."""
    try:
        own_request = await get_own_request(session, member, request_id)
    except NotFoundError:
        return _render_return(request, None, "unknown", status=404)
    outcome = await confirm_return(session, territory, own_request, confirmation)
    if outcome is ReturnOutcome.CONFIRMED:
        return Redirect(f"{HOME}/{request_id}", status_code=303)
    return _render_return(request, own_request, outcome, status=409)


def _render_return(
    request: AnyRequest, own_request: OwnRequest | None, outcome: str, *, status: int
) -> Response[str]:
    return render(
        request,
        "selfdata/return.html",
        status=status,
        own_request=own_request,
        outcome=outcome,
        home=HOME,
    )


routes: Routes = [
    show_requests,
    send_all_due_days,
    send_due_day,
    show_request,
    delete_draft,
    come_back,
]
