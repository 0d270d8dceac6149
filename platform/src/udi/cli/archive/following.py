"""A copy of a territory that follows it from another installation: when it may, and its files."""

import asyncio
import hashlib
from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli.archive import placement
from udi.cli.archive.comparison import BEGIN_AGAIN, DifferentCopyError
from udi.cli.archive.placement import Hosts, ImportState
from udi.cli.archive.revisions import read_revision
from udi.cli.archive.verification import TerritoryArchive
from udi.cli.archive.writers import CLOSED
from udi.cli.local.errors import LocalError
from udi.kit.db import Database
from udi.kit.errors import ConflictError
from udi.node.files.models import StoredFile
from udi.node.files.storage.store import ObjectStore
from udi.settings import ProgramName, Settings


async def require_followable(
    databases: Mapping[ProgramName, Database],
    archive: TerritoryArchive,
    hosts: Hosts,
    standing: ImportState,
    *,
    opens: bool,
) -> None:
    """Refuse what no copy can follow.

    Raises:
        ConflictError: a difference, and no copy of its territory is here.
        LocalError: the databases are of another version here, files were left out, or the copy is to open although
            things could be changed at the origin.
    """
    if archive.follows and standing == "free":
        raise ConflictError(
            f"No copy of «{archive.slug}» is here that this archive could bring further.",
            remedy="Import a whole archive of it first, with --follow.",
        )
    if archive.follows:
        await _require_same_copy(databases, archive, hosts)
    for program, database in databases.items():
        if await read_revision(database) != archive.description["revisions"][program]:
            cause = f"The database of the {program} is of another version than at the origin"
            raise LocalError(
                cause, f"bring both installations to one release, then {BEGIN_AGAIN}"
            )
    if not archive.with_files:
        raise LocalError(
            "The archive was made without the files", "write one with its files"
        )
    is_closed = archive.description["territory"]["state"] in CLOSED
    if opens and not (is_closed and archive.description.get("writes_ended")):
        cause = "Things could be changed at the origin when this archive was written: what was changed since would be lost"
        raise LocalError(
            cause,
            "add --follow, or write the last one there with --refuse-writes",
        )


async def _require_same_copy(
    databases: Mapping[ProgramName, Database], archive: TerritoryArchive, hosts: Hosts
) -> None:
    for program, database in databases.items():
        row = placement.TENANT_MODELS[program]
        async with database.platform_session() as session:
            copy = (
                await session.execute(
                    select(row.id, row.hosts).where(row.slug == archive.slug)
                )
            ).one_or_none()
        if copy is None:
            continue
        if copy.id != archive.tenant_id:
            raise ConflictError(
                f"The copy of «{archive.slug}» that is here is of another territory.",
                remedy="Look where the archive comes from.",
            )
        if program in hosts:
            expected_hosts = [hosts[program]]
        else:
            expected_hosts = getattr(archive.folder.file.hosts, program)
        if copy.hosts != expected_hosts:
            raise LocalError(
                f"The copy answers as {copy.hosts[0]} on the {program}, not as {expected_hosts[0]}",
                f"say the same --as-host as before; else {BEGIN_AGAIN}",
            )


async def list_files(database: Database, tenant: UUID) -> dict[str, int]:
    """The size of each file that the rows of a copy name, by its key in the object store."""
    async with database.session(tenant, role="worker") as session:
        return await _read_files(session)


async def _read_files(session: AsyncSession) -> dict[str, int]:
    files = (await session.scalars(select(StoredFile))).all()
    return {file.key: file.size for file in files}


async def require_files(
    settings: Settings, session: AsyncSession, tenant: UUID
) -> None:
    """Refuse rows of a copy that name files which it does not have.

    Raises:
        DifferentCopyError: an object is missing, or has another size.
    """
    store = ObjectStore.of(settings)
    present = {entry["path"]: entry["size"] async for entry in store.list(str(tenant))}
    for key, size in (await _read_files(session)).items():
        if present.get(key) != size:
            raise DifferentCopyError(f"The file {key} is missing in the copy")


async def remove_former_files(settings: Settings, keys: Collection[str]) -> int:
    """Delete the objects that no row names any more, where they are; how many.

    Nothing else is touched: the origin may keep its files in the same store.
    """
    store = ObjectStore.of(settings)
    for key in keys:
        await store.delete(key)
    return len(keys)


async def digest_object(store: ObjectStore, key: str) -> str:
    """The sha256 of an object."""
    digest = hashlib.sha256()
    for piece in await asyncio.to_thread(lambda: store.read(key)):
        digest.update(piece)
    return digest.hexdigest()
