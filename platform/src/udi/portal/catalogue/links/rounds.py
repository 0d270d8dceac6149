"""Rounds: each minute, some addresses of each territory are looked at, those that failed among the first.

Machines are asked one request at a time, whatever the number of territories and workers. The number of looks is bounded by
the hour, so that a catalogue of any size is spread over time.
"""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.tenancy import Territory
from udi.portal.catalogue.links.keeping import drop_links, take_links
from udi.portal.catalogue.links.saying import say_standings
from udi.portal.catalogue.links.telling import queue_news
from udi.portal.catalogue.links.turns import claim, forget_turns, task_of
from udi.portal.catalogue.links.visits import find_due, visit
from udi.ui.site import Site

log = structlog.get_logger()
EVERY, SAY_EVERY = timedelta(minutes=1), timedelta(minutes=10)
WHOLE, OVERLAP = timedelta(days=1), timedelta(hours=1)
AT_ONCE = 8
"""Machines asked at once."""


class Rounds:
    """What the portal's worker runs beside its jobs."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._taken: dict[UUID, datetime] = {}
        """When addresses were last added; `_whole`, when all of them were last gone through."""
        self._whole: dict[UUID, datetime] = {}
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """A round each minute, for ever; none where the installation looks at nothing."""
        while True:
            if self._site.settings.link_looks_per_hour:
                try:
                    await self._once()
                except Exception as error:  # noqa: BLE001 - the next round comes in a minute
                    log.warning("links not looked at", error=type(error).__name__)
            await asyncio.sleep(EVERY.total_seconds())

    async def _once(self) -> None:
        territories = await self._site.registry.list()
        await asyncio.gather(*(self._look_after(territory) for territory in territories))
        async with self._site.database.platform_session(role="worker") as session:
            await forget_turns(session)

    async def _look_after(self, territory: Territory) -> None:
        """What goes wrong in one territory holds up no other; of several workers, one makes the round."""
        try:
            async with self._site.database.session(territory.id, role="worker") as session:
                mine = await claim(session, task_of(territory.id, "round"), EVERY - timedelta(seconds=1))
            if mine:
                await self.go_round(territory)
        except Exception as error:  # noqa: BLE001 - the next round comes in a minute
            log.warning("links not looked at", territory=territory.slug, error=type(error).__name__)

    async def go_round(self, territory: Territory) -> int:
        """One round of a territory: keep its rows, look, say and tell what is to be; how many looks."""
        most = -(-self._site.settings.link_looks_per_hour * EVERY // timedelta(hours=1))
        async with self._site.database.session(territory.id, role="worker") as session:
            await self._keep(session, territory)
            due = await find_due(session, most)
        looks = sum(await asyncio.gather(*(self._visit(territory, host, ids) for host, ids in due.items())))
        async with self._site.database.session(territory.id, role="worker") as session:
            if await claim(session, task_of(territory.id, "say"), SAY_EVERY):
                await say_standings(session)
            await queue_news(session, territory, now())
        return looks

    async def _keep(self, session: AsyncSession, territory: Territory) -> None:
        """All addresses once a day and at the start; else those of what was described since the last round."""
        moment, whole = now(), self._whole.get(territory.id)
        is_whole = whole is None or moment - whole >= WHOLE
        since = None if is_whole else self._taken[territory.id] - OVERLAP
        await take_links(session, territory.links.get("node", ""), since)
        self._taken[territory.id] = moment
        if is_whole:
            await drop_links(session)
            self._whole[territory.id] = moment

    async def _visit(self, territory: Territory, host: str, ids: list[UUID]) -> int:
        async with self._at_once:
            return await visit(self._site, territory, host, ids)
