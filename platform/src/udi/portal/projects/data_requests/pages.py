"""The board of requests for data, the page of one, and what is done there."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError
from udi.kit.identity import Actor
from udi.kit.paging import page_number
from udi.kit.tenancy import Territory
from udi.portal.catalogue.search.index import SEARCH_INDEXES
from udi.portal.organisations.queries import find_organisation, list_claimed_producers
from udi.portal.projects.data_requests import atom, matching, queries
from udi.portal.projects.data_requests.actions import (
    DataRequestInput,
    correct_request,
    create_request,
    remove_support,
    support_request,
    withdraw_request,
)
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.projects.data_requests.transitions import DataRequestState
from udi.protocol.themes import THEMES
from udi.ui.atom import MEDIA_TYPE
from udi.ui.dependencies import (
    AnyRequest,
    CurrentTerritory,
    Member,
    Routes,
    Session,
    Visitor,
)
from udi.ui.errors import form_errors
from udi.ui.form_drafts import read_answers
from udi.ui.locale import localise
from udi.ui.site import render, site_of

HOME = "/data-requests"
ONE = f"{HOME}/{{request_id:uuid}}"
FEED_SIZE = 50


@get(HOME)
async def show_board(
    request: AnyRequest, session: Session, actor: Visitor
) -> Response[str]:
    """What people need and do not find."""
    parameters = request.query_params
    if parameters.get("show") in queries.BOARDS:
        board = parameters.get("show", "open")
    else:
        board = "open"
    page = await queries.list_requests(
        session, board, page_number(parameters.get("page", 1))
    )
    if actor:
        sent = await queries.list_requests_to_answer(session, actor)
    else:
        sent = []
    my_requests = await queries.list_own_requests(session, actor) if actor else []

    def page_url(number: int) -> str:
        return f"{HOME}?show={board}&page={number}"

    facts: dict[str, Any] = {
        "page": page,
        "board": board,
        "sent": sent,
        "my_requests": my_requests,
        "page_url": page_url,
    }
    return render(request, "projects/data-requests.html", **facts)


@get(f"{HOME}.atom")
async def show_feed(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[bytes]:
    """Those that changed last."""
    say = site_of(request).pages.translator(request)
    language = request.scope["state"]["locale"]
    feed = atom.write_feed(
        await queries.list_newest(session, FEED_SIZE),
        territory,
        language,
        say("Data that people ask for"),
    )
    return Response(feed, media_type=MEDIA_TYPE, headers={"Vary": "Accept-Language"})


@get(f"{HOME}/new")
async def show_form(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,  # noqa: ARG001 - a passer-by is led to the login first
) -> Response[str]:
    """The form; with a title, what is near it first."""
    request_input = DataRequestInput(
        **read_answers(request, ("title", "words", "theme"))
    )
    return await _render_form(request, session, territory, request_input)


@post(f"{HOME}/new", status_code=303)
async def send_request(
    request: AnyRequest, session: Session, territory: CurrentTerritory, member: Member
) -> Response[Any]:
    """Ask; first, whether it is there, or asked already."""
    request_input, form = await _read_form(request)
    near = await _find_similar_datasets(request, session, territory, request_input)
    twins = await matching.find_similar_requests(session, request_input.title)
    if (near or twins) and not form.get("seen") and not request_input.check():
        return await _render_form(
            request,
            session,
            territory,
            request_input,
            status=422,
            near=near,
            twins=twins,
            met=True,
        )
    likely = await matching.find_likely_producers(session, near, request_input.theme)
    try:
        data_request = await create_request(
            session,
            member,
            request_input,
            likely,
            language=request.scope["state"]["locale"],
        )
    except InvalidError as error:
        return await _render_form(
            request,
            session,
            territory,
            request_input,
            status=422,
            error=error,
            met=bool(form.get("seen")),
        )
    return Redirect(f"{HOME}/{data_request.id}", status_code=303)


@get(ONE)
async def show_request(
    request: AnyRequest, session: Session, actor: Visitor, request_id: FromPath[UUID]
) -> Response[Any]:
    """What is needed, who may hold it, what was answered; one that was joined with another leads there."""
    data_request = await queries.get_request(session, actor, request_id)
    if data_request.state == DataRequestState.MERGED:
        return Redirect(f"{HOME}/{data_request.merged_into}", status_code=301)
    return await render_request(request, session, actor, data_request)


@get(f"{ONE}/correct")
async def show_correction(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    request_id: FromPath[UUID],
) -> Response[str]:
    """The form, as it was sent."""
    data_request = await queries.get_own_request(session, member, request_id)
    request_input = DataRequestInput(
        data_request.title, data_request.words, data_request.theme
    )
    return await _render_form(
        request, session, territory, request_input, of=data_request
    )


@post(f"{ONE}/correct", status_code=303)
async def send_correction(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    request_id: FromPath[UUID],
) -> Response[Any]:
    """Say it better."""
    data_request = await queries.get_own_request(session, member, request_id, lock=True)
    request_input, _ = await _read_form(request)
    try:
        await correct_request(session, member, data_request, request_input)
    except InvalidError as error:
        return await _render_form(
            request,
            session,
            territory,
            request_input,
            status=422,
            error=error,
            of=data_request,
        )
    return Redirect(f"{HOME}/{data_request.id}", status_code=303)


@post(f"{ONE}/withdraw", status_code=303)
async def send_withdrawal(
    session: Session, member: Member, request_id: FromPath[UUID]
) -> Redirect:
    """Take it back."""
    data_request = await queries.get_own_request(session, member, request_id, lock=True)
    await withdraw_request(session, member, data_request)
    return Redirect(f"{HOME}/{data_request.id}", status_code=303)


@post(f"{ONE}/support", status_code=303)
async def set_support(
    request: AnyRequest, session: Session, member: Member, request_id: FromPath[UUID]
) -> Redirect:
    """Say that one needs the same data, or (`stop`) no more."""
    data_request = await queries.get_request(session, member, request_id, lock=True)
    if (await request.form()).get("stop"):
        await remove_support(session, member, data_request)
    else:
        await support_request(
            session, member, data_request, language=request.scope["state"]["locale"]
        )
    return Redirect(f"{HOME}/{data_request.id}", status_code=303)


async def render_request(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor | None,
    data_request: DataRequest,
    *,
    status: int = 200,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response[str]:
    """The page of a request; with what was said wrongly."""
    routes = await queries.list_recipients(session, data_request.id)
    team = actor is not None and actor.moderator
    return render(
        request,
        "projects/data-request.html",
        status=status,
        data_request=data_request,
        routes=routes,
        answering=queries.may_answer(actor, routes),
        is_requester=actor is not None and data_request.person_id == actor.person_id,
        supported=await queries.is_supporter(session, actor, data_request.id),
        dataset=await queries.find_dataset(session, data_request.dataset_id),
        answered_by=await find_organisation(session, data_request.answered_by),
        producers=[
            (producer.slug, producer.name)
            for producer in await list_claimed_producers(session)
        ]
        if team
        else [],
        twins=await matching.find_similar_requests(
            session, data_request.title, but=data_request.id
        )
        if team
        else [],
        form_values=values or {},
        errors=errors or {},
    )


async def _find_similar_datasets(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    request_input: DataRequestInput,
) -> list[matching.SimilarDataset]:
    reader = site_of(request).services[SEARCH_INDEXES].find(territory.id)
    return await matching.find_similar_datasets(
        session, reader, request_input.title, request_input.theme
    )


async def _read_form(request: AnyRequest) -> tuple[DataRequestInput, Mapping[str, Any]]:
    form = await request.form()
    return DataRequestInput(
        **{name: str(form.get(name) or "") for name in ("title", "words", "theme")}
    ).tidy(), form


async def _render_form(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    request_input: DataRequestInput,
    *,
    status: int = 200,
    error: InvalidError | None = None,
    of: DataRequest | None = None,
    near: Sequence[matching.SimilarDataset] | None = None,
    twins: Sequence[DataRequest] | None = None,
    met: bool = False,
) -> Response[str]:
    if near is None and of is None and request_input.title:
        near = await _find_similar_datasets(request, session, territory, request_input)
        twins = await matching.find_similar_requests(session, request_input.title)
    language = request.scope["state"]["locale"]
    themes = [
        (theme.code, localise(theme.label, language)) for theme in THEMES.values()
    ]
    facts = {
        "request_input": request_input,
        "errors": form_errors(request, error),
        "of": of,
        "met": met,
        "is_filled_in": "words" in request.query_params,
        "themes": themes,
    }
    near_datasets = matching.drop_same_titles(near or [])[: matching.MOST_SHOWN]
    return render(
        request,
        "projects/data-request-form.html",
        status=status,
        near=near_datasets,
        twins=twins or [],
        **facts,
    )


routes: Routes = [
    show_board,
    show_feed,
    show_form,
    send_request,
    show_request,
    show_correction,
    send_correction,
    send_withdrawal,
    set_support,
]
