"""Archives of spaces: asked for, made by a job, kept for seven days."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.errors import ConflictError
from udi.kit.identity import Actor
from udi.kit.jobs import Handlers, Job
from udi.kit.schedules import Schedule, run_in_each_territory
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.node.audit import record_audit_event
from udi.node.datasets.space_export.builder import ArchiveBuilder
from udi.node.datasets.space_export.contents import SpaceExport, read_space_contents
from udi.node.datasets.space_export.zip_writer import DamagedFileError
from udi.node.files.models import ArchiveState, SpaceArchive
from udi.node.files.storage.store import ObjectStore
from udi.node.spaces.limits import enqueue_heavy_job
from udi.node.spaces.models import Space

log = structlog.get_logger()
BUILD_ARCHIVE = "build_archive"
RETENTION = timedelta(days=7)
REMEMBERED = timedelta(days=30)
"""How long the address of an archive says that its days have passed."""
DAMAGED = "A file is no longer stored as it was dropped. The territory’s team can tell you which one."
GIVEN_UP = "The file storage does not answer."


async def request_archive(
    session: AsyncSession, actor: Actor, space: Space
) -> SpaceArchive:
    """Have the archive of a space made; one that was ready gives way to it. The space must be locked.

    Raises:
        ConflictError: one is being made.
    """
    before = await find_archive(session, space)
    if before is not None and before.state == ArchiveState.QUEUED:
        raise ConflictError(
            "An archive is being made already.",
            remedy="Look at this page again in some minutes.",
        )
    if before is not None and before.state == ArchiveState.READY:
        before.state = ArchiveState.EXPIRED
    name = f"{space.slug}-{now().date().isoformat()}.zip"
    archive = SpaceArchive(space_id=space.id, person_id=actor.person_id, name=name)
    session.add(archive)
    await session.flush()
    record_audit_event(
        session, actor, "archive.requested", archive.id, space=str(space.id)
    )
    await enqueue_heavy_job(
        session, space.id, BUILD_ARCHIVE, {"archive": str(archive.id)}
    )
    return archive


async def find_archive(session: AsyncSession, space: Space) -> SpaceArchive | None:
    """The newest archive of a space."""
    query = select(SpaceArchive).where(SpaceArchive.space_id == space.id)
    archive: SpaceArchive | None = await session.scalar(
        query.order_by(SpaceArchive.requested_at.desc()).limit(1)
    )
    return archive


@dataclass
class MeasuredStream:
    """Gives pieces on, and knows how many bytes they were and their SHA-256."""

    pieces: AsyncIterator[bytes]
    size: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    @property
    def sha256(self) -> str:
        return str(self._digest.hexdigest())

    def __aiter__(self) -> "MeasuredStream":
        return self

    async def __anext__(self) -> bytes:
        piece = await anext(self.pieces)
        self.size += len(piece)
        self._digest.update(piece)
        return piece


def task_handlers(
    database: Database, registry: TerritoryRegistry, builder: ArchiveBuilder
) -> Handlers:
    """The handler of this job, for the worker. A stopped one begins again: an object is whole or not there."""

    async def build(job: Job) -> None:
        archive_id = UUID(job.payload["archive"])
        archive_and_holding = await _find_requested(
            database, registry, job.tenant, archive_id
        )
        if archive_and_holding is None:
            return
        archive, holding = archive_and_holding
        measured = MeasuredStream(builder.pieces(holding))
        try:
            await builder.store.put(archive.key, measured)
        except DamagedFileError as error:
            log.warning("archive not made", archive=str(archive_id), file=error.file)
            await _mark_failed(database, job.tenant, archive_id, DAMAGED)
            return
        except Exception:
            if job.last:
                await _mark_failed(database, job.tenant, archive_id, GIVEN_UP)
            raise
        if not await _mark_ready(database, job.tenant, archive_id, measured):
            await builder.store.delete(archive.key)

    return {BUILD_ARCHIVE: build}


async def _find_requested(
    database: Database, registry: TerritoryRegistry, tenant: UUID, archive_id: UUID
) -> tuple[SpaceArchive, SpaceExport] | None:
    """What to put into an archive that is still wanted."""
    territory = await registry.get_served(tenant)
    async with database.session(tenant, role="worker") as session:
        archive = await session.scalar(
            select(SpaceArchive).where(SpaceArchive.id == archive_id)
        )
        if archive is None or archive.state != ArchiveState.QUEUED:
            return None
        space = await session.get_one(Space, (tenant, archive.space_id))
        return archive, await read_space_contents(session, territory, space)


async def _mark_ready(
    database: Database, tenant: UUID, archive_id: UUID, measured: MeasuredStream
) -> bool:
    """Offer it, unless something that it holds was erased meanwhile."""
    async with database.session(tenant, role="worker") as session:
        archive = await session.get_one(
            SpaceArchive, (tenant, archive_id), with_for_update=True
        )
        if archive.state != ArchiveState.QUEUED:
            return False
        archive.state = ArchiveState.READY
        archive.size = measured.size
        archive.sha256 = measured.sha256
        archive.ready_at = now()
        archive.expires_at = now() + RETENTION
    return True


async def _mark_failed(
    database: Database, tenant: UUID, archive_id: UUID, reason: str
) -> None:
    async with database.session(tenant, role="worker") as session:
        archive = await session.get_one(
            SpaceArchive, (tenant, archive_id), with_for_update=True
        )
        if archive.state == ArchiveState.QUEUED:
            archive.state = ArchiveState.FAILED
            archive.error = reason


def schedule_archive_deletion(
    database: Database, registry: TerritoryRegistry, store: ObjectStore
) -> Schedule:
    """Delete the archives of every territory whose days have passed, four times an hour."""

    async def delete_expired(territory: Territory) -> None:
        await delete_expired_archives(database, store, territory.id)

    async def run() -> None:
        await run_in_each_territory(registry, delete_expired)

    return Schedule("delete_expired_archives", "6-59/15 * * * *", run)


async def delete_expired_archives(
    database: Database, store: ObjectStore, tenant: UUID
) -> int:
    """Delete a territory's archives that are past or were replaced; how many."""
    past = (SpaceArchive.state == ArchiveState.EXPIRED) | (
        SpaceArchive.expires_at <= now()
    )
    async with database.session(tenant, role="worker") as session:
        archives = (
            await session.scalars(select(SpaceArchive).where(past).with_for_update())
        ).all()
        for archive in archives:
            archive.state = ArchiveState.EXPIRED
            await store.delete(archive.key)
        forgotten = delete(SpaceArchive).where(
            past, SpaceArchive.requested_at <= now() - REMEMBERED
        )
        await session.execute(forgotten)
    return len(archives)
