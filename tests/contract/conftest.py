"""A node that pushes to the portal through its real HTTP interface."""

from collections.abc import AsyncIterator, Iterator

import pytest
from litestar import Litestar

from tests.contract.node import Issuer, Pusher, pushing, trusted_issuer
from udi.kit.tenancy import Territory
from udi.ui.site import Site


@pytest.fixture
def issuer(portal_site: Site) -> Iterator[Issuer]:
    with trusted_issuer(portal_site) as trusted:
        yield trusted


@pytest.fixture
async def north(
    portal_site: Site, portal_app: Litestar, demo: Territory, issuer: Issuer
) -> AsyncIterator[Pusher]:
    """A registered node of the territory."""
    async with pushing(portal_site, portal_app, demo, issuer) as pusher:
        yield pusher


@pytest.fixture
async def south(
    portal_site: Site, portal_app: Litestar, demo: Territory, issuer: Issuer
) -> AsyncIterator[Pusher]:
    """Another node of the same territory, with another producer."""
    async with pushing(portal_site, portal_app, demo, issuer, slug="south") as pusher:
        yield pusher
