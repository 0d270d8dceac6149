"""A territory with two datasets: people publish for the producer of one, nobody for that of the other."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select, text

from tests.portal.catalogue.corpus import Catalogue, open_catalogue
from tests.portal.notifications.conftest import Relay, relay
from tests.visitors import browse
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.audit.models import AuditEvent
from udi.portal.fault_reports.models import FaultReport
from udi.portal.fault_reports.tasks import send_notification
from udi.ui.site import Site

__all__ = ["Relay", "relay"]
QUEUED = text(
    "DELETE FROM queue.pgqueuer WHERE entrypoint = 'tell_fault_report'"
    " AND convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant RETURNING id, payload"
)


@dataclass
class Office:
    """Who comes: a passer-by, a person, a producer, the team; and two datasets."""

    site: Site
    territory: Territory
    catalogue: Catalogue
    passer_by: httpx.AsyncClient
    person: httpx.AsyncClient
    producer: httpx.AsyncClient
    team: httpx.AsyncClient
    dataset: UUID
    orphan: UUID
    """Of a producer for which nobody publishes."""

    async def report(
        self,
        by: httpx.AsyncClient | None = None,
        dataset: UUID | None = None,
        **fields: str,
    ) -> str:
        """Report a fault; the address that follows it."""
        answer = await (by or self.passer_by).post(
            f"/data/{dataset or self.dataset}/fault-reports/new",
            data={
                "kind": "incorrect_value",
                "words": "Un total est négatif.",
                **fields,
            },
        )
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def only_report(self) -> FaultReport:
        [report] = await self.rows(FaultReport)
        assert isinstance(report, FaultReport)
        return report

    async def rows(self, model: Any) -> list[Any]:
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            return list((await session.scalars(select(model))).all())

    async def answer(
        self, event: str, by: httpx.AsyncClient | None = None, **fields: str
    ) -> httpx.Response:
        report = await self.only_report()
        return await (by or self.producer).post(
            f"/fault-reports/{report.id}/answer", data={"event": event, **fields}
        )

    async def events(self) -> list[str]:
        events = await self.rows(AuditEvent)
        return sorted(e.name for e in events if e.name.startswith("fault_report"))

    async def send_emails(self) -> None:
        """Send every mail that is queued, as the worker does."""
        async with self.site.database.platform_session(role="worker") as session:
            rows = await session.execute(QUEUED, {"tenant": str(self.territory.id)})
            payloads = [json.loads(bytes(row.payload)) for row in sorted(rows)]
        for payload in payloads:
            await send_notification(self.site, self.territory, payload)


@pytest.fixture
async def office(
    portal_site: Site,
    portal_app: Litestar,
    demo: Territory,
    make_person: Callable[..., Login],
) -> AsyncIterator[Office]:
    catalogue = await open_catalogue(portal_site.database, demo)
    dataset = (await catalogue.add(1)).id
    orphan = (await catalogue.add(3)).id
    logins = [
        None,
        make_person(demo),
        make_person(demo, memberships={"armor": ["publishers"]}),
        make_person(demo, moderator=True),
    ]
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(browse(portal_app, demo, login))
            for login in logins
        ]
        yield Office(portal_site, demo, catalogue, *clients, dataset, orphan)
