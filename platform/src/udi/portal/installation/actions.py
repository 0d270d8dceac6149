"""Writes of operators: what they ask for a territory. The worker of the installation does it, never a page."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError
from udi.kit.identity import Actor
from udi.portal.installation.alerts import ARCHIVER_REMEDY, check_archiver
from udi.portal.installation.models import (
    InstallationUnit,
    OperatorAct,
    OperatorRequest,
    RequestState,
)
from udi.portal.installation.new_territory import NewTerritory
from udi.portal.installation.queries import TerritoryStatus, find_heartbeat


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
    await _lock_act(session, status.tenant.id, act)
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
            "This was asked for already, and is not finished.",
            remedy="The page of the territory says how far it is.",
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


async def request_archive(
    session: AsyncSession, actor: Actor, status: TerritoryStatus
) -> OperatorRequest:
    """Ask for the whole archive of a territory, where something makes archives.

    Raises:
        ConflictError: nothing does at present, or one is being made.
    """
    archiver_at = await find_heartbeat(session, InstallationUnit.ARCHIVER)
    if check_archiver(archiver_at, now()):
        raise ConflictError("Archives are not made at present.", remedy=ARCHIVER_REMEDY)
    return await request_act(session, actor, status, OperatorAct.ARCHIVE)


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
    await _lock_act(session, new.id, OperatorAct.START)
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


async def _lock_act(session: AsyncSession, territory: UUID, act: OperatorAct) -> None:
    """Let one request after the other see what waits: two at once would both find nothing."""
    key = func.hashtextextended(f"operator act {act} {territory}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(key)))
