"""The agreements of a person and of their organisations, for programs with their token."""

from functools import partial
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency

from udi.kit.agent_tokens import MCP_PATH
from udi.kit.clock import now
from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    field_error,
)
from udi.portal.access.agreements import schemas
from udi.portal.access.agreements.creation import (
    audience_of,
    is_unexpired,
    signer_of,
)
from udi.portal.access.agreements.dispatch import apply_event, get_agreement_for_event
from udi.portal.access.agreements.queries import (
    get_readable_agreement,
    get_signed_agreement,
    list_member_agreements,
)
from udi.portal.access.agreements.transitions import LIVE
from udi.portal.access.models import AccessSide
from udi.portal.identity.credentials.tokens import Bearer
from udi.portal.identity.operations import api_operation
from udi.portal.projects.api_dependencies import PRIVATE, ApiRequest, program_router
from udi.portal.projects.request_bodies import read_body
from udi.protocol.addresses import NodeAddresses
from udi.protocol.agreement import read_agreement
from udi.protocol.credentials import TABLE_READING
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import CurrentTerritory, Routes, Session
from udi.ui.openapi.agent_tools import AgentTool, ToolResponse
from udi.ui.site import site_of

DETAILS = ("id", "dataset", "producer", "project", "side", "purpose", "ends", "state")


def present_agreements(response: ToolResponse) -> dict[str, Any]:
    """What each agreement is about, and how it stands."""
    answer = {
        "total": response.body["total"],
        "agreements": [
            {name: item[name] for name in DETAILS} for item in response.body["items"]
        ],
    }
    if not response.body["total"]:
        answer["why_empty"] = (
            "Neither this person nor their organisations have an agreement. draft_access_request fills in a request."
        )
    return answer


MY_AGREEMENTS = AgentTool(
    "my_agreements",
    "The agreements of the person on restricted data: dataset, project, end, how each stands. open_agreement opens one.",
    present=present_agreements,
)
OPEN_AGREEMENT = AgentTool(
    "open_agreement",
    "A key with which the tools of the producer’s node read the rows of an agreement for five minutes. The person must lead its project.",
    parameters={"agreement_id": "agreement_id"},
)
agreement_operation = partial(api_operation, tag=schemas.TAG, scope=schemas.SCOPE)
reading_operation = partial(api_operation, tag=schemas.TAG, scope=schemas.READING_SCOPE)


@get(
    "/mine",
    **agreement_operation(
        "listMyAgreements",
        summary="List my agreements",
        description="Those of the person of the token, of the projects that they lead, and of organisations for which they publish.",
        answer=schemas.MyAgreements,
        errors=(ForbiddenError,),
        tools=(MY_AGREEMENTS,),
    ),
)
async def list_own_agreements(
    session: Session, territory: CurrentTerritory, bearer: NamedDependency[Bearer]
) -> Response[schemas.MyAgreements]:
    """Those on one side of which I stand."""
    items = [
        schemas.AgreementDetail.of(agreement_case, territory.origin)
        for agreement_case in await list_member_agreements(session, bearer.member)
    ]
    return Response(
        schemas.MyAgreements(total=len(items), items=items), headers=PRIVATE
    )


@get(
    "/{agreement_id:uuid}/signed",
    **agreement_operation(
        "readSignedAgreement",
        summary="Read an agreement as it was signed",
        description="For its two sides, and whoever accepted it: its text, and its signature to check.",
        answer=schemas.SignedAgreementText,
        errors=(ForbiddenError, NotFoundError),
    ),
)
async def read_signed(
    session: Session,
    bearer: NamedDependency[Bearer],
    agreement_id: schemas.AgreementPath,
) -> Response[schemas.SignedAgreementText]:
    """The text that both accepted, and the signature."""
    agreement = await get_readable_agreement(session, bearer.member, agreement_id)
    signed_text = schemas.SignedAgreementText(
        id=agreement.id,
        text=read_agreement(agreement.document).text,
        jws=agreement.jws,
        sha256=agreement.sha256,
    )
    return Response(signed_text, headers=PRIVATE)


@get(
    "/{agreement_id:uuid}/reading-key",
    **reading_operation(
        "openAgreement",
        summary="Get a key that reads the data of an agreement",
        description="For whoever leads its project. The node asks the agreement at each reading, so the key opens no more than that, for five minutes.",
        answer=schemas.AgreementReadingKey,
        errors=(ForbiddenError, NotFoundError),
        tools=(OPEN_AGREEMENT,),
    ),
)
async def open_agreement(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    agreement_id: schemas.AgreementPath,
) -> Response[schemas.AgreementReadingKey]:
    """A key that the node takes for an agreement."""
    agreement_case = await get_signed_agreement(
        session, bearer.member, agreement_id, side=AccessSide.REQUESTER
    )
    agreement = agreement_case.agreement
    if agreement.state not in LIVE or not is_unexpired(agreement):
        raise ForbiddenError(
            "This agreement has ended: it no longer gives access to the data.",
            remedy="Its page says why.",
        )
    audience = audience_of(agreement_case.node)
    key = signer_of(site_of(request), territory).signer.sign(
        TABLE_READING,
        subject=str(agreement_id),
        issuer=territory.origin,
        audience=audience,
    )
    signed_agreement = agreement_case.signed_agreement
    return Response(
        schemas.AgreementReadingKey(
            agreement=agreement_id,
            dataset=schemas.AgreementDataset(
                id=signed_agreement.dataset, title=signed_agreement.dataset_title
            ),
            key=key,
            expires=now() + TABLE_READING.lifetime,
            api=NodeAddresses(audience, signed_agreement.dataset).api,
            mcp_server=f"{audience}{MCP_PATH}",
        ),
        headers=PRIVATE,
    )


@post(
    "/{agreement_id:uuid}/events",
    guards=[require_confirmation()],
    **agreement_operation(
        "changeAgreement",
        summary="Change an agreement",
        description="The node is informed at once, and refuses or allows reading accordingly.",
        answer=schemas.AgreementDetail,
        errors=(ForbiddenError, NotFoundError, ConflictError, InvalidError),
        body=schemas.AgreementEventInput,
    ),
)
async def change_agreement(
    request: ApiRequest,
    session: Session,
    territory: CurrentTerritory,
    bearer: NamedDependency[Bearer],
    agreement_id: schemas.AgreementPath,
) -> Response[schemas.AgreementDetail]:
    """Suspend, resume, revoke at once or with notice, take the notice back; give up."""
    payload = read_body(await request.body(), schemas.AgreementEventInput)
    event = payload.pop("event")
    if event not in schemas.EVENTS:
        raise field_error("event", "There is no such step.", code="unknown-value")
    agreement_case = await get_agreement_for_event(
        session, bearer.member, agreement_id, event
    )
    await apply_event(
        session,
        bearer.member,
        agreement_case,
        event,
        {name: str(value) for name, value in payload.items()},
    )
    return Response(
        schemas.AgreementDetail.of(agreement_case, territory.origin), headers=PRIVATE
    )


routes: Routes = [
    program_router(
        schemas.BASE,
        [list_own_agreements, read_signed, change_agreement],
        schemas.SCOPE,
    ),
    program_router(schemas.BASE, [open_agreement], schemas.READING_SCOPE),
]
