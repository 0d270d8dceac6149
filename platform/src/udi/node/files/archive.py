"""What an archive holds of the files: a row for each, and the bytes once for each sha256."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.keyring import KeyringFile
from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.node.files.encryption.space_sealing import create_missing_keys
from udi.node.files.models import (
    ErasedDataset,
    RemovedVersion,
    SpaceArchive,
    SpaceKey,
    StoredFile,
    Upload,
    UploadPart,
)
from udi.settings import Settings

CARRIED = (
    ArchivedTable(StoredFile),
    ArchivedTable(ErasedDataset),
    ArchivedTable(RemovedVersion),
)
LEFT_OUT = (
    ExcludedTable(
        Upload,
        "files on their way in have no version yet: they are sent again where the territory arrives",
    ),
    ExcludedTable(
        UploadPart,
        "the bytes of such files are in the object store of this installation only",
    ),
    ExcludedTable(
        SpaceKey,
        "keys are wrapped by a secret of this installation: files of sealed spaces leave in clear",
    ),
    ExcludedTable(
        SpaceArchive,
        "archives of spaces are kept for some days only, and made anew when asked for",
    ),
)


@dataclass(frozen=True)
class ContentReference:
    """Where the bytes of a file are, and what they must be."""

    key: str
    size: int
    sha256: str


async def list_contents(
    session: AsyncSession, tenant: UUID
) -> AsyncIterator[ContentReference]:
    """Every file of the territory, by sha256: the same bytes may be there more than once."""
    query = (
        select(StoredFile)
        .where(StoredFile.tenant_id == tenant)
        .order_by(StoredFile.sha256, StoredFile.id)
    )
    files = await session.stream_scalars(query, execution_options={"yield_per": 500})
    async for file in files:
        yield ContentReference(file.key, file.size, file.sha256)
        session.expunge(file)


async def resume_import(session: AsyncSession, settings: Settings) -> None:
    """Give a key to each sealed space: keys never leave an installation."""
    await create_missing_keys(session, KeyringFile(settings))
