"""Telling the portal, every ten minutes, how much the data of each producer were used on which day."""

from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import today
from udi.kit.db import Database
from udi.kit.schedules import Schedule, run_in_each_territory
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.node.datasets.exchange.portal import PortalClient, PortalUnavailableError
from udi.node.spaces.clients import ClientKind
from udi.node.spaces.models import Space, UseCount
from udi.node.spaces.use_counts import UseKind
from udi.protocol.uses import MOST_DAYS, DayUses, NodeUses

log = structlog.get_logger()
CRON = "9-59/10 * * * *"
FIRST_DAYS = timedelta(days=400)
"""How far back a worker tells when it begins."""
OPEN_DAYS = timedelta(days=2)
"""Days whose numbers may still grow: counts reach the database a moment after midnight."""


@dataclass
class UsesSync:
    """Tells the portal of each territory."""

    database: Database
    registry: TerritoryRegistry
    portal: PortalClient
    _told_until: dict[UUID, date] = field(default_factory=dict)

    async def run(self) -> None:
        """Tell each, as a scheduled task."""
        await run_in_each_territory(self.registry, self._tell_portal)

    async def _tell_portal(self, territory: Territory) -> None:
        try:
            await self.tell(territory)
        except PortalUnavailableError as error:
            log.info("uses not told", reason=str(error), detail=error.detail)
            raise

    async def tell(self, territory: Territory) -> int:
        """Tell the days that may have changed since the last time; how many lines.

        Raises:
            PortalUnavailableError: the portal does not answer, or does not take uses.
        """
        day = today(UTC)
        first = self._told_until.get(territory.id, day - FIRST_DAYS)
        async with self.database.session(territory.id, role="worker") as session:
            lines = await sum_days(session, first - OPEN_DAYS)
        for start in range(0, len(lines), MOST_DAYS):
            uses = NodeUses(days=lines[start : start + MOST_DAYS])
            await self.portal.tell_uses(territory, uses)
        self._told_until[territory.id] = day
        return len(lines)


def schedule_uses(
    database: Database, registry: TerritoryRegistry, portal: PortalClient
) -> Schedule:
    """Tell every ten minutes."""
    return Schedule("tell_uses", CRON, UsesSync(database, registry, portal).run)


async def sum_days(session: AsyncSession, since: date) -> list[DayUses]:
    """Uses of each producer's data by day, robots left out, the oldest day first."""
    is_file = UseCount.kind == UseKind.FILE
    total = func.coalesce(func.sum(UseCount.count).filter(is_file), 0)
    calls = func.coalesce(func.sum(UseCount.count).filter(~is_file), 0)
    query = (
        select(Space.slug, UseCount.day, total, calls)
        .join(
            Space,
            (Space.tenant_id == UseCount.tenant_id) & (Space.id == UseCount.space_id),
        )
        .where(UseCount.day >= since, UseCount.client != ClientKind.ROBOTS)
        .group_by(Space.slug, UseCount.day)
        .order_by(UseCount.day, Space.slug)
    )
    return [
        DayUses(producer=slug, day=day, downloads=int(downloads), calls=int(questions))
        for slug, day, downloads, questions in await session.execute(query)
    ]
