"""Coming back from a node, where a request was written: what ties it to the account at the portal."""

import re
from datetime import timedelta
from enum import StrEnum
from hmac import compare_digest

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now, today
from udi.kit.tenancy import Territory
from udi.portal.selfdata.requests.queries import OwnRequest, hold_request
from udi.portal.selfdata.rights_requests import producer_country
from udi.protocol.credentials import CONFIRMATION
from udi.protocol.deadlines import answer_day
from udi.protocol.subject_requests import (
    SubjectRequestActor,
    SubjectRequestEvent,
    SubjectRequestState,
    next_subject_request_state,
)

LINKING = timedelta(hours=24)
"""How long a node waits for the return, from when the request was written there."""
FORM = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class ReturnOutcome(StrEnum):
    """What came of it."""

    CONFIRMED = "confirmed"
    """Also where the same address is opened again."""
    MALFORMED = "malformed"
    OTHER = "other"
    """Another request came back under this number before: nothing is stored."""
    LATE = "late"
    """Its node has told of it for a day, and waits no more: nothing is stored."""
    OVER = "over"
    """The draft has gone: nothing is stored."""


async def confirm_return(
    session: AsyncSession,
    territory: Territory,
    own_request: OwnRequest,
    confirmation: str,
) -> ReturnOutcome:
    """Keep the digest of what the browser brings back from the node, once."""
    request = own_request.request
    if not FORM.fullmatch(confirmation):
        return ReturnOutcome.MALFORMED
    await hold_request(session, request)
    digest = CONFIRMATION.hexdigest(confirmation)
    if request.confirmation_hash:
        if compare_digest(request.confirmation_hash, digest):
            return ReturnOutcome.CONFIRMED
        return ReturnOutcome.OTHER
    if request.state != SubjectRequestState.DRAFTED:
        return ReturnOutcome.OVER
    if request.node_id is None:
        return ReturnOutcome.MALFORMED
    if request.written_at and now() >= request.written_at + LINKING:
        return ReturnOutcome.LATE
    request.state = next_subject_request_state(
        request.state, SubjectRequestEvent.SUBMIT, SubjectRequestActor.PERSON, ()
    )
    request.confirmation_hash = digest
    request.received_on = today(territory.zone)
    request.due_on = answer_day(
        request.received_on, producer_country(own_request.producer, territory)
    )
    request.reminded_at = None
    await session.flush()
    return ReturnOutcome.CONFIRMED
