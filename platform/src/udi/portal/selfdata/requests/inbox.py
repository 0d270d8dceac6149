"""What waits for somebody of their own requests: drafts, something to read, answers that are late."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.identity import Actor
from udi.portal.identity.inbox import MOST_OF_A_DOMAIN, InboxItem, InboxKind, InboxRole
from udi.portal.selfdata.requests.queries import OwnRequest, list_own_requests


async def list_waiting_requests(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """One item for each of their requests with which they can do something now."""
    today = now().date()
    items = []
    for own_request in await list_own_requests(session, actor):
        item = _describe(own_request, late=own_request.is_overdue(today))
        if item is not None:
            items.append(item)
    return items[:MOST_OF_A_DOMAIN]


def _describe(own_request: OwnRequest, *, late: bool) -> InboxItem | None:
    request = own_request.request
    if request.news_at is not None:
        kind = InboxKind.SUBJECT_NEWS
        since = request.news_at
        due_on = own_request.readable_until
    elif own_request.is_draft:
        kind = InboxKind.SUBJECT_DRAFT
        since = request.drafted_at
        due_on = own_request.lapses_at.date()
    elif late:
        kind = InboxKind.SUBJECT_LATE
        since = request.drafted_at
        due_on = request.due_on
    else:
        return None
    return InboxItem(
        kind=kind,
        role=InboxRole.PERSON,
        id=request.id,
        title=request.number,
        url=own_request.url,
        since=since,
        due_on=due_on,
        who=own_request.producer.name,
    )
