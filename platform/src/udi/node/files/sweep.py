"""What unfinished uploads left behind, removed by the worker; and what every object is, or why it is an orphan."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from udi.kit.clock import now
from udi.kit.db import Database
from udi.node.files.intake.upload_lock import FINISH_UPLOAD
from udi.node.files.intake.uploads import LIFETIME, cancel_upload, clear_parts
from udi.node.files.models import (
    OPEN_STATES,
    SpaceArchive,
    StoredFile,
    Upload,
    UploadPart,
    UploadState,
)
from udi.node.files.storage.store import ObjectStore
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.node.spaces.limits import enqueue_heavy_job

OLD = timedelta(hours=24)
EVERY = timedelta(hours=1)
REMEMBERED = timedelta(days=7)
"""How long an upload that ended is kept, so that its sender may ask again with the same key."""
STAGED = re.compile(r".*#\d+")
NO_FILE = (
    "no file and no upload has this id: what a killed upload left, or a deleted file's"
)
NO_PART = "part of an upload that never noted it, or that ended"
NO_SOURCE = "made from a file that is gone"
NO_NAME = "its name is none that the node gives"
NOT_WHOLE = "half an object: the process that wrote it was killed"


@dataclass(frozen=True)
class OrphanObject:
    """An object that no row leads to, and why."""

    key: str
    size: int
    reason: str
    removable: bool
    """Old enough to be nobody's upload under way."""


async def sweep_territory(
    database: Database, store: ObjectStore, tenant: UUID, *, older_than: timedelta = OLD
) -> int:
    """Remove a territory's orphans that are old enough to be nobody's upload; how many objects."""
    storage = TenantStorage(database, store, tenant, "worker")
    await clean_up_uploads(storage)
    removed = 0
    async for orphan in iterate_orphans(storage, older_than=older_than):
        if orphan.removable:
            await _remove(store, orphan)
            removed += 1
    return removed


async def _remove(store: ObjectStore, orphan: OrphanObject) -> None:
    if orphan.reason == NOT_WHOLE and store.folder is not None:
        await asyncio.to_thread((store.folder / orphan.key).unlink, missing_ok=True)
    else:
        await store.delete(orphan.key)


async def iterate_orphans(
    storage: TenantStorage, *, older_than: timedelta = OLD
) -> AsyncIterator[OrphanObject]:
    """Every object of a territory that no row leads to.

    A name is an id, or an id, a dot and a suffix for what is derived from the file of that id, or a part.
    """
    limit = now() - older_than
    references = await _read_known_ids(storage)
    async for entry in storage.store.list(str(storage.tenant)):
        reason = _orphan_reason(str(entry["path"]), references)
        if reason:
            yield OrphanObject(
                str(entry["path"]),
                int(entry["size"]),
                reason,
                entry["last_modified"] < limit,
            )
    if storage.store.folder is not None:
        for orphan in await asyncio.to_thread(
            _list_staged, storage.store.folder, storage.tenant, limit.timestamp()
        ):
            yield orphan


@dataclass(frozen=True)
class _KnownFiles:
    files: frozenset[UUID]
    coming: frozenset[UUID]
    parts: frozenset[UUID]


async def _read_known_ids(storage: TenantStorage) -> _KnownFiles:
    async with storage.session() as session:
        coming = await session.scalars(
            select(Upload.file_id).where(Upload.state.in_(OPEN_STATES))
        )
        parts = await session.scalars(select(UploadPart.id))
        files = await session.scalars(select(StoredFile.id))
        archives = await session.scalars(select(SpaceArchive.id))
        return _KnownFiles(
            frozenset([*files, *archives]), frozenset(coming), frozenset(parts)
        )


def _orphan_reason(path: str, references: _KnownFiles) -> str:
    """Why an object is an orphan; empty when it is none."""
    stem, dot, suffix = path.rpartition("/")[2].partition(".")
    try:
        name = UUID(stem)
    except ValueError:
        return NO_NAME
    if suffix == "part":
        if name in references.parts:
            return ""
        return NO_PART
    if name in references.files or (name in references.coming and not dot):
        return ""
    if dot:
        return NO_SOURCE
    return NO_FILE


def _list_staged(folder: Path, tenant: UUID, limit: float) -> list[OrphanObject]:
    """A local object is written beside its place first (`name#1`); a killed process leaves it there."""
    orphans = []
    for path in (folder / str(tenant)).rglob("*#*"):
        if STAGED.fullmatch(path.name):
            about = path.stat()
            orphans.append(
                OrphanObject(
                    str(path.relative_to(folder)),
                    about.st_size,
                    NOT_WHOLE,
                    about.st_mtime < limit,
                )
            )
    return orphans


async def clean_up_uploads(storage: TenantStorage) -> None:
    """Give up what nobody sent to for a day, finish clearing what ended, go on with what was left, forget old rows."""
    moment = now()
    async with storage.session() as session:
        uploads = list((await session.scalars(select(Upload))).all())
    for upload in uploads:
        idle = moment - upload.moved_at
        if (
            upload.state == UploadState.RECEIVING or upload.awaits_record
        ) and idle > LIFETIME:
            await cancel_upload(storage, upload.id)
        elif upload.state in OPEN_STATES:
            await _requeue_upload(storage, upload, idle)
        elif idle > REMEMBERED:
            await clear_parts(storage, upload)
            await _delete_upload(storage, upload)
        else:
            await clear_parts(storage, upload)


async def _requeue_upload(
    storage: TenantStorage, upload: Upload, idle: timedelta
) -> None:
    """A job that failed every attempt, or was lost, is queued again."""
    if (
        upload.state != UploadState.RECEIVING
        and not upload.awaits_record
        and idle > EVERY
    ):
        async with storage.session() as session:
            await enqueue_heavy_job(
                session, upload.space_id, FINISH_UPLOAD, {"upload": str(upload.id)}
            )


async def _delete_upload(storage: TenantStorage, upload: Upload) -> None:
    async with storage.session() as session:
        if (row := await session.get(Upload, (storage.tenant, upload.id))) is not None:
            await session.delete(row)
