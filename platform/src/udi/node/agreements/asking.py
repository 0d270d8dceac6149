"""The worker asks the portal for what changed of the agreements: at its start, at intervals, and when a reader waits."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.errors import UdiError, UnavailableError
from udi.kit.jobs import Handler, Job
from udi.kit.tenancy import Territory
from udi.kit.territories import Registry
from udi.node.agreements.actions import forget_uses, keep_signed, note_asked
from udi.node.agreements.documents import verify_both
from udi.node.agreements.queries import concerns, read_cursor
from udi.node.agreements.waiting import ASK_AGREEMENTS
from udi.node.datasets.portal import PortalAwayError, PortalClient, PortalKeys
from udi.node.datasets.queries import find_dataset

log = structlog.get_logger()
EVERY, SOON = timedelta(seconds=4), timedelta(seconds=2)
"""Between two questions, for a node that the portal cannot reach; and once the portal did not answer."""
HOUR = timedelta(hours=1)
LONGEST = 10.0
"""Seconds that a portal has to answer everything."""


@dataclass
class Asker:
    """Takes in what the portal signed since it was last asked."""

    database: Database
    portal: PortalClient
    keys: PortalKeys

    async def ask(self, territory: Territory) -> int:
        """Ask once, to the end; how many agreements were told.

        Raises:
            PortalAwayError: it does not answer, or not in time.
        """
        async with self.database.session(territory.id, role="worker") as session:
            cursor = await read_cursor(session)
            await note_asked(session, tried_at=now())
        after = cursor.revision if cursor else 0
        try:
            async with asyncio.timeout(LONGEST):
                told = await self._take_all(territory, after)
        except (PortalAwayError, UnavailableError, TimeoutError) as error:
            async with self.database.session(territory.id, role="worker") as session:
                await note_asked(session, failed_at=now())
            raise PortalAwayError("The portal does not answer.", type(error).__name__) from error
        async with self.database.session(territory.id, role="worker") as session:
            await note_asked(session, asked_at=now())
        return told

    async def _take_all(self, territory: Territory, after: int) -> int:
        told = 0
        while True:
            pairs, revision = await self.portal.list_agreements(territory, after)
            for document, said in pairs:
                await self._take(territory, document, said)
            told += len(pairs)
            if not pairs or revision <= after:
                return told
            after = revision
            async with self.database.session(territory.id, role="worker") as session:
                await note_asked(session, revision)

    async def _take(self, territory: Territory, document: str, said: str) -> None:
        """Keep one; what is wrong with it is the portal's fault, and keeps no other back."""
        try:
            signed = await verify_both(self.keys, territory, document, said)
            async with self.database.session(territory.id, role="worker") as session:
                if await find_dataset(session, signed.agreement.dataset) is not None:
                    await keep_signed(session, signed)
        except UnavailableError:
            raise
        except UdiError as error:
            log.warning("agreement not taken in", error=type(error).__name__)


def jobs(registry: Registry, asker: Asker) -> Mapping[str, Handler]:
    """The handler for readers who wait."""

    async def ask_agreements(job: Job) -> None:
        territory = await registry.by_id(job.tenant)
        if territory is not None:
            await ask_quietly(asker, territory)

    return {ASK_AGREEMENTS: ask_agreements}


async def ask_quietly(asker: Asker, territory: Territory) -> bool:
    """Ask; whether the portal answered."""
    try:
        await asker.ask(territory)
    except PortalAwayError as error:
        log.info("agreements not asked for", reason=str(error), detail=error.detail)
        return False
    return True


async def ask_for_ever(asker: Asker, registry: Registry) -> None:
    """Ask each portal whose node has something restricted; a companion of the worker."""
    while True:
        answered = True
        try:
            for territory in await registry.list():
                async with asker.database.session(territory.id, role="worker") as session:
                    concerned = await concerns(session)
                if concerned:
                    answered = await ask_quietly(asker, territory) and answered
        except Exception as error:  # noqa: BLE001 - tried again in a moment
            log.warning("agreements not asked for", error=type(error).__name__)
            answered = False
        await asyncio.sleep((EVERY if answered else SOON).total_seconds())


async def forget_for_ever(database: Database, registry: Registry) -> None:
    """Delete, once an hour, the log of readings whose time is over; a companion of the worker."""
    while True:
        try:
            for territory in await registry.list():
                async with database.session(territory.id, role="worker") as session:
                    await forget_uses(session)
        except Exception as error:  # noqa: BLE001 - tried again an hour later
            log.warning("log of readings not shortened", error=type(error).__name__)
        await asyncio.sleep(HOUR.total_seconds())
