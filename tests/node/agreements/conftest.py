"""A restricted dataset with a column, rows and places that are hidden, and a portal that grants."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.node.agreements.granting import METERS, Granting
from tests.node.agreements.lenders import Lenders
from tests.node.conftest import Browse
from tests.node.producer import Producer
from tests.service_overrides import overridden_services
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.agreements.portal_sync import AgreementSync
from udi.node.datasets.exchange.portal import PORTAL_KEYS, PortalClient, PortalKeys
from udi.node.files.restricted import GATE
from udi.node.territories.models import Tenant
from udi.settings import Settings
from udi.ui.site import Site


@pytest.fixture
async def portal(
    settings: Settings, node_database: Database, demo: Territory, node_site: Site
) -> AsyncIterator[Granting]:
    """The territory's portal, whose keys the node reads anew."""
    async with open_portal(settings, node_database, demo, node_site) as double:
        yield double


@asynccontextmanager
async def open_portal(
    settings: Settings, node_database: Database, demo: Territory, node_site: Site
) -> AsyncIterator[Granting]:
    """The portal of a territory, as long as the block lasts."""
    double = Granting(demo.slug, audience=demo.links["node"])
    secret = settings.secrets_folder / f"node_credential_{demo.slug}"
    secret.write_text("credential of the test")
    async with node_database.platform_session(role="owner") as session:
        row: Any = await session.get(Tenant, demo.id)
        row.links = {**row.links, "portal": double.origin}
    with overridden_services(node_site.services) as services:
        services[PORTAL_KEYS] = PortalKeys(node_site.outgoing)
        yield double
        try:
            await services[GATE].close()
        finally:
            double.stop()
            secret.unlink()


@pytest.fixture
async def at_node(node_site: Site, demo: Territory, portal: Granting) -> Territory:
    """The territory as the node sees it, with this portal."""
    return next(
        territory
        for territory in await node_site.registry.list()
        if territory.id == demo.id
    )


@pytest.fixture
async def asker(
    node_site: Site, settings: Settings, portal: Granting, at_node: Territory
) -> AgreementSync:
    """The worker's part that asks, which has asked once."""
    agreement_sync = AgreementSync(
        node_site.database,
        PortalClient(settings, node_site.outgoing),
        node_site.services[PORTAL_KEYS],
    )
    await agreement_sync.sync(at_node)
    return agreement_sync


@pytest.fixture
async def meters(producer: Producer, asker: AgreementSync) -> str:
    """A restricted dataset of meters, published."""
    return await producer.publish(
        await producer.draft(METERS, "compteurs.csv"), access="restricted"
    )


@pytest.fixture
async def own_meters(producer: Producer, asker: AgreementSync) -> str:
    """Another dataset of meters, which the test may change where its file shares the first."""
    return await producer.publish(
        await producer.draft(METERS, "compteurs.csv"), access="restricted"
    )


@pytest.fixture
async def machine(
    node_app: Litestar, demo: Territory, browse: Browse
) -> AsyncIterator[httpx.AsyncClient]:
    """A program in front of the node."""
    async with browse(node_app, demo) as client:
        client.headers["accept"] = "*/*"
        yield client


@pytest.fixture
async def lenders(
    portal: Granting,
    machine: httpx.AsyncClient,
    producer: Producer,
    meters: str,
    node_database: Database,
    at_node: Territory,
    node_site: Site,
) -> Lenders:
    return Lenders(portal, machine, producer, meters, node_database, at_node, node_site)
