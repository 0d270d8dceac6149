"""What a node calls to have projects told that data changed."""

from typing import Any

from litestar import Response, post
from msgspec import to_builtins

from udi.kit.errors import field_error
from udi.portal.nodes.api import (
    as_json,
    decode_report,
    identify_client,
    node_session,
    read_json_body,
)
from udi.portal.selfdata.recipients.actions import take_notices
from udi.protocol.recipient_notices import (
    MOST_NOTICES,
    PATH,
    RecipientNoticeAnswer,
    RecipientNoticeReports,
)
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes

LARGEST = 512 * 1024


def read_notices(body: bytes) -> RecipientNoticeReports:
    """What a node tells.

    Raises:
        InvalidError: it is something else.
    """
    refusal = field_error(
        "notices",
        "These are no notices of changes.",
        "Send a list of %(most)s at most, as the protocol says.",
        values={"most": MOST_NOTICES},
    )
    return decode_report(body, RecipientNoticeReports, refusal)


@post(PATH, status_code=200)
async def receive_notices(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """Take notices of the node that calls; say of each where it stands."""
    client_id = await identify_client(request, territory)
    reports = read_notices(await read_json_body(request, largest=LARGEST))
    async with node_session(request, territory, client_id) as (session, node):
        states = await take_notices(session, node, reports)
    return as_json(to_builtins(RecipientNoticeAnswer(notices=states)))


routes: Routes = [receive_notices]
