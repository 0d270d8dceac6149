"""The jobs of datasets: tell the portal until it has answered, look at a file."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

import structlog

from udi.kit.clock import now
from udi.kit.crash import crash_at
from udi.kit.db import Database
from udi.kit.jobs import FIRST_DELAY, LONGEST_DELAY, Handlers, Job
from udi.kit.territories import TerritoryRegistry
from udi.node.datasets.actions.compare import COMPARE_VERSION, compare_version
from udi.node.datasets.actions.draft import PREPARE_VERSION
from udi.node.datasets.actions.outbox import (
    PUSH_DATASET,
    apply_report,
    note_failure,
    note_sent,
)
from udi.node.datasets.actions.prepare import (
    PreparationContext,
    mark_preparation_failed,
    prepare_version,
)
from udi.node.datasets.exchange.portal import (
    PortalClient,
    PortalUnavailableError,
    PushResponse,
)
from udi.node.datasets.exchange.push_locks import (
    SpaceMovingError,
    lock_dataset_push,
    may_push,
)
from udi.node.datasets.models import Delivery, DeliveryState
from udi.node.datasets.queries import find_dataset, find_delivery
from udi.node.files.storage.store import ObjectStore
from udi.node.files.storage.tenant_storage import TenantStorage

log = structlog.get_logger()


def task_handlers(
    database: Database,
    registry: TerritoryRegistry,
    portal: PortalClient,
    store: ObjectStore,
    clamd: str = "",
    schemas: Path | None = None,
) -> Handlers:
    """The handlers of this domain, for the worker."""

    async def push_dataset(job: Job) -> None:
        dataset_id = UUID(job.payload["dataset"])
        revision = int(job.payload["revision"])
        async with database.session(job.tenant, role="worker") as turn:
            await lock_dataset_push(turn, dataset_id)
            if not await may_push(turn, dataset_id, wait=job.last):
                raise SpaceMovingError
            delivery = await _find_queued_delivery(
                database, job.tenant, dataset_id, revision
            )
            if delivery is not None:
                crash_at("push.begun")
                await _push_record(database, registry, portal, job, delivery)

    async def prepare(job: Job) -> None:
        territory = await registry.get_served(job.tenant)
        context = PreparationContext(
            TenantStorage(database, store, job.tenant, "worker"),
            territory,
            clamd,
            schemas,
        )
        arguments = UUID(job.payload["version"]), int(job.payload["revision"])
        try:
            await prepare_version(context, *arguments, last=job.last)
        except Exception:
            if job.last:
                await mark_preparation_failed(context, *arguments)
            raise

    async def compare(job: Job) -> None:
        await compare_version(
            TenantStorage(database, store, job.tenant, "worker"),
            UUID(job.payload["version"]),
        )

    return {
        PUSH_DATASET: push_dataset,
        PREPARE_VERSION: prepare,
        COMPARE_VERSION: compare,
    }


async def _find_queued_delivery(
    database: Database, tenant: UUID, dataset_id: UUID, revision: int
) -> Delivery | None:
    """What is to be sent, or None when something newer was asked or it is already done."""
    async with database.session(tenant, role="worker") as session:
        delivery = await find_delivery(session, dataset_id)
    fresh = (
        delivery is not None
        and delivery.revision == revision
        and delivery.state == DeliveryState.QUEUED
    )
    if fresh:
        return delivery
    return None


async def _push_record(
    database: Database,
    registry: TerritoryRegistry,
    portal: PortalClient,
    job: Job,
    delivery: Delivery,
) -> None:
    try:
        territory = await registry.get_served(job.tenant)
        answer = await portal.push(
            territory, delivery.method, delivery.dataset_id, delivery.record
        )
    except PortalUnavailableError as error:
        log.warning(
            "portal not told",
            dataset=str(delivery.dataset_id),
            reason=str(error),
            detail=error.detail,
        )
        await _record_failure(database, job, delivery, str(error))
        raise
    crash_at("push.sent")
    await _apply_answer(database, job.tenant, delivery, answer)


async def _apply_answer(
    database: Database, tenant: UUID, sent: Delivery, answer: PushResponse
) -> None:
    async with database.session(tenant, role="worker") as session:
        dataset = await find_dataset(session, sent.dataset_id, lock=True)
        if dataset is None or dataset.delivery is None:
            return
        await note_sent(
            session,
            dataset.delivery,
            revision=sent.revision,
            report_id=answer.report_id,
        )
        if answer.refused is not None and dataset.delivery.revision == sent.revision:
            await apply_report(session, dataset, answer.refused)


async def _record_failure(
    database: Database, job: Job, sent: Delivery, error: str
) -> None:
    async with database.session(job.tenant, role="worker") as session:
        dataset = await find_dataset(session, sent.dataset_id, lock=True)
        if dataset is not None and dataset.delivery is not None:
            again = None if job.last else _next_attempt(job.attempt)
            await note_failure(
                session,
                dataset.delivery,
                revision=sent.revision,
                error=error,
                next_attempt_at=again,
            )


def _next_attempt(attempt: int) -> datetime:
    return now() + min(FIRST_DELAY * float(2**attempt), LONGEST_DELAY)
