"""The territory's team, and somebody who is not of it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx
import pytest
from litestar import Litestar

from tests import stage
from tests.portal.catalogue.corpus import Catalogue, open_catalogue
from tests.visitors import browse
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.settings import Settings
from udi.ui.site import Site


@dataclass
class Dashboard:
    """A territory seen by a passer-by, a member and somebody of its team."""

    site: Site
    app: Litestar
    territory: Territory
    clients: dict[str, httpx.AsyncClient]

    @property
    def team(self) -> httpx.AsyncClient:
        return self.clients["team"]


@pytest.fixture
async def armor(portal_database: Database, demo: Territory) -> Catalogue:
    return await open_catalogue(portal_database, demo)


@pytest.fixture
async def dashboard(
    portal_site: Site,
    portal_app: Litestar,
    portal_database: Database,
    settings: Settings,
    demo: Territory,
    make_person: Callable[..., Login],
) -> AsyncIterator[Dashboard]:
    await stage.apply_territory_files(portal_database, demo, settings=settings)
    member = make_person(demo, memberships={"mairie": ["managers"]})
    async with (
        browse(portal_app, demo) as passer_by,
        browse(portal_app, demo, member) as person,
        browse(portal_app, demo, make_person(demo, moderator=True)) as team,
    ):
        clients = {"passer-by": passer_by, "member": person, "team": team}
        yield Dashboard(portal_site, portal_app, demo, clients)
