"""An organisation with its administrator, a publisher, somebody of another organisation, and a passer-by; a second territory."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.visitors import browse
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.audit.models import AuditEvent
from udi.portal.organisations.actions import apply_organisation
from udi.portal.selfdata.models import ProcessingEntry, ProcessingStatement
from udi.ui.site import Site

REGISTER = "/my-space/organisations/kerlevan/processing"
KERLEVAN = UUID(int=7)
SEVE = UUID(int=8)
ENGLISH = {"Accept-Language": "en"}
CANTEEN = {
    "service": "Cantine scolaire",
    "people": "Élèves et parents",
    "data": "Noms, repas",
    "purpose": "Préparer les repas",
    "legal_basis": "public_task",
    "retention": "Un an",
    "recipients": "Le prestataire des repas",
    "moments": ["childhood"],
}


@dataclass
class TownHall:
    """A commune that keeps its register, and those who read it."""

    site: Site
    territory: Territory
    manager: httpx.AsyncClient
    publisher: httpx.AsyncClient
    stranger: httpx.AsyncClient
    anyone: httpx.AsyncClient

    async def rows(self, model: Any) -> list[Any]:
        """All rows of a table of this territory."""
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            return list((await session.scalars(select(model))).all())

    async def entries(self) -> list[ProcessingEntry]:
        """The services of registers, by their names."""
        rows: list[ProcessingEntry] = await self.rows(ProcessingEntry)
        return sorted(rows, key=lambda row: row.service)

    async def statement(self) -> ProcessingStatement:
        """What the commune says of itself."""
        [row] = await self.rows(ProcessingStatement)
        assert isinstance(row, ProcessingStatement)
        return row

    async def events(self) -> list[str]:
        """What happened to registers, in order."""
        events = sorted(await self.rows(AuditEvent), key=lambda event: event.at)
        return [event.name for event in events if event.name.startswith("processing")]

    async def add(self, **changed: Any) -> ProcessingEntry:
        """A service, as a draft."""
        before = {row.id for row in await self.entries()}
        sent = await self.manager.post(f"{REGISTER}/new", data={**CANTEEN, **changed})
        assert sent.status_code == 303, sent.text
        [row] = [row for row in await self.entries() if row.id not in before]
        return row

    async def publish(self, row: ProcessingEntry) -> httpx.Response:
        """Let everybody read a service."""
        return await self.manager.post(f"{REGISTER}/entries/{row.id}/publish")

    async def token(self, client: httpx.AsyncClient, scope: str) -> dict[str, str]:
        """The header of a token that somebody made."""
        form = {"name": "Essai", "days": "30", "scope": [scope]}
        page = await client.post("/my-space/tokens", data=form)
        match = re.search(r"udi_me_[\w-]+", page.text)
        assert match is not None
        return {"Authorization": f"Bearer {match[0]}", "Accept": "application/json"}


@pytest.fixture
async def town_hall(
    portal_site: Site,
    portal_app: Litestar,
    demo: Territory,
    make_person: Callable[..., Login],
) -> AsyncIterator[TownHall]:
    async with portal_site.database.session(demo.id) as session:
        await apply_organisation(
            session,
            id=KERLEVAN,
            slug="kerlevan",
            name="Mairie de Kerlévan",
            summary={},
            email="mairie@kerlevan.example",
        )
        await apply_organisation(
            session,
            id=SEVE,
            slug="seve",
            name="Association Sève",
            summary={},
            email="bonjour@seve.example",
        )
    logins = [
        make_person(demo, memberships={"kerlevan": ["managers"]}),
        make_person(demo, memberships={"kerlevan": ["publishers"]}),
        make_person(demo, memberships={"seve": ["managers"]}),
    ]
    async with (
        browse(portal_app, demo, logins[0]) as manager,
        browse(portal_app, demo, logins[1]) as publisher,
        browse(portal_app, demo, logins[2]) as stranger,
        browse(portal_app, demo) as anyone,
    ):
        yield TownHall(portal_site, demo, manager, publisher, stranger, anyone)
