"""Two territories' catalogues, and the process that keeps their indexes."""

import pytest

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


@pytest.fixture
async def wide(armor: Catalogue) -> Catalogue:
    await fill_with_copies(armor)
    return armor


@pytest.fixture
async def elsewhere(portal_database: Database, other: Territory) -> Catalogue:
    return await open_catalogue(portal_database, other)


@pytest.fixture
def registry(portal_database: Database, settings: Settings) -> TerritoryRegistry:
    registry = TerritoryRegistry(
        portal_database, Tenant, lambda host: settings.origin("portal", host)
    )
    freshen(registry)
    return registry


@pytest.fixture
def feed(
    portal_database: Database, registry: TerritoryRegistry, settings: Settings
) -> SearchFeed:
    return SearchFeed(portal_database, registry, settings)


@pytest.fixture
def indexes(settings: Settings) -> SearchIndexes:
    return SearchIndexes(settings.index_folder)
