"""`/api/v1/access-policies`: under which terms restricted data open, for programs."""

from typing import Any

from litestar import Response, Router, get, put
from litestar.di import NamedDependency

from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PreconditionFailedError,
    Refusal,
    field_error,
)
from udi.portal.access.policies import queries, schemas
from udi.portal.access.policies.actions import set_policy
from udi.portal.catalogue.open.query_parameters import QueryParameters
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.identity.credentials.bearers import PROGRAMS
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.json_bodies import decode_object
from udi.portal.identity.operations import api_operation
from udi.portal.projects.api_dependencies import (
    PRIVATE,
    ApiRequest,
    json_response,
    program_router,
)
from udi.protocol.policy import InvalidPolicy, Policy
from udi.protocol.policy import read_policy as read_document
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.decision_guards import require_confirmation
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


@put(
    "/{restricted_id:uuid}",
    guards=[require_confirmation()],
    **api_operation(
        "setAccessPolicy",
        tag=schemas.TAG,
        scope="access",
        summary="Set the access policy of a dataset",
        description="For its producer. Send the whole policy with the revision that was read. Requests that wait keep the terms that were read.",
        answer=schemas.AccessPolicyDetail,
        errors=(
            ForbiddenError,
            NotFoundError,
            ConflictError,
            PreconditionFailedError,
            InvalidError,
        ),
        body=schemas.AccessPolicyInput,
    ),
)
async def write_policy(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    restricted_id: schemas.RestrictedPath,
) -> Response[schemas.AccessPolicyDetail]:
    """Say under which terms it opens."""
    dataset = await queries.get_dataset_for_producer(
        session, bearer.member, restricted_id
    )
    policy, revision = _read_policy(await request.body())
    row = await set_policy(session, bearer.member, dataset, policy, revision=revision)
    return Response(
        schemas.AccessPolicyDetail.of(row, dataset, territory.origin), headers=PRIVATE
    )


def _read_policy(body: bytes) -> tuple[Policy, int]:
    """The policy of a body, and the revision that was read.

    Raises:
        InvalidError: it is no object of JSON, or something in it is wrong, each thing named by its field.
    """
    payload = decode_object(body)
    revision = payload.pop("revision", None)
    if not isinstance(revision, int) or isinstance(revision, bool):
        raise field_error(
            "revision",
            "This is not a number in range.",
            "Send a whole number.",
            "no-number",
        )
    if "questions" in payload:
        payload["fields"] = payload.pop("questions")
    try:
        return read_document(payload), revision
    except InvalidPolicy as error:
        refusals = [
            Refusal(
                fault.field.replace("fields", "questions", 1),
                fault.message,
                fault.remedy,
                values=fault.values,
            )
            for fault in error.faults
        ]
        raise InvalidError("Nothing was changed yet.", refusals=refusals) from error


routes: Routes = [
    program_router(schemas.BASE, [write_policy], "access"),
    Router(
        schemas.BASE,
        route_handlers=[list_policies, read_policy],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
    ),
]
