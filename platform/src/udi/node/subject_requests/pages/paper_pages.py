"""For a producer: a request that came on paper or at a counter, and who takes the second look."""

import secrets
from datetime import datetime, time
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import Provide
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.clock import today
from udi.kit.errors import InvalidError, Refusals, field_error
from udi.kit.mail_addresses import is_mail_address
from udi.kit.tenancy import Territory
from udi.node.files.restricted import PRIVATE
from udi.node.spaces.models import Space
from udi.node.subject_requests.actions import (
    PaperRequestInput,
    enter_paper_request,
    set_officer,
)
from udi.node.subject_requests.forms import (
    LONGEST_LINE,
    NOTHING_REFUSED,
    RefusedForm,
    SentForm,
    read_day,
    receive_form,
)
from udi.node.subject_requests.pages.form_sessions import provide_form_session
from udi.node.subject_requests.pages.wording import page_words
from udi.node.subject_requests.queries import find_officer, get_managed_space
from udi.protocol.deadlines import country_of_zone
from udi.protocol.subject_requests import SubjectRight
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import (
    AnyRequest,
    CurrentTerritory,
    Member,
    Routes,
    Session,
)
from udi.ui.errors import form_errors
from udi.ui.site import render

NEW_PATH = "/spaces/{slug:str}/requests/new"
SETTINGS_PATH = "/spaces/{slug:str}/requests/settings"
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Those that nobody confuses."""


def draw_number() -> str:
    """The number of a request on paper: `P7F3-K2M`."""
    drawn = "".join(secrets.choice(LETTERS) for _ in range(6))
    return f"P{drawn[:3]}-{drawn[3:]}"


@get(NEW_PATH)
async def show_paper_form(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    slug: FromPath[str],
) -> Response[str]:
    """The form for a request that came on paper."""
    space = await get_managed_space(session, member, slug)
    return _render_paper(request, territory, space)


def _render_paper(
    request: AnyRequest,
    territory: Territory,
    space: Space,
    sent: RefusedForm = NOTHING_REFUSED,
) -> Response[str]:
    page = render(
        request,
        "subject_requests/paper.html",
        status=422 if sent.errors else 200,
        space=space,
        sent=sent,
        today=today(territory.zone),
        rights=list(SubjectRight),
        **page_words(),
    )
    page.headers.update(PRIVATE)
    return page


@post(NEW_PATH, status_code=303)
async def write_paper_request(
    request: AnyRequest,
    session: Session,
    member: Member,
    territory: CurrentTerritory,
    slug: FromPath[str],
) -> Response[Any]:
    """Write down a request; the month runs from the day on which the paper came."""
    space = await get_managed_space(session, member, slug)
    form = await receive_form(request)
    try:
        described = _read_paper(form, territory)
    except InvalidError as error:
        sent = RefusedForm("paper", form.values, form_errors(request, error))
        return _render_paper(request, territory, space, sent)
    written = await enter_paper_request(session, member, space, described)
    return Redirect(f"/requests/{written.id}", status_code=303)


def _read_paper(form: SentForm, territory: Territory) -> PaperRequestInput:
    refusals = Refusals()
    day = read_day(form, "received_on", refusals, today(territory.zone))
    if form.text("right") not in set(SubjectRight):
        refusals.refuse("right", "Choose one of the list.")
    for name in ("person_name", "person_contact"):
        if not form.text(name):
            refusals.refuse(name, "This is missing.", "It is on the paper.")
    refusals.check()
    noon = datetime.combine(day, time(12), territory.zone)
    return PaperRequestInput(
        number=draw_number(),
        right=form.text("right"),
        received_at=noon,
        language=territory.languages[0],
        country=country_of_zone(territory.time_zone),
        time_zone=territory.time_zone,
        person_name=form.text("person_name", LONGEST_LINE),
        person_contact=form.text("person_contact", LONGEST_LINE),
        words=form.text("words"),
    )


@get(SETTINGS_PATH)
async def show_settings(
    request: AnyRequest, session: Session, member: Member, slug: FromPath[str]
) -> Response[str]:
    """Who takes the second look."""
    space = await get_managed_space(session, member, slug)
    officer = await find_officer(session, space)
    return _render_settings(request, space, officer)


def _render_settings(
    request: AnyRequest,
    space: Space,
    officer: str,
    sent: RefusedForm = NOTHING_REFUSED,
) -> Response[str]:
    return render(
        request,
        "subject_requests/settings.html",
        status=422 if sent.errors else 200,
        space=space,
        officer=officer,
        sent=sent,
    )


@post(SETTINGS_PATH, status_code=303, guards=[require_confirmation()])
async def write_settings(
    request: AnyRequest, session: Session, member: Member, slug: FromPath[str]
) -> Response[Any]:
    """Name the data protection officer by their address, or nobody."""
    space = await get_managed_space(session, member, slug)
    form = await receive_form(request)
    address = form.text("officer_email", LONGEST_LINE)
    if address and not is_mail_address(address):
        error = field_error("officer_email", "This is not a mail address.")
        sent = RefusedForm("settings", form.values, form_errors(request, error))
        return _render_settings(request, space, address, sent)
    await set_officer(session, member, space, address)
    return Redirect("/requests", status_code=303)


PAGES: Routes = [
    show_paper_form,
    write_paper_request,
    show_settings,
    write_settings,
]
routes: Routes = [
    Router(
        "/",
        route_handlers=PAGES,
        dependencies={"session": Provide(provide_form_session)},
    )
]
