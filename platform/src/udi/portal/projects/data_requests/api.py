"""`/api/v1/data-requests`: data that people need and nobody publishes, for programs; with a token, what pages let do."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, Refusal
from udi.kit.paging import PAGE_SIZE
from udi.kit.tenancy import Territory
from udi.portal.catalogue.open.asked import Asked as Parameters
from udi.portal.catalogue.pages.asked import read_pairs
from udi.portal.identity.bearers import PROGRAMS
from udi.portal.identity.tokens import Bearer
from udi.portal.projects.bodies import read_body
from udi.portal.projects.data_requests import matching, queries, shapes
from udi.portal.projects.data_requests.asking import Asked, ask, correct, stop_supporting, support, withdraw
from udi.portal.projects.data_requests.decisions import ACTS
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.projects.data_requests.states import State
from udi.portal.projects.programs import MAX_BODY, PRIVATE, Machine, dependencies, find_bearer, sent
from udi.ui.cross_origin import OpenToAll
from udi.ui.site import site_of

CLOSED = (State.HIDDEN, State.WITHDRAWN)


@get("/")
async def list_board(
    request: Machine, session: NamedDependency[AsyncSession], territory: NamedDependency[Territory]
) -> Response[Any]:
    """A page of the board: those that most people need first."""
    asked = Parameters(read_pairs(request), ("show", "page", "size"))
    boards = asked.choices("show", queries.BOARDS) or ["open"]
    number, size = asked.whole("page", 1, most=10_000), asked.whole("size", PAGE_SIZE, most=100)
    asked.check()
    page = await queries.list_requests(session, boards[0], number, size=size)
    return sent(request, shapes.DataRequestPage.of(page, territory.origin))


@get("/{data_request_id:uuid}")
async def read_request(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    data_request_id: FromPath[UUID],
) -> Response[Any]:
    """One request and its answer; one's own too where it is not shown, with a token."""
    bearer = find_bearer(request, shapes.SCOPE)
    found = await queries.get_request(session, bearer.member if bearer else None, data_request_id)
    return sent(request, await _shape(session, found, territory), private=found.state in CLOSED)


@get("/mine")
async def list_mine(
    session: NamedDependency[AsyncSession], territory: NamedDependency[Territory], bearer: NamedDependency[Bearer]
) -> Response[shapes.MyDataRequests]:
    """What I asked, and what waits for an answer of mine."""
    own, waiting = (
        [shapes.DataRequestItem.of(row, territory.origin) for row in rows]
        for rows in (
            await queries.list_own(session, bearer.member),
            await queries.list_sent_to(session, bearer.member),
        )
    )
    return Response(shapes.MyDataRequests(own=own, to_answer=waiting), headers=PRIVATE)


@post("/", status_code=201, request_max_body_size=MAX_BODY)
async def create(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    bearer: NamedDependency[Bearer],
) -> Response[shapes.DataRequest]:
    """Ask; the producers that may hold the data are told."""
    said = Asked(**read_body(await request.body(), shapes.ToAskData)).tidy()
    reader = site_of(request).parts["search"].find(territory.id)
    near = await matching.find_near_datasets(session, reader, said.title, said.theme)
    likely = await matching.find_likely(session, near, said.theme)
    made = await ask(session, bearer.member, said, likely, language=request.scope["state"]["locale"])
    headers = PRIVATE | {"Location": f"{shapes.BASE}/{made.id}"}
    return Response(await _shape(session, made, territory), status_code=201, headers=headers)


@put("/{data_request_id:uuid}", request_max_body_size=MAX_BODY)
async def change(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    bearer: NamedDependency[Bearer],
    data_request_id: FromPath[UUID],
) -> Response[shapes.DataRequest]:
    """Say it better."""
    own = await queries.get_own(session, bearer.member, data_request_id, lock=True)
    await correct(session, bearer.member, own, Asked(**read_body(await request.body(), shapes.ToAskData)))
    return Response(await _shape(session, own, territory), headers=PRIVATE)


@post("/{data_request_id:uuid}/events", status_code=200, request_max_body_size=MAX_BODY)
async def settle(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    bearer: NamedDependency[Bearer],
    data_request_id: FromPath[UUID],
) -> Response[shapes.DataRequest]:
    """Take it back, answer it, pass it on; for the team: join, send, hide, show, ask anew."""
    said = read_body(await request.body(), shapes.ToSettle)
    event = said.pop("event")
    if event == shapes.WITHDRAW:
        found = await queries.get_own(session, bearer.member, data_request_id, lock=True)
        await withdraw(session, bearer.member, found)
    elif event in ACTS:
        found = await queries.get_request(session, bearer.member, data_request_id, lock=True)
        await ACTS[event](session, bearer.member, found, said)
    else:
        raise InvalidError(refusals=[Refusal("event", "There is no such step.", code="unknown-value")])
    return Response(await _shape(session, found, territory), headers=PRIVATE)


@put("/{data_request_id:uuid}/support", status_code=204)
async def set_support(
    request: Machine,
    session: NamedDependency[AsyncSession],
    bearer: NamedDependency[Bearer],
    data_request_id: FromPath[UUID],
) -> None:
    """Need the same data."""
    found = await queries.get_request(session, bearer.member, data_request_id, lock=True)
    await support(session, bearer.member, found, language=request.scope["state"]["locale"])


@delete("/{data_request_id:uuid}/support", status_code=204)
async def end_support(
    session: NamedDependency[AsyncSession], bearer: NamedDependency[Bearer], data_request_id: FromPath[UUID]
) -> None:
    """Need them no more."""
    found = await queries.get_request(session, bearer.member, data_request_id, lock=True)
    await stop_supporting(session, bearer.member, found)


async def _shape(session: AsyncSession, row: DataRequest, territory: Territory) -> shapes.DataRequest:
    around = shapes.Around(
        await queries.list_routes(session, row.id),
        await queries.find_dataset(session, row.dataset_id),
        await queries.find_organisation(session, row.answered_by),
    )
    return shapes.DataRequest.of(row, around, territory.origin)


routes: Sequence[ControllerRouterHandler] = [
    Router(
        shapes.BASE,
        route_handlers=[
            list_board,
            read_request,
            list_mine,
            create,
            change,
            settle,
            set_support,
            end_support,
        ],
        middleware=[OpenToAll()],
        guards=PROGRAMS,
        dependencies=dependencies(shapes.SCOPE),
    )
]
