"""A territory, its portal and its producer that last as long as a file of tests, and what was published once for all.

A file imports the fixtures that its tests only read, in the place of those of the same names that are new for each test:
`from tests.node.lasting import demo as demo`. Agreements are each test's own.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from inspect import unwrap
from typing import Any

import pytest

from tests import conftest as run_conftest
from tests.node import conftest as node_conftest
from tests.node.agreements import conftest as agreements_conftest
from tests.node.agreements.granting import Granting
from tests.service_overrides import overridden_services
from udi.kit.db import Database
from udi.kit.rates import RateLimiter
from udi.kit.tenancy import Territory
from udi.node.files.encryption.sealing_store import SealingStore
from udi.node.tables.api import ANSWERS
from udi.node.tables.requests import RATES
from udi.settings import Settings
from udi.tabular.overviews.overview import SHOWING, OverviewReader, OverviewTimeouts
from udi.tabular.queries.pool import POOL, PoolLimits, QueryPool
from udi.tabular.queries.row_pages import RowPageReader
from udi.ui.site import Site


def share(definition: Callable[..., Any]) -> Any:
    """A fixture that is made once for a file, in the way of one that is made for each test."""
    return pytest.fixture(scope="module")(unwrap(definition))


demo = share(run_conftest.demo)
browse = share(run_conftest.browse)
make_person = share(run_conftest.make_person)
space = share(node_conftest.space)
publisher = share(node_conftest.publisher)
reader = share(node_conftest.reader)
stranger = share(node_conftest.stranger)
manager = share(node_conftest.manager)
producer = share(node_conftest.producer)
passer_by = share(node_conftest.passer_by)
at_node = share(agreements_conftest.at_node)
asker = share(agreements_conftest.asker)
machine = share(agreements_conftest.machine)
meters = share(agreements_conftest.meters)


@pytest.fixture(scope="module")
async def portal(
    settings: Settings, node_database: Database, demo: Territory, node_site: Site
) -> AsyncIterator[Granting]:
    """The territory's portal, as `tests.node.agreements` has it."""
    async with agreements_conftest.open_portal(
        settings, node_database, demo, node_site
    ) as double:
        yield double


@pytest.fixture(scope="module", params=["folder", "s3"])
def each_store(
    request: pytest.FixtureRequest,
    settings: Settings,
    node_database: Database,
    node_site: Site,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SealingStore]:
    """The tests run twice, with the node's files in an empty folder and in an empty bucket."""
    folder = tmp_path_factory.mktemp("store")
    store = node_conftest.open_store(request, settings, node_database, folder)
    with overridden_services(node_site.services) as services:
        node_conftest.place_files(services, store, node_database, folder)
        yield store


@pytest.fixture(autouse=True, scope="module")
async def patient(node_site: Site) -> AsyncIterator[None]:
    """A pool with time, on a machine that has other work."""
    pool = QueryPool(PoolLimits(seconds=60, patience=60))
    with overridden_services(node_site.services) as services:
        services |= {
            POOL: pool,
            ANSWERS: RowPageReader(pool),
            SHOWING: OverviewReader(pool, OverviewTimeouts(60, 60, 60)),
            RATES: RateLimiter("tables", limit=10**8),
        }
        yield
    await pool.close()
