"""The worker tells the portal in which hour each credential last read, for the page of its project; no more of the log leaves."""

from datetime import datetime, timedelta

import structlog

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.schedules import Schedule, run_in_each_territory
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.node.agreements.actions import update_cursor
from udi.node.agreements.queries import list_last_uses, read_cursor
from udi.node.datasets.exchange.portal import PortalClient, PortalUnavailableError

log = structlog.get_logger()
OVERLAP = timedelta(minutes=1)
"""How much of what was reported is read again: lines of the log are committed some time after their moment."""


async def report_uses(
    database: Database, portal: PortalClient, territory: Territory
) -> int:
    """Tell what is new; of how many credentials.

    Raises:
        PortalUnavailableError: the portal did not take it; it is reported again later.
    """
    moment = now()
    async with database.session(territory.id, role="worker") as session:
        cursor = await read_cursor(session)
        since = (
            cursor.uses_reported_until - OVERLAP
            if cursor and cursor.uses_reported_until
            else None
        )
        last_use_by_credential = await list_last_uses(session, since)
    if last_use_by_credential:
        await portal.report_uses(
            territory,
            {id_: _start_of_hour(used) for id_, used in last_use_by_credential.items()},
        )
        async with database.session(territory.id, role="worker") as session:
            await update_cursor(session, uses_reported_until=moment)
    return len(last_use_by_credential)


def _start_of_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def schedule_use_reports(
    database: Database, registry: TerritoryRegistry, portal: PortalClient
) -> Schedule:
    """Tell each territory's portal, every five minutes."""

    async def report(territory: Territory) -> None:
        try:
            await report_uses(database, portal, territory)
        except PortalUnavailableError as error:
            log.info("uses not reported", reason=str(error), detail=error.detail)
            raise

    async def run() -> None:
        await run_in_each_territory(registry, report)

    return Schedule("report_uses", "2-59/5 * * * *", run)
