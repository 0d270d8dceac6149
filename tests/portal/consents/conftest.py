"""An agreement in force whose project asks people, a producer that holds their data, and two inhabitants."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select, update

from tests.portal.access.conftest import Workspace, workspace
from tests.portal.notifications.conftest import relay
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.oidc import Login
from udi.portal.consents.deadlines import end_due_consents
from udi.portal.consents.models import Consent, NoticeVersion
from udi.portal.identity.models import Person, WebSession

__all__ = ["relay", "workspace"]
NOTICE = {
    "question": "Prêter vos courbes d’énergie à une étude sur la chaleur ?",
    "data": "Îlot et énergie, sans votre nom.",
    "reason": "Choisir dix rues à ombrager.",
    "months": "3",
}
YES = {"answer": "yes"}
NO = {"answer": "no"}


@dataclass
class Lending:
    """Who asks (`desk.person`), who holds (`desk.producer`), who is asked."""

    workspace: Workspace
    agreement: str
    """The address of the agreement."""
    inhabitant: httpx.AsyncClient
    neighbour: httpx.AsyncClient
    login: Login

    @property
    def page(self) -> str:
        """Where both sides see the notice."""
        return f"{self.agreement}/consents"

    async def rows(self, model: Any) -> list[Any]:
        """All rows of a table."""
        return await self.workspace.rows(model)

    async def versions(self) -> list[NoticeVersion]:
        """The versions of the notice, the first first."""
        rows: list[NoticeVersion] = await self.rows(NoticeVersion)
        return sorted(rows, key=lambda row: row.version)

    async def submit(self, **changed: str) -> NoticeVersion:
        """Send a version to the producer."""
        sent = await self.workspace.person.post(self.page, data={**NOTICE, **changed})
        assert sent.status_code == 303, sent.text
        return (await self.versions())[-1]

    async def open(self, **changed: str) -> str:
        """A version that the producer accepted: the address of the question."""
        version = await self.submit(**changed)
        accepted = await self.workspace.producer.post(
            f"{self.page}/{version.id}/accept"
        )
        assert accepted.status_code == 303, accepted.text
        return f"/consents/{version.id}"

    async def give(self, question: str, by: httpx.AsyncClient | None = None) -> Consent:
        """A yes."""
        answer = await (by or self.inhabitant).post(question, data=YES)
        assert answer.status_code == 303, answer.text
        [consent] = [
            row
            for row in await self.rows(Consent)
            if str(row.id) in answer.headers["location"]
        ]
        assert isinstance(consent, Consent)
        return consent

    async def states(self) -> list[str]:
        """The states of all answers, in the order in which they came."""
        rows = await self.rows(Consent)
        return [row.state for row in sorted(rows, key=lambda row: row.answered_at)]

    async def make_login_old(self, minutes: int) -> None:
        """Everybody logged in some minutes ago."""
        async with self.workspace.site.database.session(
            self.workspace.territory.id, role="worker"
        ) as session:
            moment = now() - timedelta(minutes=minutes)
            await session.execute(update(WebSession).values(authenticated_at=moment))

    async def let_time_pass(self, model: Any, **values: Any) -> None:
        """Change rows as time would, then look at what is due."""
        if values:
            await self.change(model, **values)
        territory = self.workspace.territory
        await end_due_consents(self.workspace.site.database, territory.id, now())

    async def change(self, model: Any, **values: Any) -> None:
        """Change all rows of a table."""
        async with self.workspace.site.database.session(
            self.workspace.territory.id, role="worker"
        ) as session:
            await session.execute(update(model).values(**values))

    async def person_id(self) -> UUID:
        """The inhabitant, as the portal knows them."""
        async with self.workspace.site.database.session(
            self.workspace.territory.id, role="worker"
        ) as session:
            query = select(Person.id).where(Person.subject == self.login.subject)
            return (await session.scalars(query)).one()


@pytest.fixture
async def lending(
    workspace: Workspace, portal_app: Litestar, make_person: Callable[..., Login]
) -> AsyncIterator[Lending]:
    await workspace.set_policy()
    agreement = await workspace.agree()
    territory = workspace.territory
    login = replace(make_person(territory), authenticated_at=now())
    other = replace(make_person(territory), authenticated_at=now())
    async with (
        browse(portal_app, territory, login) as inhabitant,
        browse(portal_app, territory, other) as neighbour,
    ):
        yield Lending(workspace, agreement, inhabitant, neighbour, login)
