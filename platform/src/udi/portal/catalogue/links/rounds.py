"""Rounds: each minute, some addresses of each territory are looked at, those that failed among the first.

Machines are asked one request at a time, whatever the number of territories and workers. The number of looks is bounded by
the hour, so that a catalogue of any size is spread over time.
"""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.schedules import FEW, run_in_each_territory
from udi.kit.tenancy import Territory
from udi.portal.catalogue.links.inventory import add_links, delete_unused_links
from udi.portal.catalogue.links.leases import (
    claim_lease,
    delete_expired_leases,
    lease_name,
)
from udi.portal.catalogue.links.notifications import queue_link_emails
from udi.portal.catalogue.links.status import publish_link_statuses
from udi.portal.catalogue.links.visits import A_VISIT, find_due_links, visit_host
from udi.ui.site import Site

EVERY = timedelta(minutes=1)
SAY_EVERY = timedelta(minutes=10)
WHOLE = timedelta(days=1)
OVERLAP = timedelta(hours=1)
AT_ONCE = 8
"""Machines asked at once."""


class LinkChecker:
    """What the portal's worker runs beside its jobs."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._taken: dict[UUID, datetime] = {}
        """When addresses were last added; `_whole`, when all of them were last gone through."""
        self._whole: dict[UUID, datetime] = {}
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._rounds = 0

    async def run(self) -> None:
        """One round of all territories at once; while they are more than a round takes, of those that come next."""
        territories = await self._site.registry.list()
        turns = max(1, -(-len(territories) // FEW))
        turn = territories[self._rounds % turns :: turns]
        self._rounds += 1
        await run_in_each_territory(
            self._site.registry,
            partial(self.check_territory, turns=turns),
            among={territory.id for territory in turn},
            at_once=True,
        )
        async with self._site.database.platform_session(role="worker") as session:
            await delete_expired_leases(session)

    async def check_territory(self, territory: Territory, *, turns: int = 1) -> int:
        """One round of a territory, in one of so many minutes: keep its rows, look, say and tell what is to be; how many looks."""
        looks_per_hour = self._site.settings.link_looks_per_hour
        most = -(-looks_per_hour * turns * EVERY // timedelta(hours=1))
        async with self._site.database.session(territory.id, role="worker") as session:
            await self._update_inventory(session, territory)
            due = await find_due_links(session, most, visit=A_VISIT * turns)
        looks = sum(
            await asyncio.gather(
                *(
                    self._visit_host(territory, host, ids, turns)
                    for host, ids in due.items()
                )
            )
        )
        async with self._site.database.session(territory.id, role="worker") as session:
            if await claim_lease(session, lease_name(territory.id, "say"), SAY_EVERY):
                await publish_link_statuses(session)
            await queue_link_emails(session, territory, now())
        return looks

    async def _update_inventory(
        self, session: AsyncSession, territory: Territory
    ) -> None:
        """All addresses once a day and at the start; else those of what was described since the last round."""
        moment = now()
        whole = self._whole.get(territory.id)
        is_whole = whole is None or moment - whole >= WHOLE
        since = None if is_whole else self._taken[territory.id] - OVERLAP
        await add_links(session, territory.links.get("node", ""), since)
        self._taken[territory.id] = moment
        if is_whole:
            await delete_unused_links(session)
            self._whole[territory.id] = moment

    async def _visit_host(
        self, territory: Territory, host: str, ids: list[UUID], turns: int
    ) -> int:
        async with self._at_once:
            return await visit_host(self._site, territory, host, ids, turns=turns)
