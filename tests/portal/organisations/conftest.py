"""People who ask to publish, the territory's team, and a mail relay that keeps what it gets."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.mails import do_email_job
from tests.portal.notifications.conftest import Relay, relay
from tests.visitors import browse
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.audit.models import AuditEvent
from udi.portal.organisations.joining.applications import NOTIFY_APPLICATION
from udi.portal.organisations.joining.tasks import task_handlers
from udi.portal.organisations.models import Application, MemberChange, Organisation
from udi.ui.site import Site

__all__ = ["Relay", "relay"]
FORM = {
    "name": "Mairie de Kerlévan", "country": "FR", "registry_number": "732 829 320", "kind": "public_body", "email": "donnees@kerlevan.example",
    "url": "https://kerlevan.example.org", "choice": "hosted", "charter": "1",
}  # fmt: skip


@dataclass
class Workspace:
    """A territory where somebody asks and the team answers."""

    site: Site
    territory: Territory
    person: httpx.AsyncClient
    team: httpx.AsyncClient

    async def ask(self, **changed: str) -> str:
        """Send the form; the address of the request."""
        answer = await self.person.post("/join/new", data={**FORM, **changed})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def decide(
        self, address: str, decision: str, words: str = "", revision: int | None = None
    ) -> httpx.Response:
        if revision is not None:
            current_revision = revision
        else:
            current_revision = (await self.one(address)).revision
        form = {"decision": decision, "words": words, "revision": str(current_revision)}
        return await self.team.post(f"{address}/decide", data=form)

    async def rows(self, model: Any) -> list[Any]:
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            return list((await session.scalars(select(model))).all())

    async def one(self, address: str) -> Application:
        [application] = [
            row for row in await self.rows(Application) if str(row.id) in address
        ]
        assert isinstance(application, Application)
        return application

    async def events(self) -> list[str]:
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            return list(
                (
                    await session.scalars(
                        select(AuditEvent.name).order_by(AuditEvent.at)
                    )
                ).all()
            )

    async def tell(self, address: str) -> None:
        """Send the mail that the present state calls for, as the worker does."""
        application = await self.one(address)
        payload = {
            "application": str(application.id),
            "event": application.state,
            "revision": application.revision,
        }
        await do_email_job(
            self.site,
            self.territory,
            task_handlers(self.site),
            NOTIFY_APPLICATION,
            payload,
        )

    async def organisations(self) -> list[Organisation]:
        return await self.rows(Organisation)

    async def changes(self) -> list[MemberChange]:
        return await self.rows(MemberChange)


@pytest.fixture
async def workspace(
    portal_site: Site,
    portal_app: Litestar,
    demo: Territory,
    make_person: Callable[..., Login],
) -> AsyncIterator[Workspace]:
    async with (
        browse(portal_app, demo, make_person(demo)) as person,
        browse(portal_app, demo, make_person(demo, moderator=True)) as team,
    ):
        yield Workspace(portal_site, demo, person, team)
