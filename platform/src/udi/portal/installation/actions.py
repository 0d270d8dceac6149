"""Writes of operators: what they ask for a territory. The worker of the installation does it, never a page."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError
from udi.kit.identity import Actor
from udi.portal.installation.models import OperatorAct, OperatorRequest, RequestState
from udi.portal.installation.queries import TerritoryStatus


async def request_act(
    session: AsyncSession,
    actor: Actor,
    status: TerritoryStatus,
    act: OperatorAct,
    **details: Any,
) -> OperatorRequest:
    """Ask the worker of the installation to do something to a territory.

    Raises:
        ConflictError: the same is waiting already.
    """
    waiting = await session.scalar(
        select(OperatorRequest.id).where(
            OperatorRequest.territory_id == status.tenant.id,
            OperatorRequest.act == act,
            OperatorRequest.details == details,
            OperatorRequest.state == RequestState.REQUESTED,
        )
    )
    if waiting is not None:
        raise ConflictError(
            "This is being done already.",
            remedy="Wait a moment, then refresh the page.",
        )
    request = OperatorRequest(
        territory_id=status.tenant.id,
        act=act,
        details=details,
        requested_by=actor.person_id,
    )
    session.add(request)
    await session.flush()
    return request
