"""Heavy jobs: queued in the turn of their space, so that one producer's thousand keep nobody else's one waiting."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.node.spaces.models import Space, SpaceShare


async def enqueue_heavy_job(
    session: AsyncSession,
    space_id: UUID,
    name: str,
    payload: Mapping[str, Any],
    *,
    delay: timedelta | None = None,
) -> None:
    """Queue a job that takes its space's share of the worker, as many at once as the space may have."""
    space = await session.get(Space, (session.info["tenant"], space_id))
    at_once = SpaceShare.of(session.info["settings"], space).jobs_at_once
    await jobs.enqueue(
        session, name, payload, delay=delay, share=space_id, at_once=at_once
    )
