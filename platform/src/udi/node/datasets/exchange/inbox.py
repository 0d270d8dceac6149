"""Telling the portal, each minute, how much waits here; and asking how much waits there for those who work here."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.schedules import Schedule, choose_turn, run_in_each_territory
from udi.kit.service_registry import Services
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.kit.territory_reads import find_territories
from udi.node.datasets.exchange.portal import PortalClient, PortalUnavailableError
from udi.node.datasets.upkeep.pending_work import count_waiting, list_everything
from udi.node.identity.models import Person, WebSession
from udi.node.spaces.models import Space
from udi.protocol.inbox import (
    MOST_SPACES,
    MOST_SUBJECTS,
    InboxCountAnswer,
    NodeInbox,
)
from udi.settings import Settings

log = structlog.get_logger()
CRON = "* * * * * 45"
"""A quarter of a minute after accounts were compared."""
AT_WORK = timedelta(minutes=30)
"""How long after their last page somebody is asked about."""


@dataclass
class InboxSync:
    """Exchanges with the portal of each territory; `issuer` is the identity service of the installation."""

    database: Database
    registry: TerritoryRegistry
    portal: PortalClient
    issuer: str
    services: Services
    takes_subject_requests: bool
    _done_at: dict[UUID, datetime] = field(default_factory=dict, init=False)
    """When this process last exchanged with the portal of each territory."""

    async def run(self) -> None:
        """Exchange with each, as a scheduled task."""
        at_work = select(WebSession.tenant_id).where(
            WebSession.last_seen_at > now() - AT_WORK
        )
        busy = await find_territories(self.database, at_work)
        turn = choose_turn(await self.registry.list(), self._done_at, now())
        await run_in_each_territory(
            self.registry, self._exchange_with, among=busy | turn
        )

    async def _exchange_with(self, territory: Territory) -> None:
        try:
            await self.exchange(territory)
        except PortalUnavailableError as error:
            log.info("inbox not exchanged", reason=str(error), detail=error.detail)
            raise
        self._done_at[territory.id] = now()

    async def exchange(self, territory: Territory) -> None:
        """Tell what waits here, and keep what the portal answers of each person.

        Raises:
            PortalUnavailableError: the portal does not answer, or knows nothing of inboxes.
        """
        async with self.database.session(territory.id, role="worker") as session:
            items = await list_everything(self.services, session, territory)
            numbers = count_waiting(items)
            subjects = await _list_subjects(session, self.issuer)
            spaces = list(await session.scalars(select(Space.slug).limit(MOST_SPACES)))
        inbox = NodeInbox(
            waiting=numbers,
            subjects=subjects,
            spaces=spaces,
            takes_subject_requests=self.takes_subject_requests,
        )
        answer = await self.portal.exchange_inbox(territory, inbox)
        async with self.database.session(territory.id, role="worker") as session:
            await _store_counts(session, self.issuer, answer)


def schedule_inbox(
    database: Database,
    registry: TerritoryRegistry,
    portal: PortalClient,
    settings: Settings,
    services: Services,
) -> Schedule:
    """Exchange each minute."""
    takes_requests = settings.takes_subject_requests
    sync = InboxSync(
        database, registry, portal, settings.issuer, services, takes_requests
    )
    return Schedule("exchange_inbox", CRON, sync.run)


async def _list_subjects(session: AsyncSession, issuer: str) -> list[str]:
    """Accounts with a page in the last half hour, those seen last first."""
    query = (
        select(Person.subject)
        .join(
            WebSession,
            (WebSession.tenant_id == Person.tenant_id)
            & (WebSession.person_id == Person.id),
        )
        .where(Person.issuer == issuer, WebSession.last_seen_at > now() - AT_WORK)
        .order_by(WebSession.last_seen_at.desc())
        .limit(MOST_SUBJECTS)
    )
    return list(dict.fromkeys(await session.scalars(query)))


async def _store_counts(
    session: AsyncSession, issuer: str, answer: InboxCountAnswer
) -> None:
    for count in answer.people:
        update_query = update(Person).where(
            Person.issuer == issuer, Person.subject == count.subject
        )
        await session.execute(
            update_query.values(
                portal_waiting=count.waiting,
                portal_late=count.late,
                portal_counted_at=now(),
            )
        )
