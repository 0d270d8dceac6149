"""Both programs with one producer."""

from collections.abc import AsyncIterator, Iterator

import pytest
from litestar import Litestar

from tests.contract.disclosure.world import World
from tests.contract.node import Issuer, add_organisation, pushing, trusted_issuer
from tests.node.conftest import Browse, producer, publisher, services, space
from tests.node.producer import SLUG, Producer
from tests.service_overrides import ServiceOverrides
from tests.visitors import freshen, shut_down
from udi.kit.db import Database
from udi.kit.rates import RateLimiter
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.node import app as node
from udi.node import site as node_parts
from udi.node.spaces.models import Space
from udi.node.tables.requests import RATES
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.tenants.models import Tenant
from udi.settings import Settings
from udi.ui.site import Site

__all__ = ["producer", "publisher", "services", "space"]


@pytest.fixture
def issuer(portal_site: Site) -> Iterator[Issuer]:
    with trusted_issuer(portal_site) as trusted:
        yield trusted


@pytest.fixture
async def world(
    settings: Settings, portal_site: Site, portal_app: Litestar, portal_database: Database, node_site: Site,
    node_app: Litestar, demo: Territory, issuer: Issuer, producer: Producer, space: Space, services: ServiceOverrides,
    browse: Browse,
) -> AsyncIterator[World]:  # fmt: skip
    """A producer known to both programs, and everybody else in front of them."""
    await add_organisation(portal_site, demo, space.organisation_id, SLUG)
    services[RATES] = RateLimiter("tables", limit=10**8)
    feed = SearchFeed(
        portal_database,
        TerritoryRegistry(
            portal_database, Tenant, lambda host: settings.origin("portal", host)
        ),
        settings,
    )
    own_site = node_parts.build_site(settings.model_copy(update={"node_name": "own"}))
    freshen(own_site.registry)
    own_app = node.create(own_site)
    node_options = {"hosted": True, "producers": (space.organisation_id,)}
    async with (
        pushing(portal_site, portal_app, demo, issuer, **node_options) as pusher,
        browse(node_app, demo) as at_node,
        browse(portal_app, demo) as at_portal,
        browse(own_app, demo) as at_own_node,
    ):
        yield World(
            node_site=node_site, portal_site=portal_site, territory=demo, producer=producer, pusher=pusher, feed=feed,
            at_node=at_node, at_portal=at_portal, at_own_node=at_own_node, node_app=node_app, portal_app=portal_app,
        )  # fmt: skip
    await shut_down(own_app)
