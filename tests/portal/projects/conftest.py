"""A territory where people make something with its data: a leader, others, the territory's team, a mail relay."""

import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from PIL import Image
from sqlalchemy import func, select

from tests.portal.catalogue.conftest import armor, elsewhere, feed, indexes, registry
from tests.portal.catalogue.corpus import Catalogue
from tests.portal.notifications.conftest import Relay, relay
from tests.visitors import browse, make_person
from udi.kit.jobs import Job
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.audit.models import AuditEvent
from udi.portal.projects.actions.notifications import NOTIFY_PROJECT
from udi.portal.projects.models import Project, ProjectMember
from udi.portal.projects.tasks import task_handlers
from udi.ui.site import Site

__all__ = ["Relay", "armor", "elsewhere", "feed", "indexes", "registry", "relay"]
FORM = {
    "title": "L’ombre des rues", "summary": "Où marcher au frais en été.", "purpose": "civic",
    "words": "Une carte de l’ombre.\n\nHeure par heure.", "audience": "inhabitants", "support": ["testers", "data"],
    "scale": "municipality", "leader_name": "Collectif Ombre",
}  # fmt: skip


def picture(
    width: int = 400, height: int = 250, form: str = "JPEG", **more: Any
) -> bytes:
    """A picture of many colours; the larger, the longer it takes to make it as light as a page wants it."""
    image = Image.effect_noise((width, height), 60).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, form, **more)
    return buffer.getvalue()


@dataclass
class Workshop:
    """A territory, its catalogue, and those who come."""

    site: Site
    territory: Territory
    catalogue: Catalogue
    app: Litestar
    stack: AsyncExitStack
    leader: httpx.AsyncClient
    other: httpx.AsyncClient
    team: httpx.AsyncClient
    anyone: httpx.AsyncClient
    logins: dict[str, Login]

    async def come(self, **what: Any) -> tuple[httpx.AsyncClient, Login]:
        """Somebody else with an account."""
        login = make_person(self.territory, **what)
        return await self.stack.enter_async_context(
            browse(self.app, self.territory, login)
        ), login

    async def begin(self, **changed: Any) -> str:
        """Describe a project; its address."""
        answer = await self.leader.post("/projects/new", data={**FORM, **changed})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def publish(self, **changed: Any) -> str:
        """Describe a project and let everybody see it; its address."""
        address = await self.begin(**changed)
        assert (await self.leader.post(f"{address}/publish")).status_code == 303
        return address

    async def report(
        self,
        title: str = "Mes arbres",
        url: str = "https://arbres.example/",
        **more: str,
    ) -> str:
        answer = await self.other.post(
            "/projects/report", data={"title": title, "url": url, **more}
        )
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def rows(self, model: Any) -> list[Any]:
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            return list((await session.scalars(select(model))).all())

    async def one(self, address: str) -> Project:
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            id_ = UUID(address.split("/")[2])
            return await session.get_one(Project, (self.territory.id, id_))

    async def member(self, email: str) -> ProjectMember:
        members: list[ProjectMember] = await self.rows(ProjectMember)
        return next(member for member in members if member.email == email)

    async def events(self) -> list[str]:
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            ordered = select(AuditEvent.name).order_by(AuditEvent.at, AuditEvent.id)
            return list((await session.scalars(ordered)).all())

    async def tell(self, address: str, what: str, email: str = "", **more: str) -> None:
        """Send the mail that an event calls for, as the worker does."""
        project = await self.one(address)
        member = {"member": str((await self.member(email)).id)} if email else {}
        payload = {
            "project": str(project.id),
            "what": what,
            "revision": project.revision,
            **member,
            **more,
        }
        await task_handlers(self.site)[NOTIFY_PROJECT](
            Job(NOTIFY_PROJECT, self.territory.id, payload, 0, last=True)
        )

    async def count(self, model: Any) -> int:
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            return await session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
async def workshop(
    portal_site: Site, portal_app: Litestar, armor: Catalogue
) -> AsyncIterator[Workshop]:
    territory = armor.territory
    logins = {
        "leader": make_person(territory, memberships={"armor": ["publishers"]}),
        "other": make_person(territory),
        "team": make_person(territory, moderator=True),
    }
    async with AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(browse(portal_app, territory, login))
            for name, login in logins.items()
        }
        anyone = await stack.enter_async_context(browse(portal_app, territory))
        yield Workshop(
            portal_site, territory, armor, portal_app, stack, clients["leader"], clients["other"], clients["team"], anyone,
            logins,
        )  # fmt: skip
