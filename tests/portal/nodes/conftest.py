"""Nodes that push, the workers that answer them, and the address where reports arrive."""

from collections.abc import AsyncIterator, Iterator

import pytest
from litestar import Litestar

from tests.contract.conftest import issuer, north, south
from tests.contract.node import Issuer, Pusher, Receiver, clear_queue, pushing, receiver
from udi.kit.tenancy import Territory
from udi.ui.site import Site

__all__ = ["issuer", "north", "south"]


@pytest.fixture
def mailbox() -> Iterator[Receiver]:
    """The address of a node, where reports arrive."""
    with receiver() as server:
        yield server


@pytest.fixture
async def listening(
    portal_site: Site,
    portal_app: Litestar,
    demo: Territory,
    issuer: Issuer,
    mailbox: Receiver,
) -> AsyncIterator[Pusher]:
    """A registered node whose address takes reports; no job of another test waits."""
    await clear_queue(portal_site)
    async with pushing(
        portal_site, portal_app, demo, issuer, slug="listening", url=mailbox.origin
    ) as pusher:
        yield pusher
