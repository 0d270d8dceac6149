"""Whose turn it is: one push of a dataset at a time, and none of a space that is on its way to another node."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.node.datasets.models import Dataset

SPACE_MOVE_LOCK = 7_146
"""Names these locks among the others of the database; the second number is of the space."""


class SpaceMovingError(Exception):
    """The space is on its way to another node: what is to be pushed goes with it, or is tried again here."""


async def lock_dataset_push(session: AsyncSession, dataset_id: UUID) -> None:
    """Wait until nobody pushes this dataset: the portal must not see an older record after a newer one."""
    number = int.from_bytes(dataset_id.bytes[:8], signed=True)
    await session.execute(select(func.pg_advisory_xact_lock(number)))


async def may_push(
    session: AsyncSession, dataset_id: UUID, *, wait: bool = False
) -> bool:
    """Whether its space stays here, perhaps once that is known; while the transaction lasts, nobody lets that go."""
    space_id = await session.scalar(
        select(Dataset.space_id).where(Dataset.id == dataset_id)
    )
    if space_id is None:
        return True
    if wait:
        await session.execute(
            select(
                func.pg_advisory_xact_lock_shared(
                    SPACE_MOVE_LOCK, _lock_number(space_id)
                )
            )
        )
        return True
    return bool(
        await session.scalar(
            select(
                func.pg_try_advisory_xact_lock_shared(
                    SPACE_MOVE_LOCK, _lock_number(space_id)
                )
            )
        )
    )


async def stop_pushes(session: AsyncSession, space_id: UUID) -> None:
    """Wait until nothing of a space is on its way to the portal, and let nothing leave until the transaction ends.

    To be asked before any row of the space is locked: a push that ends writes what the portal answered.
    """
    await session.execute(
        select(func.pg_advisory_xact_lock(SPACE_MOVE_LOCK, _lock_number(space_id)))
    )


def _lock_number(space_id: UUID) -> int:
    return int.from_bytes(space_id.bytes[:4], signed=True)
