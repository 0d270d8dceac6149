"""`/api/v1/data-requests`: data that people need and nobody publishes, for programs; with a token, what pages let do."""

from dataclasses import asdict
from functools import partial
from typing import Any

from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    field_error,
)
from udi.kit.paging import PAGE_SIZE
from udi.kit.tenancy import Territory
from udi.portal.catalogue.open.query_parameters import QueryParameters as Parameters
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.catalogue.search.index import SEARCH_INDEXES
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import api_operation
from udi.portal.organisations.queries import find_organisation
from udi.portal.projects.agent_tools import DRAFT_DATA_REQUEST
from udi.portal.projects.api_dependencies import (
    PRIVATE,
    ApiRequest,
    find_bearer,
    json_response,
    program_router,
)
from udi.portal.projects.data_requests import matching, queries, schemas
from udi.portal.projects.data_requests.actions import (
    DataRequestInput,
    correct_request,
    create_request,
    remove_support,
    support_request,
    withdraw_request,
)
from udi.portal.projects.data_requests.decisions import DECISIONS
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.projects.data_requests.transitions import DataRequestState
from udi.portal.projects.request_bodies import read_body
from udi.protocol.themes import THEMES
from udi.ui.dependencies import CurrentTerritory, Routes, Session
from udi.ui.form_drafts import LONGEST_ADDRESS, FormDraft, write_draft
from udi.ui.openapi.operations import ResponseLink
from udi.ui.site import site_of

CLOSED = (DataRequestState.HIDDEN, DataRequestState.WITHDRAWN)
need_operation = partial(api_operation, tag=schemas.TAG)
own_need_operation = partial(need_operation, scope=schemas.SCOPE)


@get(
    "/",
    **need_operation(
        "listDataRequests",
        summary="List the requests for data",
        description="What people need and nobody publishes: what most people need first.",
        answer=schemas.DataRequestPage,
        errors=(InvalidError,),
        query=schemas.DataRequestListParameters,
        links=(ResponseLink("readDataRequest", "data_request_id", "/items/0/id"),),
    ),
)
async def list_board(
    request: ApiRequest, session: Session, territory: CurrentTerritory
) -> Response[Any]:
    """A page of the board: those that most people need first."""
    parameters = Parameters(read_pairs(request), ("show", "page", "size"))
    boards = parameters.read_choices("show", queries.BOARDS) or ["open"]
    number = parameters.read_integer("page", 1, most=10_000)
    size = parameters.read_integer("size", PAGE_SIZE, most=100)
    parameters.check()
    page = await queries.list_requests(session, boards[0], number, size=size)
    return json_response(request, schemas.DataRequestPage.of(page, territory.origin))


@get(
    "/{data_request_id:uuid}",
    **need_operation(
        "readDataRequest",
        summary="Read a request for data",
        description="What is needed, to whom it was sent, and what was answered.",
        answer=schemas.DataRequestDetail,
        errors=(NotFoundError,),
    ),
)
async def read_request(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    data_request_id: schemas.DataRequestPath,
) -> Response[Any]:
    """One request and its answer; one's own too where it is not shown, with a token."""
    bearer = find_bearer(request, schemas.SCOPE)
    data_request = await queries.get_request(
        session, bearer.member if bearer else None, data_request_id
    )
    return json_response(
        request,
        await _build_schema(session, data_request, territory),
        private=data_request.state in CLOSED,
    )


@get(
    "/draft",
    **need_operation(
        "draftDataRequest",
        summary="Draft a request for data",
        description="The address of the form with these answers, for a person to read, complete and send. Nothing is kept or sent.",
        answer=FormDraft,
        errors=(InvalidError,),
        query=schemas.DataRequestDraftParameters,
        has_validator=False,
        tools=(DRAFT_DATA_REQUEST,),
    ),
)
async def draft_request(
    request: ApiRequest, territory: CurrentTerritory
) -> Response[FormDraft]:
    """A form filled in, which a person sends."""
    parameters = Parameters(read_pairs(request), ("title", "words", "theme"))
    themes = parameters.read_choices("theme", THEMES)
    request_input = DataRequestInput(
        title=parameters.read_text("title"),
        words=parameters.read_text("words", longest=LONGEST_ADDRESS),
        theme=themes[0] if themes else "",
    ).tidy()
    parameters.check()
    draft = write_draft(
        request,
        f"{territory.origin}{schemas.PAGE}/new",
        asdict(request_input),
        request_input.check(),
    )
    return Response(draft, headers=PRIVATE)


@get(
    "/mine",
    **own_need_operation(
        "listMyDataRequests",
        summary="List my requests for data",
        description="Those that the person of the token sent, and those that wait for their answer.",
        answer=schemas.MyDataRequests,
        errors=(ForbiddenError,),
    ),
)
async def list_mine(
    session: Session, territory: CurrentTerritory, bearer: NamedDependency[Bearer]
) -> Response[schemas.MyDataRequests]:
    """What I asked, and what waits for an answer of mine."""
    sent, waiting = (
        [schemas.DataRequestItem.of(row, territory.origin) for row in rows]
        for rows in (
            await queries.list_own_requests(session, bearer.member),
            await queries.list_requests_to_answer(session, bearer.member),
        )
    )
    return Response(
        schemas.MyDataRequests(sent=sent, to_answer=waiting), headers=PRIVATE
    )


@post(
    "/",
    **own_need_operation(
        "askForData",
        summary="Ask for data",
        description="Publish a request for data that no search finds; the producers that may hold them are notified.",
        answer=schemas.DataRequestDetail,
        statuses=(201,),
        errors=(ForbiddenError, ConflictError, InvalidError),
        body=schemas.NewDataRequest,
    ),
)
async def create(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
) -> Response[schemas.DataRequestDetail]:
    """Ask; the producers that may hold the data are told."""
    request_input = DataRequestInput(
        **read_body(await request.body(), schemas.NewDataRequest)
    ).tidy()
    reader = site_of(request).services[SEARCH_INDEXES].find(territory.id)
    near = await matching.find_similar_datasets(
        session, reader, request_input.title, request_input.theme
    )
    likely = await matching.find_likely_producers(session, near, request_input.theme)
    data_request = await create_request(
        session,
        bearer.member,
        request_input,
        likely,
        language=request.scope["state"]["locale"],
    )
    headers = PRIVATE | {"Location": f"{schemas.BASE}/{data_request.id}"}
    return Response(
        await _build_schema(session, data_request, territory),
        status_code=201,
        headers=headers,
    )


@put(
    "/{data_request_id:uuid}",
    **own_need_operation(
        "correctDataRequest",
        summary="Correct a request for data",
        description="Send the whole request again, while nobody has answered.",
        answer=schemas.DataRequestDetail,
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=schemas.NewDataRequest,
    ),
)
async def change(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    data_request_id: schemas.DataRequestPath,
) -> Response[schemas.DataRequestDetail]:
    """Say it better."""
    data_request = await queries.get_own_request(
        session, bearer.member, data_request_id, lock=True
    )
    await correct_request(
        session,
        bearer.member,
        data_request,
        DataRequestInput(**read_body(await request.body(), schemas.NewDataRequest)),
    )
    return Response(
        await _build_schema(session, data_request, territory), headers=PRIVATE
    )


@post(
    "/{data_request_id:uuid}/events",
    **own_need_operation(
        "settleDataRequest",
        summary="Settle a request for data",
        description="The requester withdraws it; a producer to whom it was sent answers; the territory’s team does the rest.",
        answer=schemas.DataRequestDetail,
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=schemas.DataRequestEventInput,
    ),
)
async def apply_event(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    data_request_id: schemas.DataRequestPath,
) -> Response[schemas.DataRequestDetail]:
    """Take it back, answer it, pass it on; for the team: join, send, hide, show, ask anew."""
    payload = read_body(await request.body(), schemas.DataRequestEventInput)
    event = payload.pop("event")
    if event == schemas.WITHDRAW:
        data_request = await queries.get_own_request(
            session, bearer.member, data_request_id, lock=True
        )
        await withdraw_request(session, bearer.member, data_request)
    elif event in DECISIONS:
        data_request = await queries.get_request(
            session, bearer.member, data_request_id, lock=True
        )
        await DECISIONS[event](session, bearer.member, data_request, payload)
    else:
        raise field_error("event", "There is no such step.", code="unknown-value")
    return Response(
        await _build_schema(session, data_request, territory), headers=PRIVATE
    )


@put(
    "/{data_request_id:uuid}/support",
    **own_need_operation(
        "supportDataRequest",
        summary="Need the same data",
        description="Say that you need the same data; once more changes nothing.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError, ConflictError),
    ),
)
async def set_support(
    request: ApiRequest,
    session: Session,
    bearer: NamedDependency[Bearer],
    data_request_id: schemas.DataRequestPath,
) -> None:
    """Need the same data."""
    data_request = await queries.get_request(
        session, bearer.member, data_request_id, lock=True
    )
    await support_request(
        session, bearer.member, data_request, language=request.scope["state"]["locale"]
    )


@delete(
    "/{data_request_id:uuid}/support",
    **own_need_operation(
        "leaveDataRequest",
        summary="Need the same data no more",
        description="Say that you do not need these data any more.",
        statuses=(204,),
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def end_support(
    session: Session,
    bearer: NamedDependency[Bearer],
    data_request_id: schemas.DataRequestPath,
) -> None:
    """Need them no more."""
    data_request = await queries.get_request(
        session, bearer.member, data_request_id, lock=True
    )
    await remove_support(session, bearer.member, data_request)


async def _build_schema(
    session: AsyncSession, row: DataRequest, territory: Territory
) -> schemas.DataRequestDetail:
    around = schemas.DataRequestRelations(
        await queries.list_recipients(session, row.id),
        await queries.find_dataset(session, row.dataset_id),
        await find_organisation(session, row.answered_by),
    )
    return schemas.DataRequestDetail.of(row, around, territory.origin)


routes: Routes = [
    program_router(
        schemas.BASE,
        [
            list_board,
            read_request,
            draft_request,
            list_mine,
            create,
            change,
            apply_event,
            set_support,
            end_support,
        ],
        schemas.SCOPE,
    )
]
