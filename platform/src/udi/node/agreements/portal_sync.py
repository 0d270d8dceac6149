"""The worker asks the portal for what changed of the agreements: at its start, at intervals, and when a reader waits."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.errors import UdiError, UnavailableError
from udi.kit.jobs import Handlers, Job
from udi.kit.schedules import Schedule, run_sessions
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.kit.territory_reads import find_territories
from udi.node.agreements.actions import delete_old_uses, store_agreement, update_cursor
from udi.node.agreements.consents import store_consent
from udi.node.agreements.documents import (
    verify_consent,
    verify_documents,
    verify_freshness,
)
from udi.node.agreements.freshness import ASK_AGREEMENTS
from udi.node.agreements.queries import read_cursor, select_under_agreements
from udi.node.datasets.exchange.portal import (
    PortalClient,
    PortalKeys,
    PortalUnavailableError,
)
from udi.node.datasets.queries import find_dataset

log = structlog.get_logger()
INTERVAL = timedelta(seconds=4)
RETRY_INTERVAL = timedelta(seconds=2)
"""Between two questions, for a node that the portal cannot reach; and once the portal did not answer."""
HOUR = timedelta(hours=1)
TIMEOUT = 10.0
"""Seconds that a portal has to answer everything."""


@dataclass
class AgreementSync:
    """Takes in what the portal signed since it was last asked."""

    database: Database
    portal: PortalClient
    keys: PortalKeys

    async def sync(self, territory: Territory) -> int:
        """Query once, to the end; returns the number of agreements received.

        Raises:
            PortalUnavailableError: it does not answer, or not in time.
        """
        async with self.database.session(territory.id, role="worker") as session:
            cursor = await read_cursor(session)
            await update_cursor(session, tried_at=now())
        after = cursor.revision if cursor else 0
        try:
            async with asyncio.timeout(TIMEOUT):
                count = await self._fetch_all(territory, after)
        except (PortalUnavailableError, UnavailableError, TimeoutError) as error:
            async with self.database.session(territory.id, role="worker") as session:
                await update_cursor(session, failed_at=now())
            raise PortalUnavailableError(
                "The portal does not answer.", type(error).__name__
            ) from error
        async with self.database.session(territory.id, role="worker") as session:
            await update_cursor(session, answered_at=now())
        return count

    async def _fetch_all(self, territory: Territory, after: int) -> int:
        count = 0
        while True:
            changes = await self.portal.list_agreements(territory, after)
            for document, status_document in changes.agreements:
                await self._store(territory, document, status_document)
            for document in changes.consents:
                await self._store_consent(territory, document)
            count += len(changes.agreements) + len(changes.consents)
            if changes.freshness:
                await self._note_freshness(territory, changes.freshness)
            if changes.revision <= after:
                return count
            after = changes.revision
            async with self.database.session(territory.id, role="worker") as session:
                await update_cursor(session, after)

    async def _store(
        self, territory: Territory, document: str, status_document: str
    ) -> None:
        """Keep one; what is wrong with it is the portal's fault, and keeps no other back."""
        try:
            signed = await verify_documents(
                self.keys, territory, document, status_document
            )
            async with self.database.session(territory.id, role="worker") as session:
                if await find_dataset(session, signed.agreement.dataset) is not None:
                    await store_agreement(session, signed)
        except UnavailableError:
            raise
        except UdiError as error:
            log.warning("agreement not taken in", error=type(error).__name__)

    async def _store_consent(self, territory: Territory, document: str) -> None:
        """Keep how a consent stands; one that is wrong keeps no other back."""
        try:
            status = await verify_consent(self.keys, territory, document)
            async with self.database.session(territory.id, role="worker") as session:
                if await find_dataset(session, status.dataset) is not None:
                    await store_consent(session, status, document)
        except UnavailableError:
            raise
        except UdiError as error:
            log.warning("consent not taken in", error=type(error).__name__)

    async def _note_freshness(self, territory: Territory, document: str) -> None:
        """Note until when the consents count; what is wrong with it leaves them as old as they were."""
        try:
            fresh_until = await verify_freshness(self.keys, territory, document)
        except UnavailableError:
            raise
        except UdiError as error:
            log.warning("freshness of consents not noted", error=type(error).__name__)
            return
        async with self.database.session(territory.id, role="worker") as session:
            await update_cursor(session, consents_fresh_until=fresh_until)


def task_handlers(registry: TerritoryRegistry, asker: AgreementSync) -> Handlers:
    """The handler for readers who wait."""

    async def ask_agreements(job: Job) -> None:
        territory = await registry.get_served(job.tenant)
        await sync_quietly(asker, territory)

    return {ASK_AGREEMENTS: ask_agreements}


async def sync_quietly(asker: AgreementSync, territory: Territory) -> bool:
    """Ask; whether the portal answered."""
    try:
        await asker.sync(territory)
    except PortalUnavailableError as error:
        log.info("agreements not asked for", reason=str(error), detail=error.detail)
        return False
    return True


async def sync_periodically(asker: AgreementSync, registry: TerritoryRegistry) -> None:
    """Ask each portal whose node has something restricted; a companion of the worker."""
    while True:
        answered = True
        try:
            concerned = await find_territories(
                asker.database, *select_under_agreements()
            )
            for territory in await registry.list_served():
                if territory.id in concerned:
                    answered = await sync_quietly(asker, territory) and answered
        except Exception as error:  # noqa: BLE001 - tried again in a moment
            log.warning("agreements not asked for", error=type(error).__name__)
            answered = False
        await asyncio.sleep((INTERVAL if answered else RETRY_INTERVAL).total_seconds())


def schedule_use_deletion(database: Database, registry: TerritoryRegistry) -> Schedule:
    """Delete, once an hour, the log of readings whose time is over."""

    async def delete_old(session: AsyncSession, _: Territory) -> None:
        await delete_old_uses(session)

    run = run_sessions(database, registry, delete_old)
    return Schedule("delete_old_uses", "24 * * * *", run)
