"""`/api/v1/access-policies`: under which terms restricted data open, for programs."""

from typing import Any

from litestar import Response, Router, get

from udi.kit.errors import ConflictError, InvalidError, NotFoundError
from udi.portal.access.policies import queries, schemas
from udi.portal.catalogue.open.query_parameters import QueryParameters
from udi.portal.catalogue.query_string import read_pairs
from udi.portal.identity.bearers import PROGRAMS
from udi.portal.identity.operations import api_operation
from udi.portal.projects.api_dependencies import ApiRequest, json_response
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.dependencies import CurrentTerritory, Routes, Session
from udi.ui.openapi.operations import ResponseLink


@get(
    "/",
    **api_operation(
        "listAccessPolicies",
        tag=schemas.TAG,
        summary="List the access policies",
        description="Of each restricted dataset, who may ask and for what, the last changed first.",
        answer=schemas.AccessPolicyPage,
        errors=(InvalidError,),
        query=schemas.PolicyListParameters,
        links=(
            ResponseLink("readAccessPolicy", "restricted_id", "/items/0/dataset/id"),
        ),
    ),
)
async def list_policies(
    request: ApiRequest, session: Session, territory: CurrentTerritory
) -> Response[Any]:
    """Those of all datasets that are shown, the last changed first."""
    parameters = QueryParameters(read_pairs(request), ("page", "size"))
    number = parameters.read_integer("page", 1, most=10_000)
    size = parameters.read_integer("size", queries.SIZE, most=100)
    parameters.check()
    page = await queries.list_policies(session, number, size=size)
    return json_response(request, schemas.AccessPolicyPage.of(page, territory.origin))


@get(
    "/{restricted_id:uuid}",
    **api_operation(
        "readAccessPolicy",
        tag=schemas.TAG,
        summary="Read the access policy of a dataset",
        description="Who may send a request, which questions it answers, under which terms, and within how many days it is answered.",
        answer=schemas.AccessPolicyDetail,
        errors=(NotFoundError, ConflictError),
    ),
)
async def read_policy(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    restricted_id: schemas.RestrictedPath,
) -> Response[Any]:
    """That of one dataset."""
    dataset = await queries.get_restricted_dataset(session, restricted_id)
    row = await queries.get_policy(session, dataset)
    return json_response(
        request, schemas.AccessPolicyDetail.of(row, dataset, territory.origin)
    )


routes: Routes = [
    Router(
        schemas.BASE,
        route_handlers=[list_policies, read_policy],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
    )
]
