"""A producer's own node asks for its reports, which the portal may not be able to bring, and so sees when it is back."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import and_, func, or_, select

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.schedules import Schedule, run_in_each_territory
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.node.datasets.actions.outbox import apply_report, queue_delivery
from udi.node.datasets.exchange.portal import (
    Portal,
    PortalClient,
    PortalUnavailableError,
)
from udi.node.datasets.models import Delivery, DeliveryState
from udi.node.datasets.queries import find_dataset
from udi.protocol.report import read_report, write_report

log = structlog.get_logger()
MARGIN = timedelta(minutes=10)
"""How far the clocks of two machines may differ, and how long a push may take."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class ReportSync:
    """Takes in what the portal said since it was last asked, however long the node was stopped meanwhile."""

    database: Database
    portal: PortalClient
    _fetched_at: dict[UUID, datetime] = field(default_factory=dict)
    _reachable_tenants: set[UUID] = field(default_factory=set)

    async def fetch_reports(self, territory: Territory) -> int:
        """Ask once; how many reports were new. A portal that was away is sent at once all that waits.

        Raises:
            PortalUnavailableError
        """
        try:
            report_count = await self._fetch_new_reports(territory)
        except PortalUnavailableError:
            self._reachable_tenants.discard(territory.id)
            raise
        if territory.id not in self._reachable_tenants:
            await self._resend_failed(territory)
            self._reachable_tenants.add(territory.id)
        return report_count

    async def _fetch_new_reports(self, territory: Territory) -> int:
        began = now()
        since = self._fetched_at.get(territory.id) or await self._last_report_date(
            territory.id
        )
        dataset_ids = await list_all_reported_datasets(
            self.portal, territory, since - MARGIN
        )
        outcomes = [
            await self._apply_report(territory, dataset_id)
            for dataset_id in dataset_ids
        ]
        self._fetched_at[territory.id] = began
        return sum(outcomes)

    async def _resend_failed(self, territory: Territory) -> None:
        """Whatever was tried in vain: its next attempt may be an hour away, or none."""
        tried = or_(
            Delivery.state == DeliveryState.FAILED,
            and_(Delivery.state == DeliveryState.QUEUED, Delivery.attempts > 0),
        )
        async with self.database.session(territory.id, role="worker") as session:
            waiting = (
                await session.scalars(select(Delivery.dataset_id).where(tried))
            ).all()
        for dataset_id in waiting:
            async with self.database.session(territory.id, role="worker") as session:
                dataset = await find_dataset(session, dataset_id, lock=True)
                delivery = dataset and dataset.delivery
                if (
                    dataset
                    and delivery
                    and delivery.state in {DeliveryState.FAILED, DeliveryState.QUEUED}
                ):
                    await queue_delivery(
                        session, dataset, method=delivery.method, record=delivery.record
                    )

    async def _last_report_date(self, tenant: UUID) -> datetime:
        async with self.database.session(tenant, role="worker") as session:
            last_report_at = await session.scalar(
                select(func.max(Delivery.updated_at)).where(
                    Delivery.report.is_not(None)
                )
            )
        return last_report_at or LONG_AGO + MARGIN

    async def _apply_report(self, territory: Territory, dataset_id: UUID) -> bool:
        report = write_report(
            read_report(await self.portal.read_report(territory, dataset_id))
        )
        async with self.database.session(territory.id, role="worker") as session:
            dataset = await find_dataset(session, dataset_id, lock=True)
            previous_report = dataset and dataset.delivery and dataset.delivery.report
            if dataset is None or (
                previous_report
                and previous_report.get("report_id") == report["report_id"]
            ):
                return False
            return await apply_report(session, dataset, report)


async def list_all_reported_datasets(
    client: PortalClient, to: Portal, since: datetime
) -> list[UUID]:
    """The datasets about which a portal made a report since then, each once.

    Raises:
        PortalUnavailableError
    """
    identifiers = list[str]()
    batch = [""]
    while batch:
        batch, total = await client.list_reported_datasets(to, since, len(identifiers))
        identifiers += batch
        batch = batch if len(identifiers) < total else []
    return [UUID(identifier) for identifier in dict.fromkeys(identifiers) if identifier]


def schedule_report_fetches(
    database: Database, registry: TerritoryRegistry, portal: PortalClient
) -> Schedule:
    """Ask the portal of each territory for reports, every ten seconds."""
    fetcher = ReportSync(database, portal)

    async def fetch(territory: Territory) -> None:
        try:
            await fetcher.fetch_reports(territory)
        except PortalUnavailableError as error:
            log.info("reports not asked for", reason=str(error), detail=error.detail)
            raise

    async def run() -> None:
        await run_in_each_territory(registry, fetch)

    return Schedule("fetch_reports", "* * * * * */10", run)
