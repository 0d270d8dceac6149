"""A portal that signs tickets, somebody who asks, and those who answer."""

import time
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from litestar import Litestar

from tests.node.conftest import Browse
from tests.node.producer import SLUG
from tests.node.relays import relay
from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import Asker, open_asker
from tests.service_overrides import ServiceOverrides
from udi.kit.keys import Signer, new_secret
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.exchange.portal import PORTAL_KEYS, PortalKeys
from udi.node.spaces.models import Space
from udi.ui.site import Site

__all__ = ["relay"]


@pytest.fixture
def signer(demo: Territory, services: ServiceOverrides, node_site: Site) -> Signer:
    """The portal's hand, which the node knows."""
    signer = Signer.from_secret(new_secret())
    known = PortalKeys(node_site.outgoing)
    published = (signer.public_keys(), time.monotonic())
    known._cached_keys[demo.links["portal"]] = published
    services[PORTAL_KEYS] = known
    return signer


@pytest.fixture
async def asker(
    node_app: Litestar, demo: Territory, space: Space, signer: Signer
) -> AsyncIterator[Asker]:
    """Somebody who asks the town hall."""
    async with open_asker(node_app, demo, signer) as someone:
        yield someone


@pytest.fixture
async def neighbour(
    node_app: Litestar, demo: Territory, space: Space, signer: Signer
) -> AsyncIterator[Asker]:
    """Somebody else of the same territory."""
    async with open_asker(node_app, demo, signer) as someone:
        yield someone


@pytest.fixture
async def agent(manager: httpx.AsyncClient) -> Agent:
    """Somebody who answers for the town hall."""
    return Agent(manager)


@pytest.fixture
async def colleague(
    node_app: Litestar,
    demo: Territory,
    space: Space,
    make_person: Callable[..., Login],
    browse: Browse,
) -> AsyncIterator[Agent]:
    """Somebody else who manages the town hall."""
    someone = make_person(demo, memberships={SLUG: ["managers"]})
    async with browse(node_app, demo, someone) as client:
        yield Agent(client)
