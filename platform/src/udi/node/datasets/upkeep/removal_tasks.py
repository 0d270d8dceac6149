"""The jobs that remove single versions: their objects, copies and archives at once, then again; and those beyond what is kept."""

from collections.abc import Sequence
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs as queue
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.jobs import Handlers, Job
from udi.node.datasets.actions.outbox import KEEP_VERSIONS
from udi.node.datasets.actions.remove import ERASE_VERSION, remove_excess_versions
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.upkeep.erasure_tasks import SECOND_PASS_DELAY, Forget
from udi.node.files.expiry import expire_archives
from udi.node.files.models import RemovedVersion
from udi.node.files.storage.store import ObjectStore

log = structlog.get_logger()


def task_handlers(
    database: Database, store: ObjectStore, forgets: Sequence[Forget] = ()
) -> Handlers:
    """The handlers, for the worker; `forgets` are called in order, before the objects go."""

    async def erase_one(job: Job) -> None:
        file_id = UUID(job.payload["file"])
        second = bool(job.payload.get("second"))
        async with database.session(job.tenant, role="worker") as session:
            gone = await session.scalar(
                select(RemovedVersion).where(RemovedVersion.id == file_id)
            )
            if gone is None:
                return
            archives = await expire_archives(session, gone.space_id, gone.requested_at)
        for forget in forgets:
            await forget(job.tenant, gone.dataset_id)
        for key in archives:
            await store.delete(key)
        objects, size = await store.purge_file(gone.key)
        log.info(
            "version erased",
            dataset=str(gone.dataset_id),
            objects=objects,
            bytes=size,
            second=second,
        )
        async with database.session(job.tenant, role="worker") as session:
            await _record_removal(session, file_id, second=second)

    async def keep(job: Job) -> None:
        async with database.session(job.tenant, role="worker") as session:
            dataset = await find_dataset(
                session, UUID(job.payload["dataset"]), lock=True
            )
            if dataset is not None:
                await remove_excess_versions(session, None, dataset)

    return {ERASE_VERSION: erase_one, KEEP_VERSIONS: keep}


async def _record_removal(
    session: AsyncSession, file_id: UUID, *, second: bool
) -> None:
    """Say when it was done, unless its dataset was erased meanwhile; look once more."""
    removed = await session.scalar(
        select(RemovedVersion).where(RemovedVersion.id == file_id).with_for_update()
    )
    if removed is not None:
        removed.erased_at = removed.erased_at or now()
        if not second:
            await queue.enqueue(
                session,
                ERASE_VERSION,
                {"file": str(file_id), "second": True},
                delay=SECOND_PASS_DELAY,
            )
