"""The worker tells the portal in which hour each credential was last shown, for the page of its project; no more of the log leaves."""

import asyncio
from datetime import datetime, timedelta

import structlog

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.kit.territories import Registry
from udi.node.agreements.actions import note_asked
from udi.node.agreements.queries import list_last_uses, read_cursor
from udi.node.datasets.portal import PortalAwayError, PortalClient

log = structlog.get_logger()
EVERY = timedelta(minutes=5)
OVERLAP = timedelta(minutes=1)
"""Of what was told, how much is looked at again: lines of the log are committed some time after their moment."""


async def tell_uses(database: Database, portal: PortalClient, territory: Territory) -> int:
    """Tell what is new; of how many credentials.

    Raises:
        PortalAwayError: the portal did not take it; told again later.
    """
    moment = now()
    async with database.session(territory.id, role="worker") as session:
        cursor = await read_cursor(session)
        since = cursor.told_at - OVERLAP if cursor and cursor.told_at else None
        found = await list_last_uses(session, since)
    if found:
        await portal.tell_uses(territory, {id_: _hour(used) for id_, used in found.items()})
        async with database.session(territory.id, role="worker") as session:
            await note_asked(session, told_at=moment)
    return len(found)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


async def tell_for_ever(database: Database, registry: Registry, portal: PortalClient) -> None:
    """Tell each territory's portal, again and again; a companion of the worker."""
    while True:
        for territory in await _served(registry):
            try:
                await tell_uses(database, portal, territory)
            except PortalAwayError as error:
                log.info("uses not told", reason=str(error), detail=error.detail)
            except Exception as error:  # noqa: BLE001 - tried again some minutes later
                log.warning("uses not told", error=type(error).__name__)
        await asyncio.sleep(EVERY.total_seconds())


async def _served(registry: Registry) -> list[Territory]:
    try:
        return list(await registry.list())
    except Exception as error:  # noqa: BLE001 - tried again some minutes later
        log.warning("uses not told", error=type(error).__name__)
        return []
