"""Territories that the run's Keycloak knows, people in it, and programs where they log in."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from litestar import Litestar

from tests import stage
from tests.cluster import free_ports
from tests.identity.programs import program
from tests.identity.relay import relay
from tests.identity.scene import Scene, provision
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.identity.provision.admin import RealmAdmin, connect
from udi.settings import Settings


@pytest.fixture(scope="session")
def connected(keycloak: Settings) -> Settings:
    """Settings whose back channel leads to the tests' own relay."""
    return keycloak.model_copy(
        update={"portal_back_channel": f"http://127.0.0.1:{free_ports(1)}"}
    )


@pytest.fixture(scope="session")
def admin(connected: Settings) -> RealmAdmin:
    return connect(connected)


@pytest.fixture(scope="module")
async def armorine_of_file(
    settings: Settings,
    portal_database: Database,
    node_database: Database,
    admin: RealmAdmin,
    connected: Settings,
) -> AsyncIterator[Territory]:
    """A territory with two organisations in Keycloak, for every test of a file: to make it takes thirty of its requests."""
    databases = (portal_database, node_database)
    territory = await stage.add_territory(databases, settings, "demo")
    await asyncio.to_thread(provision, admin, connected, territory)
    yield territory
    await stage.remove_territory(databases, territory.id)


@pytest.fixture
async def new_armorine(
    demo: Territory, admin: RealmAdmin, connected: Settings
) -> Territory:
    """The same, new for this test."""
    await asyncio.to_thread(provision, admin, connected, demo)
    return demo


@pytest.fixture
def alone() -> None:
    """Asked for by a test that changes its territory: it has a new one."""


@pytest.fixture
def armorine(request: pytest.FixtureRequest) -> Territory:
    """The first territory, with two organisations in Keycloak."""
    name = "new_armorine" if "alone" in request.fixturenames else "armorine_of_file"
    territory: Territory = request.getfixturevalue(name)
    return territory


@pytest.fixture
async def elsewhere(
    other: Territory, admin: RealmAdmin, connected: Settings
) -> Territory:
    """The second territory, with organisations of the same short names."""
    await asyncio.to_thread(provision, admin, connected, other)
    return other


@pytest.fixture
async def portal(
    connected: Settings, portal_database: Database
) -> AsyncIterator[Litestar]:
    async with program(connected, portal_database) as app:
        yield app


@pytest.fixture
async def node(connected: Settings, node_database: Database) -> AsyncIterator[Litestar]:
    async with program(connected, node_database) as app:
        yield app


@pytest.fixture
async def lonely_portal(
    settings: Settings, portal_database: Database
) -> AsyncIterator[Litestar]:
    """A portal whose Keycloak is stopped."""
    nowhere = f"http://localhost:{free_ports(1)}"
    async with program(
        settings.model_copy(update={"identity_internal_url": nowhere}), portal_database
    ) as app:
        yield app


@pytest.fixture
async def scene(
    portal: Litestar, armorine: Territory, admin: RealmAdmin
) -> AsyncIterator[Scene]:
    """The portal of the first territory, its people and their browsers."""
    scene = Scene(portal, armorine, admin)
    yield scene
    await scene.close()


@pytest.fixture
async def back_channel(
    portal: Litestar, connected: Settings
) -> AsyncIterator[list[httpx.Request]]:
    """What Keycloak announces reaches the portal; the requests are kept."""
    port = int(connected.portal_back_channel.rpartition(":")[2])
    async with relay(portal, port) as requests:
        yield requests


@pytest.fixture
def armorine_on_node(armorine: Territory) -> Territory:
    """The first territory as its hosted node sees it."""
    origin = armorine.links["node"]
    return replace(armorine, origin=origin, hosts=(f"node.{armorine.hosts[0]}",))
