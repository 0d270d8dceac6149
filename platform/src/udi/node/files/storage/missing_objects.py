"""Rows that name objects which are not there: what the sweep cannot see."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.node.files.models import ArchiveState, SpaceArchive, StoredFile
from udi.node.files.storage.store import ObjectStore

BATCH = 500


@dataclass(frozen=True)
class MissingObject:
    """A row whose object is not in the store: of what kind, its id, its dataset or space, and the key looked for."""

    kind: str
    id: UUID
    belongs_to: UUID
    key: str


async def list_missing_objects(
    session: AsyncSession, store: ObjectStore, tenant: UUID
) -> list[MissingObject]:
    """The rows of a territory that point to nothing; the store is listed once, as a snapshot taken after the rows."""
    expected = {row.key: row async for row in _iterate_expected(session)}
    async for entry in store.list(str(tenant)):
        expected.pop(entry["path"], None)
    return sorted(expected.values(), key=lambda row: row.key)


async def _iterate_expected(session: AsyncSession) -> AsyncIterator[MissingObject]:
    files = await session.stream_scalars(
        select(StoredFile), execution_options={"yield_per": BATCH}
    )
    async for file in files:
        yield MissingObject("file", file.id, file.dataset_id, file.key)
        session.expunge(file)
    ready = select(SpaceArchive).where(SpaceArchive.state == ArchiveState.READY)
    for archive in await session.scalars(ready):
        yield MissingObject("archive", archive.id, archive.space_id, archive.key)
