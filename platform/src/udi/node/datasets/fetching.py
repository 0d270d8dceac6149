"""A producer's own node asks for its reports, which the portal may not be able to bring, and so sees when it is back."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import and_, func, or_, select

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.kit.territories import Registry
from udi.node.datasets.actions.outbox import queue_delivery, settle
from udi.node.datasets.models import Delivery, DeliveryState
from udi.node.datasets.portal import Portal, PortalAwayError, PortalClient
from udi.node.datasets.queries import find_dataset
from udi.protocol.report import read_report, write_report

log = structlog.get_logger()
EVERY = timedelta(seconds=10)
MARGIN = timedelta(minutes=10)
"""How far the clocks of two machines may differ, and how long a push may take."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class Fetcher:
    """Takes in what the portal said since it was last asked, however long the node was stopped meanwhile."""

    database: Database
    portal: PortalClient
    _asked: dict[UUID, datetime] = field(default_factory=dict)
    _present: set[UUID] = field(default_factory=set)

    async def fetch(self, territory: Territory) -> int:
        """Ask once; how many reports were new. A portal that was away is told at once all that waits.

        Raises:
            PortalAwayError
        """
        try:
            taken = await self._fetch(territory)
        except PortalAwayError:
            self._present.discard(territory.id)
            raise
        if territory.id not in self._present:
            await self._tell_again(territory)
            self._present.add(territory.id)
        return taken

    async def _fetch(self, territory: Territory) -> int:
        began = now()
        since = self._asked.get(territory.id) or await self._last_heard(territory.id)
        told = await list_all_told(self.portal, territory, since - MARGIN)
        taken = [await self._take(territory, each) for each in told]
        self._asked[territory.id] = began
        return sum(taken)

    async def _tell_again(self, territory: Territory) -> None:
        """Whatever was tried in vain: its next attempt may be an hour away, or none."""
        tried = or_(
            Delivery.state == DeliveryState.FAILED,
            and_(Delivery.state == DeliveryState.QUEUED, Delivery.attempts > 0),
        )
        async with self.database.session(territory.id, role="worker") as session:
            waiting = (await session.scalars(select(Delivery.dataset_id).where(tried))).all()
        for dataset_id in waiting:
            async with self.database.session(territory.id, role="worker") as session:
                dataset = await find_dataset(session, dataset_id, lock=True)
                delivery = dataset and dataset.delivery
                if dataset and delivery and delivery.state in {DeliveryState.FAILED, DeliveryState.QUEUED}:
                    await queue_delivery(session, dataset, method=delivery.method, record=delivery.record)

    async def _last_heard(self, tenant: UUID) -> datetime:
        async with self.database.session(tenant, role="worker") as session:
            heard = await session.scalar(select(func.max(Delivery.updated_at)).where(Delivery.report.is_not(None)))
        return heard or LONG_AGO + MARGIN

    async def _take(self, territory: Territory, dataset_id: UUID) -> bool:
        report = write_report(read_report(await self.portal.read_report(territory, dataset_id)))
        async with self.database.session(territory.id, role="worker") as session:
            dataset = await find_dataset(session, dataset_id, lock=True)
            known = dataset and dataset.delivery and dataset.delivery.report
            if dataset is None or (known and known.get("report_id") == report["report_id"]):
                return False
            return await settle(session, dataset, report)


async def list_all_told(client: PortalClient, to: Portal, since: datetime) -> list[UUID]:
    """The datasets about which a portal made a report since then, each once.

    Raises:
        PortalAwayError
    """
    told, found = list[str](), [""]
    while found:
        found, total = await client.list_told(to, since, len(told))
        told += found
        found = found if len(told) < total else []
    return [UUID(each) for each in dict.fromkeys(told) if each]


async def fetch_for_ever(database: Database, registry: Registry, portal: PortalClient) -> None:
    """Ask every few seconds; a companion of the worker."""
    fetcher = Fetcher(database, portal)
    while True:
        try:
            for territory in await registry.list():
                await fetcher.fetch(territory)
        except PortalAwayError as error:
            log.info("reports not asked for", reason=str(error), detail=error.detail)
        except Exception as error:  # noqa: BLE001 - tried again in a moment
            log.warning("reports not taken in", error=type(error).__name__)
        await asyncio.sleep(EVERY.total_seconds())
