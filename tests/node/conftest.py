"""A producer of the territory with its space on the node, its people, and the portal that it speaks to."""

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.cluster import locked
from tests.node.counterpart import PortalDouble
from tests.node.distant import Distant
from tests.node.producer import SLUG, TABLE, Producer
from tests.s3 import S3Service
from tests.service_overrides import ServiceOverrides, overridden_services
from tests.services import launch_s3
from udi.kit.db import Database
from udi.kit.keyring import KeyringFile
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.versions.tables import DatasetTableCache
from udi.node.files.encryption.sealing_store import OBJECTS, SealingStore
from udi.node.files.storage.store import ObjectStore
from udi.node.spaces.actions import apply_space
from udi.node.spaces.models import Space
from udi.node.tables.api import EXPORTS
from udi.node.tables.finder import FIND_TABLE
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
async def manager(
    node_app: Litestar,
    demo: Territory,
    space: Space,
    make_person: Callable[..., Login],
    browse: Browse,
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who manages the town hall, in front of the node."""
    async with browse(
        node_app, demo, make_person(demo, memberships={SLUG: ["managers"]})
    ) as client:
        yield client


@pytest.fixture
async def producer(
    node_app: Litestar, demo: Territory, space: Space, publisher: Login, browse: Browse
) -> AsyncIterator[Producer]:
    """The town hall's publisher, in front of the node."""
    async with browse(node_app, demo, publisher) as client:
        yield Producer(client)


@pytest.fixture
async def passer_by(
    node_app: Litestar, demo: Territory, browse: Browse
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without an account, in front of the node."""
    async with browse(node_app, demo) as client:
        yield client


@pytest.fixture
async def portal(
    settings: Settings, node_database: Database, demo: Territory
) -> AsyncIterator[PortalDouble]:
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


@pytest.fixture(scope="session")
def s3(run_folder: Path) -> S3Service:
    """The S3 service of the run, which no test stops."""
    with locked(run_folder, "s3"):
        return launch_s3(run_folder)


@pytest.fixture
def own_s3(tmp_path: Path) -> Iterator[S3Service]:
    """An S3 service of this test, which may stop it and start it again."""
    service = S3Service.prepare(tmp_path / "own-s3")
    service.start()
    yield service
    service.stop()


@pytest.fixture(params=["folder", "s3"])
def each_store(
    request: pytest.FixtureRequest,
    settings: Settings,
    node_database: Database,
    services: ServiceOverrides,
    tmp_path: Path,
) -> SealingStore:
    """The test runs twice, with the node's files in an empty folder and in an empty bucket; this is the node's store."""
    store = open_store(request, settings, node_database, tmp_path)
    place_files(services, store, node_database, tmp_path)
    return store


def open_store(
    request: pytest.FixtureRequest, settings: Settings, database: Database, folder: Path
) -> SealingStore:
    """A store in this folder, or in an empty bucket, as the parameter of the request says."""
    if request.param == "folder":
        at = Settings(object_store=str(folder / "objects"))
    else:
        service: S3Service = request.getfixturevalue("s3")
        at = service.empty_bucket()
    at = at.model_copy(update={"state": settings.state})
    return SealingStore.from_settings(at, database, KeyringFile(settings))


def place_files(
    services: ServiceOverrides, store: SealingStore, database: Database, folder: Path
) -> None:
    """Have the node keep its files in a store, and copies of tables in a folder."""
    services |= {
        OBJECTS: store,
        FIND_TABLE: DatasetTableCache(
            database, store, folder / "tables", services[EXPORTS]
        ),
    }


@pytest.fixture
def store(node_site: Site) -> ObjectStore:
    """Where the node keeps files: as `each_store` has it, if the test asks for that."""
    object_store: ObjectStore = node_site.services[OBJECTS]
    return object_store


@pytest.fixture
def distant() -> Iterator[Distant]:
    """Somebody else's server, with the producer's file at every address."""
    server = Distant(TABLE)
    yield server
    server.stop()


@pytest.fixture
def services(node_site: Site) -> Iterator[ServiceOverrides]:
    """The node's services, which come back after the test."""
    with overridden_services(node_site.services) as overrides:
        yield overrides
