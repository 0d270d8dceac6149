"""A producer's own node speaks to each portal that it joined beside its territory's, one at a time and each on its own.

What waits is kept in the database: a portal that is away is asked again every few seconds, and told when it is back.
"""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.crash import crash_at
from udi.kit.db import Database
from udi.kit.territories import TerritoryRegistry
from udi.node.datasets.actions.further_portals import apply_further_report
from udi.node.datasets.exchange.portal import (
    PortalClient,
    PortalPeer,
    PortalUnavailableError,
    PushResponse,
)
from udi.node.datasets.exchange.portal_reports import MARGIN, list_all_reported_datasets
from udi.node.datasets.queries import find_dataset
from udi.node.portals.actions import (
    note_further_failure,
    note_further_sent,
    record_contact,
)
from udi.node.portals.models import FurtherDelivery, FurtherDeliveryState, FurtherPortal
from udi.node.portals.queries import (
    find_further_delivery,
    list_due_datasets,
    list_portals,
)
from udi.protocol.report import read_report, write_report

log = structlog.get_logger()
LOOK = 1.0
EVERY = timedelta(seconds=10).total_seconds()
"""How often reports are asked for, and a portal that was away is tried again."""


@dataclass
class PortalSync:
    """Visits one further portal of one territory's node."""

    database: Database
    client: PortalClient
    tenant: UUID
    portal: UUID
    _reports_fetched_at: float = field(default=-EVERY)
    _unavailable_at: float = field(default=-EVERY)

    async def synchronise(self) -> None:
        """Ask for its reports when it is time or there is something to say, then say it."""
        moment = time.monotonic()
        if moment - self._unavailable_at < EVERY:
            return
        async with self.database.session(self.tenant, role="worker") as session:
            further_portal = await session.get(
                FurtherPortal, (self.tenant, self.portal)
            )
            due = await list_due_datasets(session, self.portal)
        if further_portal is None or (
            not due and moment - self._reports_fetched_at < EVERY
        ):
            return
        try:
            await self._fetch_reports(further_portal)
            self._reports_fetched_at = moment
            for dataset_id in due:
                await self._send_delivery(further_portal, dataset_id)
        except PortalUnavailableError as error:
            self._unavailable_at = moment
            await self._record_unavailable(str(error))
            log.info(
                "further portal away",
                portal=further_portal.origin,
                reason=str(error),
                detail=error.detail,
            )

    async def _fetch_reports(self, further_portal: FurtherPortal) -> None:
        began = now()
        to = _peer_of(further_portal)
        dataset_ids = await list_all_reported_datasets(
            self.client,
            to,
            (further_portal.reports_read_at or further_portal.joined_at) - MARGIN,
        )
        for dataset_id in dataset_ids:
            report = write_report(
                read_report(await self.client.read_report(to, dataset_id))
            )
            async with self.database.session(self.tenant, role="worker") as session:
                dataset = await find_dataset(session, dataset_id, lock=True)
                delivery = await find_further_delivery(session, self.portal, dataset_id)
                is_duplicate = (
                    delivery
                    and delivery.report
                    and delivery.report.get("report_id") == report["report_id"]
                )
                if dataset is not None and not is_duplicate:
                    await apply_further_report(session, further_portal, dataset, report)
        async with self.database.session(self.tenant, role="worker") as session:
            if (portal := await self._lock_portal(session)) is not None:
                record_contact(portal, began)

    async def _send_delivery(
        self, further_portal: FurtherPortal, dataset_id: UUID
    ) -> None:
        """Send what one dataset waits to say; a portal that answers, but not to this, is sent the others."""
        async with self.database.session(self.tenant, role="worker") as session:
            sent = await find_further_delivery(session, self.portal, dataset_id)
        if sent is None or sent.state != FurtherDeliveryState.QUEUED:
            return
        crash_at("further.begun")
        try:
            answer = await self.client.push(
                _peer_of(further_portal), sent.method, dataset_id, sent.record
            )
        except PortalUnavailableError as error:
            await self._record_failure(sent, str(error))
            log.warning(
                "further portal not told",
                dataset=str(dataset_id),
                reason=str(error),
                detail=error.detail,
            )
            return
        crash_at("further.sent")
        await self._apply_answer(further_portal, sent, answer)

    async def _apply_answer(
        self, further_portal: FurtherPortal, sent: FurtherDelivery, answer: PushResponse
    ) -> None:
        async with self.database.session(self.tenant, role="worker") as session:
            dataset = await find_dataset(session, sent.dataset_id, lock=True)
            delivery = await find_further_delivery(
                session, self.portal, sent.dataset_id, lock=True
            )
            if dataset is None or delivery is None:
                return
            note_further_sent(
                delivery, revision=sent.revision, report_id=answer.report_id
            )
            if answer.refused is not None and delivery.revision == sent.revision:
                await apply_further_report(
                    session, further_portal, dataset, answer.refused
                )

    async def _record_failure(self, sent: FurtherDelivery, error: str) -> None:
        async with self.database.session(self.tenant, role="worker") as session:
            delivery = await find_further_delivery(
                session, self.portal, sent.dataset_id, lock=True
            )
            if delivery is not None:
                note_further_failure(delivery, revision=sent.revision, error=error)

    async def _record_unavailable(self, error: str) -> None:
        async with self.database.session(self.tenant, role="worker") as session:
            if (portal := await self._lock_portal(session)) is not None:
                portal.error = error

    async def _lock_portal(self, session: AsyncSession) -> FurtherPortal | None:
        query = (
            select(FurtherPortal)
            .where(FurtherPortal.id == self.portal)
            .with_for_update()
        )
        further_portal: FurtherPortal | None = await session.scalar(query)
        return further_portal


def _peer_of(portal: FurtherPortal) -> PortalPeer:
    return PortalPeer(portal.origin, portal.client_id, portal.credential)


async def synchronise_portals_periodically(
    database: Database, registry: TerritoryRegistry, client: PortalClient
) -> None:
    """Synchronise each further portal in a task of its own, so that none waits for another; a companion of the worker."""
    syncs = dict[UUID, PortalSync]()
    visits = dict[UUID, asyncio.Task[None]]()
    try:
        while True:
            try:
                for tenant, portal in await _list_further_portals(database, registry):
                    sync = syncs.setdefault(
                        portal, PortalSync(database, client, tenant, portal)
                    )
                    if portal not in visits or visits[portal].done():
                        visits[portal] = asyncio.create_task(_synchronise_quietly(sync))
            except Exception as error:  # noqa: BLE001 - looked at again in a moment
                log.warning("further portals not looked at", error=type(error).__name__)
            await asyncio.sleep(LOOK)
    finally:
        for visit in visits.values():
            visit.cancel()


async def _list_further_portals(
    database: Database, registry: TerritoryRegistry
) -> list[tuple[UUID, UUID]]:
    portal_ids = []
    for territory in await registry.list():
        async with database.session(territory.id, role="worker") as session:
            portal_ids += [
                (territory.id, portal.id) for portal in await list_portals(session)
            ]
    return portal_ids


async def _synchronise_quietly(sync: PortalSync) -> None:
    try:
        await sync.synchronise()
    except Exception as error:  # noqa: BLE001 - visited again in a moment
        log.warning("further portal not visited", error=type(error).__name__)
        await asyncio.sleep(EVERY)
