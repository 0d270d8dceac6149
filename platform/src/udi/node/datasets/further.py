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
from udi.kit.territories import Registry
from udi.node.datasets.actions.elsewhere import settle_elsewhere
from udi.node.datasets.fetching import MARGIN, list_all_told
from udi.node.datasets.portal import Answer, Correspondent, PortalAwayError, PortalClient
from udi.node.datasets.queries import find_dataset
from udi.node.portals.actions import note_further_failure, note_further_sent, note_heard
from udi.node.portals.models import FurtherDelivery, FurtherPortal, FurtherState
from udi.node.portals.queries import find_further, list_due, list_portals
from udi.protocol.report import read_report, write_report

log = structlog.get_logger()
LOOK = 1.0
EVERY = timedelta(seconds=10).total_seconds()
"""How often reports are asked for, and a portal that was away is tried again."""


@dataclass
class Envoy:
    """Visits one further portal of one territory's node."""

    database: Database
    client: PortalClient
    tenant: UUID
    portal: UUID
    _heard: float = field(default=-EVERY)
    _away: float = field(default=-EVERY)

    async def visit(self) -> None:
        """Ask for its reports when it is time or there is something to say, then say it."""
        moment = time.monotonic()
        if moment - self._away < EVERY:
            return
        async with self.database.session(self.tenant, role="worker") as session:
            known = await session.get(FurtherPortal, (self.tenant, self.portal))
            due = await list_due(session, self.portal)
        if known is None or (not due and moment - self._heard < EVERY):
            return
        try:
            await self._hear(known)
            self._heard = moment
            for dataset_id in due:
                await self._tell(known, dataset_id)
        except PortalAwayError as error:
            self._away = moment
            await self._note_away(str(error))
            log.info("further portal away", portal=known.origin, reason=str(error), detail=error.detail)

    async def _hear(self, known: FurtherPortal) -> None:
        began, to = now(), _correspondent(known)
        told = await list_all_told(self.client, to, (known.heard_at or known.joined_at) - MARGIN)
        for dataset_id in told:
            report = write_report(read_report(await self.client.read_report(to, dataset_id)))
            async with self.database.session(self.tenant, role="worker") as session:
                dataset = await find_dataset(session, dataset_id, lock=True)
                delivery = await find_further(session, self.portal, dataset_id)
                seen = delivery and delivery.report and delivery.report.get("report_id") == report["report_id"]
                if dataset is not None and not seen:
                    await settle_elsewhere(session, known, dataset, report)
        async with self.database.session(self.tenant, role="worker") as session:
            if (portal := await self._portal(session)) is not None:
                note_heard(portal, began)

    async def _tell(self, known: FurtherPortal, dataset_id: UUID) -> None:
        """Send what one dataset waits to say; a portal that answers, but not to this, is told the others."""
        async with self.database.session(self.tenant, role="worker") as session:
            sent = await find_further(session, self.portal, dataset_id)
        if sent is None or sent.state != FurtherState.QUEUED:
            return
        crash_at("further.begun")
        try:
            answer = await self.client.push(_correspondent(known), sent.method, dataset_id, sent.record)
        except PortalAwayError as error:
            await self._note_failure(sent, str(error))
            log.warning("further portal not told", dataset=str(dataset_id), reason=str(error), detail=error.detail)
            return
        crash_at("further.sent")
        await self._take(known, sent, answer)

    async def _take(self, known: FurtherPortal, sent: FurtherDelivery, answer: Answer) -> None:
        async with self.database.session(self.tenant, role="worker") as session:
            dataset = await find_dataset(session, sent.dataset_id, lock=True)
            delivery = await find_further(session, self.portal, sent.dataset_id, lock=True)
            if dataset is None or delivery is None:
                return
            note_further_sent(delivery, revision=sent.revision, report_id=answer.report_id)
            if answer.refused is not None and delivery.revision == sent.revision:
                await settle_elsewhere(session, known, dataset, answer.refused)

    async def _note_failure(self, sent: FurtherDelivery, error: str) -> None:
        async with self.database.session(self.tenant, role="worker") as session:
            delivery = await find_further(session, self.portal, sent.dataset_id, lock=True)
            if delivery is not None:
                note_further_failure(delivery, revision=sent.revision, error=error)

    async def _note_away(self, error: str) -> None:
        async with self.database.session(self.tenant, role="worker") as session:
            if (portal := await self._portal(session)) is not None:
                portal.error = error

    async def _portal(self, session: AsyncSession) -> FurtherPortal | None:
        query = select(FurtherPortal).where(FurtherPortal.id == self.portal).with_for_update()
        found: FurtherPortal | None = await session.scalar(query)
        return found


def _correspondent(portal: FurtherPortal) -> Correspondent:
    return Correspondent(portal.origin, portal.client_id, portal.credential)


async def visit_for_ever(database: Database, registry: Registry, client: PortalClient) -> None:
    """Have an envoy for each further portal, so that none waits for another; a companion of the worker."""
    envoys, visits = dict[UUID, Envoy](), dict[UUID, asyncio.Task[None]]()
    try:
        while True:
            try:
                for tenant, portal in await _list_known(database, registry):
                    envoy = envoys.setdefault(portal, Envoy(database, client, tenant, portal))
                    if portal not in visits or visits[portal].done():
                        visits[portal] = asyncio.create_task(_visit(envoy))
            except Exception as error:  # noqa: BLE001 - looked at again in a moment
                log.warning("further portals not looked at", error=type(error).__name__)
            await asyncio.sleep(LOOK)
    finally:
        for visit in visits.values():
            visit.cancel()


async def _list_known(database: Database, registry: Registry) -> list[tuple[UUID, UUID]]:
    found = []
    for territory in await registry.list():
        async with database.session(territory.id, role="worker") as session:
            found += [(territory.id, portal.id) for portal in await list_portals(session)]
    return found


async def _visit(envoy: Envoy) -> None:
    try:
        await envoy.visit()
    except Exception as error:  # noqa: BLE001 - visited again in a moment
        log.warning("further portal not visited", error=type(error).__name__)
        await asyncio.sleep(EVERY)
