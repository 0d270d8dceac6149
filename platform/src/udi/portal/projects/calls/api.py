"""`/api/v1/calls`: calls for projects, for programs: what everybody sees of them."""

from typing import Any

from litestar import Response, Router, get
from sqlalchemy import select

from udi.kit.errors import InvalidError, NotFoundError
from udi.portal.catalogue.open.query_parameters import QueryParameters
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.identity.credentials.bearers import PROGRAMS
from udi.portal.identity.operations import api_operation
from udi.portal.organisations.models import Organisation
from udi.portal.projects.api_dependencies import ApiRequest, json_response
from udi.portal.projects.calls import queries, schemas
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.dependencies import CurrentTerritory, Routes, Session
from udi.ui.openapi.operations import ResponseLink


@get(
    "/",
    **api_operation(
        "listCalls",
        tag=schemas.TAG,
        summary="List the calls for projects",
        description="Calls that are open or were, the newest first.",
        answer=schemas.CallPage,
        errors=(InvalidError,),
        query=schemas.CallListParameters,
        links=(ResponseLink("readCall", "call_id", "/items/0/id"),),
    ),
)
async def list_public(
    request: ApiRequest, session: Session, territory: CurrentTerritory
) -> Response[Any]:
    """Calls that are open or were, the newest first."""
    parameters = QueryParameters(read_pairs(request), ("page", "size"))
    number = parameters.read_integer("page", 1, most=10_000)
    size = parameters.read_integer("size", queries.PAGE, most=100)
    parameters.check()
    page = await queries.list_calls(session, number, size=size)
    ids = {call.organisation_id for call in page.items if call.organisation_id}
    organisations = await session.scalars(
        select(Organisation).where(Organisation.id.in_(ids))
    )
    return json_response(
        request,
        schemas.CallPage.of(
            page,
            {organisation.id: organisation for organisation in organisations},
            territory.origin,
        ),
    )


@get(
    "/{call_id:uuid}",
    **api_operation(
        "readCall",
        tag=schemas.TAG,
        summary="Read a call for projects",
        description="What is looked for, how it is judged, by when, with which data; once they are public, its laureates.",
        answer=schemas.CallDetail,
        errors=(NotFoundError,),
    ),
)
async def read_call(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    call_id: schemas.CallPath,
) -> Response[Any]:
    """One call, as everybody sees it."""
    call = await queries.get_call(session, None, call_id)
    content = schemas.CallDetail.of(
        call,
        await queries.find_organiser(session, call),
        criteria=await queries.list_criteria(session, call),
        datasets=await queries.list_datasets(session, call),
        questions=await queries.list_questions(session, call),
        laureates=await queries.list_laureates(session, call),
        origin=territory.origin,
    )
    return json_response(request, content)


routes: Routes = [
    Router(
        schemas.BASE,
        route_handlers=[list_public, read_call],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
    )
]
