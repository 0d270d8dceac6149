"""«Join as a producer»: the page for everybody, the request of a person, what the territory's team reads and decides."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State as AppState
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.organisations.joining import deciding, queries
from udi.portal.organisations.joining.asking import Asked, ask, correct, withdraw
from udi.portal.organisations.joining.states import BY_TEAM, NEXT, Event, State
from udi.portal.organisations.members.queries import list_own_entries
from udi.portal.organisations.models import Application
from udi.portal.tenants.texts import find_text
from udi.ui.decisions import decides
from udi.ui.errors import say_fields
from udi.ui.site import render

HOME = "/join"
ONE = f"{HOME}/{{application_id:uuid}}"
AnyRequest = Request[Any, Any, AppState]


@get(HOME)
async def show_home(
    request: AnyRequest, session: NamedDependency[AsyncSession], actor: NamedDependency[Actor | None]
) -> Response[str]:
    """How to join, and what the person asked already."""
    own = await queries.list_own(session, actor) if actor else []
    waiting = await queries.count_waiting(session) if actor and actor.moderator else 0
    entries = await list_own_entries(session, actor) if actor else []
    return render(request, "organisations/join.html", own=own, waiting=waiting, entries=entries)


@get(f"{HOME}/new")
async def show_form(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],  # noqa: ARG001 - a passer-by is led to the login first
) -> Response[str]:
    """The form."""
    return await _form(request, session, Asked())


@post(f"{HOME}/new", status_code=303)
async def send(
    request: AnyRequest, session: NamedDependency[AsyncSession], member: NamedDependency[Actor]
) -> Response[Any]:
    """Ask; first, whether the organisation is one of those that look like it."""
    asked, form = await _read(request)
    tidy = asked.tidy()
    alike = await queries.find_alike(session, tidy.name, tidy.country, tidy.registry_number) if tidy.name else []
    if alike and not form.get("apart"):
        return await _form(request, session, asked, status=422, alike=alike)
    try:
        application = await ask(session, member, asked, language=request.scope["state"]["locale"])
    except InvalidError as error:
        return await _form(request, session, asked, status=422, error=error, apart=bool(form.get("apart")))
    return Redirect(f"{HOME}/{application.id}", status_code=303)


@get(f"{HOME}/requests")
async def show_requests(
    request: AnyRequest, session: NamedDependency[AsyncSession], member: NamedDependency[Actor]
) -> Response[str]:
    """Every request, for the territory's team."""
    return render(request, "organisations/requests.html", rows=await queries.list_for_team(session, member))


@get(ONE)
async def show_one(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    application_id: FromPath[UUID],
) -> Response[str]:
    """How a request stands, and what may be done with it."""
    application = await queries.get_application(session, member, application_id)
    return await _show(request, session, member, application)


@get(f"{ONE}/correct")
async def show_correction(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    application_id: FromPath[UUID],
) -> Response[str]:
    """The form, as it was sent."""
    application = await queries.get_own(session, member, application_id)
    return await _form(request, session, _asked_of(application), of=application)


@post(f"{ONE}/correct", status_code=303)
async def send_correction(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    application_id: FromPath[UUID],
) -> Response[Any]:
    """Send it again."""
    application = await queries.get_own(session, member, application_id, lock=True)
    asked, _ = await _read(request)
    try:
        async with session.begin_nested():
            await correct(session, member, application, asked, language=request.scope["state"]["locale"])
    except InvalidError as error:
        await session.refresh(application)
        return await _form(request, session, asked, status=422, error=error, of=application)
    return Redirect(f"{HOME}/{application.id}", status_code=303)


@post(f"{ONE}/withdraw", status_code=303)
async def take_back(
    session: NamedDependency[AsyncSession], member: NamedDependency[Actor], application_id: FromPath[UUID]
) -> Redirect:
    """Take it back."""
    application = await queries.get_own(session, member, application_id, lock=True)
    await withdraw(session, member, application)
    return Redirect(f"{HOME}/{application.id}", status_code=303)


@post(f"{ONE}/decide", status_code=303, guards=[decides()])
async def decide(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    application_id: FromPath[UUID],
) -> Response[Any]:
    """The team approves, refuses or asks for more."""
    queries.require_team(member)
    application = await queries.get_application(session, member, application_id, lock=True)
    form = await request.form()
    words, decision = str(form.get("words") or ""), str(form.get("decision") or "")
    revision = str(form.get("revision") or "")
    seen = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 9 else 0  # noqa: PLR2004 - a small number
    try:
        if decision == Event.APPROVE:
            await deciding.approve(session, member, application, revision=seen)
        elif decision == Event.ASK_MORE:
            await deciding.ask_more(session, member, application, words, revision=seen)
        else:
            await deciding.refuse(session, member, application, words, revision=seen)
    except InvalidError as error:
        return await _show(
            request, session, member, application, status=422, words=words, errors=say_fields(request, error)
        )
    return Redirect(f"{HOME}/{application.id}", status_code=303)


async def _read(request: AnyRequest) -> tuple[Asked, Mapping[str, Any]]:
    form = await request.form()
    texts = {name: str(form.get(name) or "") for name in ("name", "registry_number", "kind", "email", "url", "choice")}
    country = str(form.get("country", Asked.country))
    return Asked(**texts, country=country, charter=bool(form.get("charter"))), form


def _asked_of(application: Application) -> Asked:
    names = ("name", "country", "registry_number", "kind", "email", "url", "choice")
    return Asked(**{name: getattr(application, name) for name in names}, charter=True)


async def _form(
    request: AnyRequest,
    session: AsyncSession,
    asked: Asked,
    *,
    status: int = 200,
    error: InvalidError | None = None,
    of: Application | None = None,
    alike: Sequence[Any] = (),
    apart: bool = False,
) -> Response[str]:
    territory: Territory = request.scope["state"]["territory"]
    charter = await find_text(session, territory.id, "charter", request.scope["state"]["locale"])
    facts = {"asked": asked, "errors": say_fields(request, error), "of": of, "alike": alike, "apart": apart}
    return render(request, "organisations/join-form.html", status=status, charter=charter, **facts)


async def _show(
    request: AnyRequest,
    session: AsyncSession,
    member: Actor,
    application: Application,
    *,
    status: int = 200,
    words: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response[str]:
    organisation = await queries.find_organisation(session, application.organisation_id)
    change = organisation and await queries.find_waiting_change(session, organisation.id, application.person_id)
    possible = {event for state, event in NEXT if state == application.state}
    return render(
        request,
        "organisations/request.html",
        status=status,
        application=application,
        own=application.person_id == member.person_id,
        who=await queries.find_person(session, application),
        organisation=organisation,
        change=change,
        possible=possible,
        decides=member.moderator and any(event in possible for event in BY_TEAM),
        words=words,
        errors=errors or {},
        approved=application.state == State.APPROVED,
    )


routes: Sequence[ControllerRouterHandler] = [
    show_home,
    show_form,
    send,
    show_requests,
    show_one,
    show_correction,
    send_correction,
    take_back,
    decide,
]
