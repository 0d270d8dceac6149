"""What machines ask of agreements: a node, for all that changed; everybody, the public list as JSON or a feed; ODRL."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from joserfc.jws import extract_compact
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.atom import PATH as FEED
from udi.portal.access.agreements.atom import write_feed
from udi.portal.access.agreements.credentials import note_uses
from udi.portal.access.agreements.notary import notary_of
from udi.portal.access.agreements.queries import get_deed, get_public, list_public
from udi.portal.access.agreements.shapes import BASE, USUAL_SIZE, DeedPage, PublicDeed
from udi.portal.access.agreements.told import LONGEST_USES, MOST_LISTED, list_for_node, read_uses
from udi.portal.catalogue.atom import MEDIA_TYPE
from udi.portal.catalogue.open.asked import Asked
from udi.portal.catalogue.pages.asked import read_pairs
from udi.portal.identity.bearers import PROGRAMS
from udi.portal.nodes.api import as_json, identify, node_session
from udi.portal.nodes.bodies import read_json_body
from udi.protocol.odrl import as_document, write_agreement
from udi.ui.cross_origin import OpenToAll
from udi.ui.site import site_of

USUAL, LARGEST, LAST_PAGE = 100, 100, 10_000
PUBLIC = {"Access-Control-Allow-Origin": "*"}
Machine = Request[Any, Any, State]


@get("/kalim/v1/agreements")
async def list_agreements(
    request: Machine, territory: NamedDependency[Territory], after: FromQuery[int] = 0, limit: FromQuery[int] = USUAL
) -> Response[Any]:
    """The agreements of the node that calls whose standing changed after a revision, in the order of revisions."""
    client_id = await identify(request, territory)
    size, start = min(max(limit, 1), MOST_LISTED), min(max(after, 0), 2**62)
    notary = notary_of(site_of(request), territory)
    async with node_session(request, territory, client_id) as (session, node):
        items, last = await list_for_node(session, notary, node, after=start, limit=size)
    return as_json({"items": items, "revision": last})


@post("/kalim/v1/agreements/uses", status_code=204)
async def take_uses(request: Machine, territory: NamedDependency[Territory]) -> None:
    """In which hour credentials were last shown at the node that calls."""
    client_id = await identify(request, territory)
    uses = read_uses(await read_json_body(request, largest=LONGEST_USES))
    async with node_session(request, territory, client_id) as (session, node):
        await note_uses(session, node, uses)


@get(FEED)
async def send_feed(
    request: Machine, session: NamedDependency[AsyncSession], territory: NamedDependency[Territory]
) -> Response[bytes]:
    """The hundred agreements that changed last."""
    rows, _ = await list_public(session, page=1, size=LARGEST)
    say = site_of(request).pages.speaker(request)
    title = say("Agreements on restricted data")
    body = write_feed(rows, territory, request.scope["state"]["locale"], title)
    return Response(body, media_type=MEDIA_TYPE, headers=PUBLIC | {"Vary": "Accept-Language, Cookie"})


@get("/")
async def search_agreements(
    request: Machine, session: NamedDependency[AsyncSession], territory: NamedDependency[Territory]
) -> Response[DeedPage]:
    """The public list, the last changed first."""
    asked = Asked(read_pairs(request), ("page", "size"))
    number, size = asked.whole("page", 1, most=LAST_PAGE), asked.whole("size", USUAL_SIZE, most=LARGEST)
    asked.check()
    rows, total = await list_public(session, page=number, size=size)
    items = [PublicDeed.of(row, territory.origin) for row in rows]
    return Response(DeedPage(total=total, page=number, size=size, items=items))


@get("/{agreement_id:uuid}")
async def show_agreement(
    session: NamedDependency[AsyncSession], territory: NamedDependency[Territory], agreement_id: FromPath[UUID]
) -> Response[PublicDeed]:
    """What everybody may know of one."""
    return Response(PublicDeed.of(await get_public(session, agreement_id), territory.origin))


@get("/agreements/{agreement_id:uuid}/agreement.jsonld")
async def send_odrl(
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    agreement_id: FromPath[UUID],
) -> Response[bytes]:
    """The agreement as ODRL 2.2, for its sides."""
    deed = await get_deed(session, member, agreement_id)
    said, origin = deed.said, territory.origin
    signed = json.loads(extract_compact(deed.agreement.jws.encode()).payload)["iat"]
    document = write_agreement(
        said,
        provider=f"{origin}/producers/{deed.producer.slug}",
        requester=f"{origin}/projects/{said.project}",
        dataset=f"{origin}/data/{said.dataset}",
        accepted_at=datetime.fromtimestamp(signed, UTC),
    )
    body = json.dumps(as_document(document), ensure_ascii=False, indent=1).encode()
    return Response(body, media_type="application/ld+json", headers={"Cache-Control": "no-store"})


routes: Sequence[ControllerRouterHandler] = [
    list_agreements,
    take_uses,
    send_feed,
    send_odrl,
    Router(BASE, route_handlers=[search_agreements, show_agreement], middleware=[OpenToAll()], guards=PROGRAMS),
]
