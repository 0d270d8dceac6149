"""A producer of the territory with its space on the node, its people, and the portal that it speaks to."""

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.node.counterpart import PortalDouble
from tests.node.producer import SLUG, Producer
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.spaces.actions import apply_space
from udi.node.spaces.models import Space
from udi.node.territories.models import Tenant
from udi.settings import Settings
from udi.ui.site import Site

Browse = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
async def space(node_database: Database, demo: Territory) -> Space:
    """The space of a town hall, with a megabyte of place."""
    async with node_database.session(demo.id, role="owner") as session:
        return await apply_space(
            session, slug=SLUG, organisation_id=uuid.uuid4(), name="Mairie de Kerlévan", email="mairie@kerlevan.example",
            quota_bytes=1_000_000,
        )  # fmt: skip


@pytest.fixture
def publisher(demo: Territory, make_person: Callable[..., Login]) -> Login:
    """Somebody who publishes for the town hall."""
    return make_person(demo, memberships={SLUG: ["publishers"]})


@pytest.fixture
def reader(demo: Territory, make_person: Callable[..., Login]) -> Login:
    """A member of the town hall who may not publish."""
    return make_person(demo, memberships={SLUG: []})


@pytest.fixture
def stranger(demo: Territory, make_person: Callable[..., Login]) -> Login:
    """Somebody who publishes for another producer of the same territory."""
    return make_person(demo, memberships={"port": ["managers"]})


@pytest.fixture
async def producer(
    node_app: Litestar, demo: Territory, space: Space, publisher: Login, browse: Browse
) -> AsyncIterator[Producer]:
    """The town hall's publisher, in front of the node."""
    async with browse(node_app, demo, publisher) as client:
        yield Producer(client)


@pytest.fixture
async def passer_by(node_app: Litestar, demo: Territory, browse: Browse) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without an account, in front of the node."""
    async with browse(node_app, demo) as client:
        yield client


@pytest.fixture
async def portal(settings: Settings, node_database: Database, demo: Territory) -> AsyncIterator[PortalDouble]:
    """The other side of the protocol: a server of our own that answers as told."""
    double = PortalDouble(demo.slug)
    secret = settings.secrets_folder / f"node_credential_{demo.slug}"
    secret.write_text("credential of the test")
    async with node_database.platform_session(role="owner") as session:
        row: Any = await session.get(Tenant, demo.id)
        row.links = {**row.links, "portal": double.origin}
    yield double
    double.stop()
    secret.unlink()


@pytest.fixture
def parts(node_site: Site) -> Iterator[dict[str, Any]]:
    """The node's parts, as they were before the test."""
    before = dict(node_site.parts)
    yield node_site.parts
    node_site.parts.clear()
    node_site.parts.update(before)
