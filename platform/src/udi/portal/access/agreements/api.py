"""What machines ask of agreements: a node, for all that changed; everybody, the public list as JSON or a feed; ODRL."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from joserfc.jws import extract_compact
from litestar import Response, Router, get, post
from litestar.params import FromPath, FromQuery

from udi.kit.errors import InvalidError, NotFoundError
from udi.portal.access.agreements.atom import PATH as FEED
from udi.portal.access.agreements.atom import write_feed
from udi.portal.access.agreements.creation import signer_of
from udi.portal.access.agreements.credentials import record_uses
from udi.portal.access.agreements.node_messages import (
    LONGEST_USES,
    MOST_LISTED,
    RECEIVED_CHANGES,
    SIGNED_CHANGES,
    confirm_revisions,
    list_agreements_for_node,
    read_uses,
    sign_freshness,
)
from udi.portal.access.agreements.queries import (
    get_public_agreement,
    get_signed_agreement,
    list_public_agreements,
)
from udi.portal.access.agreements.schemas import (
    BASE,
    TAG,
    USUAL_SIZE,
    AgreementListParameters,
    AgreementPath,
    PublicAgreementItem,
    PublicAgreementPage,
)
from udi.portal.access.models import AccessAgreement
from udi.portal.catalogue.open.query_parameters import QueryParameters
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.identity.credentials.bearers import PROGRAMS
from udi.portal.identity.operations import api_operation
from udi.portal.nodes.api import as_json, identify_client, node_session, read_json_body
from udi.protocol.odrl import as_document, write_agreement
from udi.ui.atom import MEDIA_TYPE
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.openapi.operations import ResponseLink
from udi.ui.site import site_of

USUAL = 100
LARGEST = 100
LAST_PAGE = 10_000
PUBLIC = {"Access-Control-Allow-Origin": "*"}


@get("/kalim/v1/agreements")
async def list_agreements(
    request: AnyRequest,
    territory: CurrentTerritory,
    after: FromQuery[int] = 0,
    limit: FromQuery[int] = USUAL,
) -> Response[Any]:
    """The agreements of the node that calls whose status changed after a revision, in the order of revisions."""
    client_id = await identify_client(request, territory)
    size = min(max(limit, 1), MOST_LISTED)
    start = min(max(after, 0), 2**62)
    site = site_of(request)
    agreement_signer = signer_of(site, territory)
    async with node_session(request, territory, client_id) as (session, node):
        await confirm_revisions(
            session, AccessAgreement, node, start, delivery_error=""
        )
        for record in site.services.contributions(RECEIVED_CHANGES):
            await record(session, node, start)
        items, last = await list_agreements_for_node(
            session,
            agreement_signer,
            node,
            after=start,
            limit=size,
            sources=site.services.contributions(SIGNED_CHANGES),
        )
        answer: dict[str, Any] = {"items": items, "revision": last}
        if len(items) < size:
            answer["freshness"] = sign_freshness(agreement_signer, node)
    return as_json(answer)


@post("/kalim/v1/agreements/uses", status_code=204)
async def receive_uses(request: AnyRequest, territory: CurrentTerritory) -> None:
    """In which hour machines last read with credentials at the node that calls."""
    client_id = await identify_client(request, territory)
    uses = read_uses(await read_json_body(request, largest=LONGEST_USES))
    async with node_session(request, territory, client_id) as (session, node):
        await record_uses(session, node, uses)


@get(FEED)
async def send_feed(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[bytes]:
    """The hundred agreements that changed last."""
    rows, _ = await list_public_agreements(session, page=1, size=LARGEST)
    say = site_of(request).pages.translator(request)
    title = say("Agreements on restricted data")
    body = write_feed(rows, territory, request.scope["state"]["locale"], title)
    return Response(
        body,
        media_type=MEDIA_TYPE,
        headers=PUBLIC | {"Vary": "Accept-Language, Cookie"},
    )


@get(
    "/",
    **api_operation(
        "listAgreements",
        tag=TAG,
        summary="List the agreements on restricted data",
        description="What everybody may know of each, the last changed first.",
        answer=PublicAgreementPage,
        errors=(InvalidError,),
        query=AgreementListParameters,
        links=(ResponseLink("readAgreement", "agreement_id", "/items/0/id"),),
    ),
)
async def search_agreements(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[PublicAgreementPage]:
    """The public list, the last changed first."""
    parameters = QueryParameters(read_pairs(request), ("page", "size"))
    number = parameters.read_integer("page", 1, most=LAST_PAGE)
    size = parameters.read_integer("size", USUAL_SIZE, most=LARGEST)
    parameters.check()
    rows, total = await list_public_agreements(session, page=number, size=size)
    items = [PublicAgreementItem.of(row, territory.origin) for row in rows]
    return Response(
        PublicAgreementPage(total=total, page=number, size=size, items=items)
    )


@get(
    "/{agreement_id:uuid}",
    **api_operation(
        "readAgreement",
        tag=TAG,
        summary="Read an agreement on restricted data",
        description="What everybody may know of it; its two sides read the rest on its page.",
        answer=PublicAgreementItem,
        errors=(NotFoundError,),
    ),
)
async def show_agreement(
    session: Session, territory: CurrentTerritory, agreement_id: AgreementPath
) -> Response[PublicAgreementItem]:
    """What everybody may know of one."""
    return Response(
        PublicAgreementItem.of(
            await get_public_agreement(session, agreement_id), territory.origin
        )
    )


@get("/agreements/{agreement_id:uuid}/agreement.jsonld")
async def send_odrl(
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    agreement_id: FromPath[UUID],
) -> Response[bytes]:
    """The agreement as ODRL 2.2, for its sides."""
    agreement_case = await get_signed_agreement(session, member, agreement_id)
    signed_agreement = agreement_case.signed_agreement
    origin = territory.origin
    signed = json.loads(extract_compact(agreement_case.agreement.jws.encode()).payload)[
        "iat"
    ]
    document = write_agreement(
        signed_agreement,
        provider=f"{origin}/producers/{agreement_case.producer.slug}",
        requester=f"{origin}/projects/{signed_agreement.project}",
        dataset=f"{origin}/data/{signed_agreement.dataset}",
        accepted_at=datetime.fromtimestamp(signed, UTC),
    )
    body = json.dumps(as_document(document), ensure_ascii=False, indent=1).encode()
    return Response(
        body, media_type="application/ld+json", headers={"Cache-Control": "no-store"}
    )


routes: Routes = [
    list_agreements,
    receive_uses,
    send_feed,
    send_odrl,
    Router(
        BASE,
        route_handlers=[search_agreements, show_agreement],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
    ),
]
