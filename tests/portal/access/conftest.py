"""A restricted dataset of a producer, who publishes for it, who asks, the territory's team, and a passer-by."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.portal.access.policies import POLICY
from tests.portal.catalogue.corpus import Catalogue, open_catalogue
from tests.portal.notifications.conftest import Relay, relay
from tests.visitors import browse
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.access.models import AccessPolicy
from udi.portal.audit.models import AuditEvent
from udi.ui.site import Site

__all__ = ["Relay", "relay"]
RESTRICTED, OPEN = 7, 8
"""Lines of the corpus: electricity by block, and the budget, both of the producer `armor`."""


@dataclass
class Desk:
    """A territory where a producer restricts data and somebody asks for them."""

    site: Site
    catalogue: Catalogue
    dataset: UUID
    producer: httpx.AsyncClient
    person: httpx.AsyncClient
    team: httpx.AsyncClient
    passer: httpx.AsyncClient

    @property
    def territory(self) -> Territory:
        return self.catalogue.territory

    @property
    def home(self) -> str:
        return f"/data/{self.dataset}"

    async def set_policy(self, **changed: Any) -> httpx.Response:
        """Send the form of the policy, over what is there."""
        [row] = await self.rows_of_policy() or [None]
        form = POLICY | {"revision": str(row.revision if row else 0)} | changed
        return await self.producer.post(f"{self.home}/access-policy/edit", data=form)

    async def rows_of_policy(self) -> list[Any]:
        return await self.rows(AccessPolicy)

    async def rows(self, model: Any) -> list[Any]:
        async with self.site.database.session(self.territory.id, role="worker") as session:
            return list((await session.scalars(select(model))).all())

    async def events(self) -> list[str]:
        async with self.site.database.session(self.territory.id, role="worker") as session:
            names = (await session.scalars(select(AuditEvent.name).order_by(AuditEvent.at))).all()
        return [name for name in names if not name.startswith("dataset.")]


@pytest.fixture
async def desk(
    portal_site: Site,
    portal_app: Litestar,
    portal_database: Database,
    demo: Territory,
    make_person: Callable[..., Login],
) -> AsyncIterator[Desk]:
    catalogue = await open_catalogue(portal_database, demo)
    record = await catalogue.add(RESTRICTED)
    async with (
        browse(portal_app, demo, make_person(demo, memberships={"armor": ["publishers"]})) as producer,
        browse(portal_app, demo, make_person(demo)) as person,
        browse(portal_app, demo, make_person(demo, moderator=True)) as team,
        browse(portal_app, demo) as passer,
    ):
        yield Desk(portal_site, catalogue, record.id, producer, person, team, passer)
