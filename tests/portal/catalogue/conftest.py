"""Two territories' catalogues, and the process that keeps their indexes."""

from collections.abc import AsyncIterator

import pytest

from tests import stage
from tests.portal.catalogue.corpus import Catalogue, fill_with_copies, open_catalogue
from tests.visitors import freshen
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.catalogue.search.index import SearchIndexes
from udi.portal.tenants.models import Tenant
from udi.settings import Settings


@pytest.fixture
async def armor(portal_database: Database, demo: Territory) -> Catalogue:
    return await open_catalogue(portal_database, demo)


@pytest.fixture(scope="module")
async def lasting_catalogue(
    settings: Settings, portal_database: Database
) -> AsyncIterator[Catalogue]:
    """The catalogue, still empty, of a territory that lasts as long as a file of tests: they read it and change nothing."""
    territory = await stage.add_territory((portal_database,), settings, "lasting")
    yield await open_catalogue(portal_database, territory)
    await stage.remove_territory((portal_database,), territory.id)


@pytest.fixture(scope="module")
async def wide(
    settings: Settings, portal_database: Database
) -> AsyncIterator[Catalogue]:
    """Many datasets of a territory of a file of tests, which read them and change nothing."""
    territory = await stage.add_territory((portal_database,), settings, "wide")
    catalogue = await open_catalogue(portal_database, territory)
    await fill_with_copies(catalogue)
    yield catalogue
    await stage.remove_territory((portal_database,), territory.id)


@pytest.fixture
async def elsewhere(portal_database: Database, other: Territory) -> Catalogue:
    return await open_catalogue(portal_database, other)


@pytest.fixture
def registry(portal_database: Database, settings: Settings) -> TerritoryRegistry:
    return open_registry(portal_database, settings)


def open_registry(database: Database, settings: Settings) -> TerritoryRegistry:
    """The register of territories, read anew at each question."""
    registry = TerritoryRegistry(
        database, Tenant, lambda host: settings.origin("portal", host)
    )
    freshen(registry)
    return registry


@pytest.fixture
def feed(
    portal_database: Database, registry: TerritoryRegistry, settings: Settings
) -> SearchFeed:
    return SearchFeed(portal_database, registry, settings)


@pytest.fixture(scope="module")
def lasting_feed(portal_database: Database, settings: Settings) -> SearchFeed:
    """What indexes the catalogue of a whole file of tests."""
    registry = open_registry(portal_database, settings)
    return SearchFeed(portal_database, registry, settings)


@pytest.fixture
def indexes(settings: Settings) -> SearchIndexes:
    return SearchIndexes(settings.index_folder)


@pytest.fixture(scope="module")
async def stocked(lasting_catalogue: Catalogue, lasting_feed: SearchFeed) -> Catalogue:
    """The whole corpus, indexed, for tests that change nothing."""
    await lasting_catalogue.add_all()
    await lasting_feed.run_once()
    return lasting_catalogue


@pytest.fixture
async def newly_stocked(armor: Catalogue, feed: SearchFeed) -> Catalogue:
    """The same, new for this test."""
    await armor.add_all()
    await feed.run_once()
    return armor


@pytest.fixture
def alone() -> None:
    """Asked for by a test that changes the catalogue: it has a new one."""


@pytest.fixture
def filled(request: pytest.FixtureRequest) -> Catalogue:
    """The whole corpus, indexed: that of the file, or a new one for a test that is `alone`."""
    name = "newly_stocked" if "alone" in request.fixturenames else "stocked"
    catalogue: Catalogue = request.getfixturevalue(name)
    return catalogue
