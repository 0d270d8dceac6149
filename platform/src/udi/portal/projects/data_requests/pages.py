"""The board of requests for data, the page of one, and what is done there."""

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
from udi.kit.paging import page_number
from udi.kit.tenancy import Territory
from udi.portal.organisations.queries import list_producers
from udi.portal.projects.data_requests import atom, matching, queries
from udi.portal.projects.data_requests.asking import Asked, ask, correct, stop_supporting, support, withdraw
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.projects.data_requests.states import State
from udi.protocol.themes import THEMES
from udi.ui.errors import say_fields
from udi.ui.locale import localised
from udi.ui.site import render, site_of

HOME = "/data-requests"
ONE = f"{HOME}/{{request_id:uuid}}"
MOST_FED = 50
AnyRequest = Request[Any, Any, AppState]


@get(HOME)
async def show_board(
    request: AnyRequest, session: NamedDependency[AsyncSession], actor: NamedDependency[Actor | None]
) -> Response[str]:
    """What people need and do not find."""
    said = request.query_params
    board = said.get("show", "open") if said.get("show") in queries.BOARDS else "open"
    page = await queries.list_requests(session, board, page_number(said.get("page", 1)))
    sent = await queries.list_sent_to(session, actor) if actor else []
    own = await queries.list_own(session, actor) if actor else []

    def page_url(number: int) -> str:
        return f"{HOME}?show={board}&page={number}"

    facts: dict[str, Any] = {"page": page, "board": board, "sent": sent, "own": own, "page_url": page_url}
    return render(request, "projects/data-requests.html", **facts)


@get(f"{HOME}.atom")
async def show_feed(
    request: AnyRequest, session: NamedDependency[AsyncSession], territory: NamedDependency[Territory]
) -> Response[bytes]:
    """Those that changed last."""
    say, language = site_of(request).pages.speaker(request), request.scope["state"]["locale"]
    feed = atom.write_feed(
        await queries.list_newest(session, MOST_FED), territory, language, say("Data that people ask for")
    )
    return Response(feed, media_type=atom.MEDIA_TYPE, headers={"Vary": "Accept-Language"})


@get(f"{HOME}/new")
async def show_form(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],  # noqa: ARG001 - a passer-by is led to the login first
) -> Response[str]:
    """The form; with a title, what is near it first."""
    asked = Asked(title=request.query_params.get("title", "")[:150])
    return await _form(request, session, territory, asked)


@post(f"{HOME}/new", status_code=303)
async def send(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
) -> Response[Any]:
    """Ask; first, whether it is there, or asked already."""
    asked, form = await _read(request)
    near = await _find_near(request, session, territory, asked)
    twins = await matching.find_twins(session, asked.title)
    if (near or twins) and not form.get("seen") and not asked.check():
        return await _form(request, session, territory, asked, status=422, near=near, twins=twins, met=True)
    likely = await matching.find_likely(session, near, asked.theme)
    try:
        made = await ask(session, member, asked, likely, language=request.scope["state"]["locale"])
    except InvalidError as error:
        return await _form(request, session, territory, asked, status=422, error=error, met=bool(form.get("seen")))
    return Redirect(f"{HOME}/{made.id}", status_code=303)


@get(ONE)
async def show_one(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    actor: NamedDependency[Actor | None],
    request_id: FromPath[UUID],
) -> Response[Any]:
    """What is needed, who may hold it, what was answered; one that was joined with another leads there."""
    found = await queries.get_request(session, actor, request_id)
    if found.state == State.MERGED:
        return Redirect(f"{HOME}/{found.merged_into}", status_code=301)
    return await show(request, session, actor, found)


@get(f"{ONE}/correct")
async def show_correction(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    request_id: FromPath[UUID],
) -> Response[str]:
    """The form, as it was sent."""
    own = await queries.get_own(session, member, request_id)
    asked = Asked(own.title, own.words, own.theme)
    return await _form(request, session, territory, asked, of=own)


@post(f"{ONE}/correct", status_code=303)
async def send_correction(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    request_id: FromPath[UUID],
) -> Response[Any]:
    """Say it better."""
    own = await queries.get_own(session, member, request_id, lock=True)
    asked, _ = await _read(request)
    try:
        await correct(session, member, own, asked)
    except InvalidError as error:
        return await _form(request, session, territory, asked, status=422, error=error, of=own)
    return Redirect(f"{HOME}/{own.id}", status_code=303)


@post(f"{ONE}/withdraw", status_code=303)
async def take_back(
    session: NamedDependency[AsyncSession], member: NamedDependency[Actor], request_id: FromPath[UUID]
) -> Redirect:
    """Take it back."""
    own = await queries.get_own(session, member, request_id, lock=True)
    await withdraw(session, member, own)
    return Redirect(f"{HOME}/{own.id}", status_code=303)


@post(f"{ONE}/support", status_code=303)
async def set_support(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    request_id: FromPath[UUID],
) -> Redirect:
    """Say that one needs the same data, or (`stop`) no more."""
    found = await queries.get_request(session, member, request_id, lock=True)
    if (await request.form()).get("stop"):
        await stop_supporting(session, member, found)
    else:
        await support(session, member, found, language=request.scope["state"]["locale"])
    return Redirect(f"{HOME}/{found.id}", status_code=303)


async def show(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor | None,
    found: DataRequest,
    *,
    status: int = 200,
    said: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response[str]:
    """The page of a request; with what was said wrongly."""
    routes = await queries.list_routes(session, found.id)
    team = actor is not None and actor.moderator
    return render(
        request,
        "projects/data-request.html",
        status=status,
        found=found,
        routes=routes,
        answering=queries.may_answer(actor, routes),
        own=actor is not None and found.person_id == actor.person_id,
        supported=await queries.supports(session, actor, found.id),
        dataset=await queries.find_dataset(session, found.dataset_id),
        answered_by=await queries.find_organisation(session, found.answered_by),
        producers=[(each.slug, each.name) for each in await list_producers(session)] if team else [],
        twins=await matching.find_twins(session, found.title, but=found.id) if team else [],
        said=said or {},
        errors=errors or {},
    )


async def _find_near(
    request: AnyRequest, session: AsyncSession, territory: Territory, asked: Asked
) -> list[matching.Near]:
    reader = site_of(request).parts["search"].find(territory.id)
    return await matching.find_near_datasets(session, reader, asked.title, asked.theme)


async def _read(request: AnyRequest) -> tuple[Asked, Mapping[str, Any]]:
    form = await request.form()
    return Asked(**{name: str(form.get(name) or "") for name in ("title", "words", "theme")}).tidy(), form


async def _form(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    asked: Asked,
    *,
    status: int = 200,
    error: InvalidError | None = None,
    of: DataRequest | None = None,
    near: Sequence[matching.Near] | None = None,
    twins: Sequence[DataRequest] | None = None,
    met: bool = False,
) -> Response[str]:
    if near is None and of is None and asked.title:
        near, twins = (
            await _find_near(request, session, territory, asked),
            await matching.find_twins(session, asked.title),
        )
    language = request.scope["state"]["locale"]
    themes = [(theme.code, localised(theme.label, language)) for theme in THEMES.values()]
    facts = {"asked": asked, "errors": say_fields(request, error), "of": of, "met": met, "themes": themes}
    shown = matching.told_apart(near or [])[: matching.MOST_SHOWN]
    return render(request, "projects/data-request-form.html", status=status, near=shown, twins=twins or [], **facts)


routes: Sequence[ControllerRouterHandler] = [
    show_board,
    show_feed,
    show_form,
    send,
    show_one,
    show_correction,
    send_correction,
    take_back,
    set_support,
]
