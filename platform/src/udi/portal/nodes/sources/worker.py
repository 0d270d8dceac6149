"""Reading sources for ever: some at a time, those that are due for longest first, whatever their territory."""

import asyncio
import random

import structlog
from sqlalchemy import select

from udi.kit.clock import now
from udi.kit.tenancy import Territory
from udi.kit.territory_reads import find_territories
from udi.portal.nodes.sources import OUTGOING
from udi.portal.nodes.sources.harvest_run import HarvestContext, harvest_next_source
from udi.portal.nodes.sources.leases import select_due
from udi.portal.nodes.sources.models import CatalogueSource
from udi.portal.nodes.sources.source_client import SourceClient
from udi.ui.site import Site

log = structlog.get_logger()
AT_ONCE = 3
EVERY = 20.0
"""Seconds between two looks, where nothing was due."""


async def harvest_periodically(site: Site) -> None:
    """Read what is due in every territory, again and again, until cancelled."""
    outgoing = site.services[OUTGOING]
    reader = SourceClient(outgoing)
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(_look_for_ever(site, reader))


async def _look_for_ever(site: Site, reader: SourceClient) -> None:
    while True:
        busy = False
        try:
            territories = await list_due(site)
            for territory in random.sample(territories, len(territories)):
                busy = await _harvest_territory(site, reader, territory) or busy
        except Exception as error:  # noqa: BLE001 - looked for again some seconds later
            log.warning("sources not looked for", error=type(error).__name__)
        if not busy:
            await asyncio.sleep(EVERY)


async def list_due(site: Site) -> list[Territory]:
    """The territories with a source that should be read now: one statement for all, of which most have none."""
    due = await find_territories(
        site.database, select(CatalogueSource.id).where(*select_due(now()))
    )
    return [
        territory for territory in await site.registry.list() if territory.id in due
    ]


async def _harvest_territory(
    site: Site, reader: SourceClient, territory: Territory
) -> bool:
    """What goes wrong in one territory holds up no other."""
    try:
        return await harvest_next_source(build_harvest_context(site, reader, territory))
    except Exception as error:  # noqa: BLE001 - its lease ends, and it is taken up again
        log.warning(
            "source not read", territory=territory.slug, error=type(error).__name__
        )
        return False


def build_harvest_context(
    site: Site, reader: SourceClient, territory: Territory
) -> HarvestContext:
    """What a worker reads the sources of a territory with."""
    return HarvestContext(site.database, reader, territory, site.pages.gettext)
