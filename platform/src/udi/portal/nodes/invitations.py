"""Where an invited node joins: the page that its link leads a person to, and what its machine sends there."""

import json

from litestar import Response, get, post
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import field_error
from udi.kit.tenancy import Territory
from udi.portal.nodes.actions.invite import accept_invitation
from udi.portal.nodes.api import read_json_body
from udi.portal.nodes.models import Node
from udi.portal.nodes.queries import list_linked_producers
from udi.portal.tenants.models import Tenant
from udi.protocol.node_registration import (
    IdentityRealm,
    InvitationResponse,
    JoinedNode,
    JoinedProducer,
    JoinedTerritory,
    NodeCredentials,
)
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes
from udi.ui.site import render, site_of

JOIN = "/nodes/join"
LARGEST = 4096


@get(JOIN, sync_to_thread=False)
def explain_invitation(request: AnyRequest) -> Response[str]:
    """What the link is for; its code is after «#», which no browser sends."""
    return render(request, "nodes/join.html")


@post(JOIN, status_code=200, request_max_body_size=LARGEST)
async def join_node(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[bytes]:
    """Accept an invitation, and tell the node who it is here; once."""
    code = _code(await read_json_body(request, largest=LARGEST))
    site = site_of(request)
    async with site.database.session(territory.id) as session:
        node, credentials = await accept_invitation(session, code)
        joining = await _describe(
            session, territory, node, credentials, _identity(request)
        )
    body = joining.model_dump_json().encode()
    return Response(
        body, media_type="application/json", headers={"Cache-Control": "no-store"}
    )


def _code(body: bytes) -> str:
    try:
        code = json.loads(body)["code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        code = None
    if not isinstance(code, str) or not code:
        raise field_error(
            "code",
            "There is no invitation in this.",
            "Send {“code”: …}, the part of the link after “#”.",
        )
    return code


def _identity(request: AnyRequest) -> IdentityRealm:
    settings = site_of(request).settings
    return IdentityRealm(url=settings.keycloak_url, realm=settings.identity_realm)


async def _describe(
    session: AsyncSession,
    territory: Territory,
    node: Node,
    credentials: NodeCredentials,
    identity: IdentityRealm,
) -> InvitationResponse:
    row = (await session.scalars(select(Tenant).where(Tenant.id == territory.id))).one()
    territory_fields = {
        name: getattr(row, name) for name in JoinedTerritory.model_fields
    }
    producers = [
        JoinedProducer(
            id=producer.id, slug=producer.slug, name=producer.name, email=producer.email
        )
        for producer in await list_linked_producers(session, node)
    ]
    return InvitationResponse(
        portal=territory.origin,
        hosted=territory.links.get("node", ""),
        node=JoinedNode(slug=node.slug, name=node.name, url=node.url),
        territory=JoinedTerritory(**territory_fields),
        producers=producers,
        identity=identity,
        credentials=credentials,
    )


routes: Routes = [explain_invitation, join_node]
