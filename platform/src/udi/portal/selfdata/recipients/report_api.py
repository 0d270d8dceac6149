"""What a node calls to have projects told that data changed."""

from typing import Any

from litestar import Response, post
from msgspec import to_builtins

from udi.kit.errors import field_error
from udi.portal.nodes.api import MIB, as_json, decode_report, take_report
from udi.portal.selfdata.recipients.actions import take_notices
from udi.protocol.recipient_notices import (
    MOST_NOTICES,
    PATH,
    RecipientNoticeAnswer,
    RecipientNoticeReports,
)
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes

LARGEST = MIB


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


@post(PATH, status_code=200, request_max_body_size=LARGEST)
async def receive_notices(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """Take notices of the node that calls; say of each where it stands."""
    states = await take_report(
        request, territory, read_notices, take_notices, largest=LARGEST
    )
    return as_json(to_builtins(RecipientNoticeAnswer(notices=states)))


routes: Routes = [receive_notices]
