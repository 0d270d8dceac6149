"""Reads of files."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import GoneError, NotFoundError
from udi.kit.identity import Actor
from udi.node.files.models import Access, StoredFile
from udi.node.spaces.models import Space
from udi.node.spaces.queries import allow_publishing


async def used_bytes(session: AsyncSession, space: Space) -> int:
    """How much of its place a space uses."""
    total = await session.scalar(select(func.sum(StoredFile.size)).where(StoredFile.space_id == space.id))
    return int(total or 0)


async def get_file(session: AsyncSession, actor: Actor | None, file_id: UUID) -> StoredFile:
    """A file that may be read: open to everyone, a draft to its producer.

    Raises:
        NotFoundError: there is none that this person may know of.
        ForbiddenError: a draft of the person's organisation, for which they may not publish.
        GoneError: its producer withdrew it.
    """
    file = await session.scalar(select(StoredFile).where(StoredFile.id == file_id))
    if file is None:
        raise NotFoundError
    if file.access == Access.DRAFT:
        await _allow_draft(session, actor, file)
    return _still_there(file)


async def get_current_file(session: AsyncSession, dataset_id: UUID) -> StoredFile:
    """The newest open file of a dataset.

    Raises:
        NotFoundError: nothing of it was ever open.
        GoneError: its producer withdrew it.
    """
    query = (
        select(StoredFile)
        .where(StoredFile.dataset_id == dataset_id, StoredFile.access != Access.DRAFT)
        .order_by((StoredFile.access == Access.OPEN).desc(), StoredFile.created_at.desc())
    )
    file = await session.scalar(query.limit(1))
    if file is None:
        raise NotFoundError
    return _still_there(file)


async def _allow_draft(session: AsyncSession, actor: Actor | None, file: StoredFile) -> None:
    space = await session.scalar(select(Space).where(Space.id == file.space_id))
    if actor is None or space is None:
        raise NotFoundError
    allow_publishing(actor, space)


def _still_there(file: StoredFile) -> StoredFile:
    if file.access == Access.WITHDRAWN:
        raise GoneError("The producer withdrew this file.")
    return file
