"""Writes of operators: what they ask for a territory. The worker of the installation does it, never a page."""

from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError
from udi.kit.identity import Actor
from udi.portal.installation.models import OperatorAct, OperatorRequest, RequestState
from udi.portal.installation.new_territory import NewTerritory
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


async def request_start(
    session: AsyncSession,
    actor: Actor,
    new: NewTerritory,
    *,
    continues: bool = False,
    only_looks: bool = False,
) -> OperatorRequest:
    """Ask the worker of the installation to start a territory.

    With `continues`, one that an earlier start left half made; with `only_looks`, to look at its addresses again.

    Raises:
        ConflictError: it is being started.
    """
    waiting = await session.scalar(
        select(OperatorRequest.id).where(
            OperatorRequest.territory_id == new.id,
            OperatorRequest.act == OperatorAct.START,
            OperatorRequest.state == RequestState.REQUESTED,
        )
    )
    if waiting is not None:
        raise ConflictError(
            "This territory is being started already.",
            remedy="Wait a moment, then refresh the page.",
        )
    request = OperatorRequest(
        territory_id=new.id,
        act=OperatorAct.START,
        details={
            "territory": msgspec.to_builtins(new),
            "continues": continues,
            "only_looks": only_looks,
        },
        requested_by=actor.person_id,
    )
    session.add(request)
    await session.flush()
    return request
