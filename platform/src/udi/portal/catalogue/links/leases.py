"""Whose turn it is: what is claimed by one worker is left by all others until it ends, wherever they run.

A turn has a name (a machine, or one of a territory's tasks) and an end, so that a worker that dies holds nobody up.
A machine that asks to be left alone is, by all territories, until then.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

CLAIM = text("""
INSERT INTO ops.link_turn (name, until) VALUES (:name, now() + :time)
ON CONFLICT (name) DO UPDATE SET until = excluded.until WHERE link_turn.until <= now() RETURNING name""")
HOLD = text("UPDATE ops.link_turn SET until = now() + :time WHERE name = :name")
FORGET = text("DELETE FROM ops.link_turn WHERE until < now() - interval '1 day'")


def lease_name(tenant: UUID, task: str) -> str:
    """The name of a task of one territory; no machine is called so."""
    return f"{tenant}/{task}"


async def claim_lease(session: AsyncSession, name: str, time: timedelta) -> bool:
    """Take the turn for this long, unless somebody has it; as the worker's role."""
    return await session.scalar(CLAIM, {"name": name, "time": time}) is not None


async def extend_lease(session: AsyncSession, name: str, time: timedelta) -> None:
    """Keep a turn that was claimed for this long from now; end it soon."""
    await session.execute(HOLD, {"name": name, "time": time})


async def delete_expired_leases(session: AsyncSession) -> None:
    """Forget the turns that ended long ago."""
    await session.execute(FORGET)
