"""The portal has a space opened for a producer that it welcomed."""

import json
from typing import Any
from uuid import UUID

from litestar import Response, put
from litestar.params import FromPath

from udi.kit.errors import field_error
from udi.kit.tenancy import space_context
from udi.node.datasets.exchange.portal_tokens import require_portal
from udi.node.spaces.actions import open_space
from udi.protocol.credentials import SPACE
from udi.protocol.space import read_space
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes
from udi.ui.site import site_of

LARGEST_SPACE_BODY = 16 * 1024


@put(
    "/api/v1/spaces/{organisation_id:uuid}",
    status_code=200,
    request_max_body_size=LARGEST_SPACE_BODY,
)
async def receive_space(
    request: AnyRequest, territory: CurrentTerritory, organisation_id: FromPath[UUID]
) -> Response[dict[str, Any]]:
    """Open it, or bring its name and address up to date."""
    await require_portal(request, territory, SPACE, organisation_id)
    try:
        space_request = read_space(json.loads(await request.body()))
    except (ValueError, RecursionError) as error:
        raise field_error("", "This is not JSON.", "Send one JSON object.") from error
    if space_request.organisation_id != organisation_id:
        raise field_error(
            "organisation_id",
            "This is another organisation than the address says.",
        )
    with space_context(None):
        async with site_of(request).database.session(territory.id) as session:
            space = await open_space(session, space_request)
    address = f"{territory.origin}/spaces/{space.slug}"
    return Response(
        {"slug": space.slug, "address": address}, headers={"Cache-Control": "no-store"}
    )


routes: Routes = [receive_space]
