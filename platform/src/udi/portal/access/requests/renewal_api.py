"""`/api/v1/agreements/{id}/renewal`: that an agreement go on after its end, for programs; what comes of it is a request."""

from typing import Annotated

from litestar import Response, post
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from udi.kit.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from udi.portal.access.agreements import schemas as agreement_schemas
from udi.portal.access.agreements.queries import get_signed_agreement
from udi.portal.access.models import AccessSide
from udi.portal.access.policies.queries import get_policy, get_restricted_dataset
from udi.portal.access.requests import queries, schemas
from udi.portal.access.requests.api import describe_request
from udi.portal.access.requests.renewals import renew_agreement
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import api_operation
from udi.portal.projects.api_dependencies import PRIVATE, ApiRequest, program_router
from udi.portal.projects.queries import get_led_project
from udi.portal.projects.request_bodies import read_body
from udi.ui.dependencies import CurrentTerritory, Routes, Session


class RenewalInput(Struct, kw_only=True):
    """Why an agreement goes on."""

    words: Annotated[str, Meta(description="What was done, and why it goes on.")]


@post(
    "/{agreement_id:uuid}/renewal",
    **api_operation(
        "renewAgreement",
        tag=agreement_schemas.TAG,
        scope=agreement_schemas.SCOPE,
        summary="Ask that an agreement be renewed",
        description="For whoever leads its project. The producer answers the request that this makes.",
        answer=schemas.AccessRequestDetail,
        statuses=(201,),
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=RenewalInput,
    ),
)
async def request_renewal(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    agreement_id: agreement_schemas.AgreementPath,
) -> Response[schemas.AccessRequestDetail]:
    """Ask that it go on after its end."""
    payload = read_body(await request.body(), RenewalInput)
    member = bearer.member
    agreement_case = await get_signed_agreement(
        session, member, agreement_id, side=AccessSide.REQUESTER, lock=True
    )
    agreement = agreement_case.agreement
    dataset = await get_restricted_dataset(session, agreement.dataset_id)
    access_request = await renew_agreement(
        session,
        member,
        agreement,
        dataset,
        await get_led_project(session, member, agreement.project_id),
        payload["words"].strip(),
        policy=await get_policy(session, dataset),
        territory=territory,
        language=request.scope["state"]["locale"],
    )
    case = await queries.get_case(session, member, access_request.id)
    return Response(
        await describe_request(session, case, territory),
        status_code=201,
        headers=PRIVATE | {"Location": f"{schemas.BASE}/{access_request.id}"},
    )


routes: Routes = [
    program_router(agreement_schemas.BASE, [request_renewal], agreement_schemas.SCOPE)
]
