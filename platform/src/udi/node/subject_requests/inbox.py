"""What waits of requests, among all that waits at the node."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.upkeep.pending_work import WaitingDataset
from udi.node.spaces.models import Space
from udi.node.subject_requests.models import SubjectRequest
from udi.node.subject_requests.plan import RequestFacts
from udi.node.subject_requests.queries import list_answered_spaces, list_space_requests
from udi.protocol.inbox import NodeInboxKind
from udi.protocol.subject_requests import STATES, UNANSWERED

WAITING = (*UNANSWERED, STATES.ESCALATED)


async def list_waiting_requests(
    session: AsyncSession, _territory: Territory, actor: Actor | None
) -> list[WaitingDataset]:
    """Requests that an agent or the officer is to answer, with the last day where a decision is due; the title is the number alone."""
    if actor is None:
        spaces = list((await session.scalars(select(Space))).all())
    else:
        spaces = await list_answered_spaces(session, actor)
    if not spaces:
        return []
    return [
        _describe(request, space)
        for request, space in await list_space_requests(session, spaces)
        if request.state in WAITING
    ]


def _describe(request: SubjectRequest, space: Space) -> WaitingDataset:
    return WaitingDataset(
        kind=NodeInboxKind.SUBJECT_REQUEST,
        id=request.id,
        title=request.number,
        space_slug=space.slug,
        space_name=space.name,
        since=request.moved_at,
        due_on=request.due_on if RequestFacts.of(request).is_due else None,
        path=f"/requests/{request.id}",
    )
