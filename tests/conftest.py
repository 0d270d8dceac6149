"""What every test stands on: a real PostgreSQL, two territories, both programs, pages that are checked when fetched."""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from litestar import Litestar
from playwright.async_api import Browser
from playwright.async_api import Error as PlaywrightError
from xdist.scheduler import LoadScopeScheduling

from tests import cluster, services, stage, visitors
from tests.cluster import RUN
from tests.depth import examples, thorough
from tests.interrupts import heed_interrupts
from tests.realms import apply_own_realm
from tests.reaper import Reaper
from tests.registers import RegisterCleaner
from tests.ui.axe import open_browser
from tests.ui.tab import Tab, open_tab
from udi.kit import logs
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node import app as node
from udi.node import site as node_parts
from udi.portal import app as portal
from udi.portal import site as portal_parts
from udi.portal.identity.provision.operators import apply_operators_client
from udi.settings import Settings
from udi.ui.site import Site

pytest_plugins = [
    "tests.omissions",
    "tests.order",
    "tests.authorities",
    "tests.figures",
    "tests.children",
    "tests.garbage",
    "tests.hangs",
    "tests.templates",
    "tests.times",
    "tests.workers",
]
UNTIMED = {
    "max_examples": examples(25, 100),
    "deadline": None,
    "derandomize": not thorough(),
    "suppress_health_check": [hypothesis.HealthCheck.too_slow],
}
"""The examples of a property are the same in each run, so that no change is refused for a fault that it did not make.

A run of everything tries others each time.
"""
hypothesis.settings.register_profile("untimed", **UNTIMED)
hypothesis.settings.load_profile("untimed")
LOOKS = "UDI_LINK_LOOKS_PER_HOUR"
"""No worker of a test looks at the addresses of made-up files, unless the test is about that."""
SHARED = Path(
    os.environ.get("UDI_SHARED", Path(__file__).resolve().parents[2] / "shared")
)
TOGETHER = {
    "one machine": "tests/ansible/test_machine",
    "journeys": "tests/journeys",
    "own nodes": "tests/own_node",
    "data space": "tests/contract/dataspace",
}


def pytest_configure(config: pytest.Config) -> None:
    """The controlling process makes the run's folder; services start when first asked for. Logs go where programs' do."""
    logs.configure("text")
    heed_interrupts()
    os.environ.setdefault(LOOKS, "0")
    if not hasattr(config, "workerinput") and RUN not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="udi-test-"))
        folder.chmod(0o755)
        reaper = Reaper(folder)
        os.environ[RUN] = str(folder)
        config.add_cleanup(lambda: _clean(reaper))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests of one file stay together; so do those of files that share an installation, a port or a machine."""

    class ByPart(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return next(
                (part for part, files in TOGETHER.items() if file.startswith(files)),
                file,
            )

    return ByPart(config, log)


def _clean(reaper: Reaper) -> None:
    os.environ.pop(RUN, None)
    reaper.end_run()


@pytest.fixture(scope="session")
def run_folder() -> Path:
    """Folder of this run, shared by its workers."""
    return Path(os.environ[RUN])


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Third-party data beside the checkout; a test that needs them is skipped where they are absent."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the third-party data: set UDI_SHARED (looked in {SHARED})")
    return SHARED


@pytest.fixture(scope="session")
def worker_name() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def postgres(run_folder: Path) -> str:
    """DSN of the superuser; the databases `udi_portal_template` and `udi_node_template` are migrated."""
    with cluster.locked(run_folder, "postgres"):
        facts = run_folder / "cluster.json"
        if not facts.exists():
            base = cluster.free_ports(8)
            cluster.write_secrets(run_folder / "secrets")
            password = (run_folder / "secrets/postgres_password").read_text()
            dsn = services.launch_postgres(run_folder, base + 4, password)
            facts.write_text(
                json.dumps({"base_port": base, "port": base + 4, "dsn": dsn})
            )
            asyncio.run(
                cluster.prepare(dsn, cluster.run_settings(run_folder, "template"))
            )
            cluster.migrate(run_folder)
    return str(json.loads(facts.read_text())["dsn"])


@pytest.fixture(scope="session")
def settings(
    pytestconfig: pytest.Config, postgres: str, run_folder: Path, worker_name: str
) -> Settings:
    """Settings of this worker, with its own pair of databases and its own ports.

    Never overridden in a folder: what lasts as long as the run is made from the first that is asked for.
    """
    with cluster.locked(run_folder, "copy"):
        asyncio.run(cluster.copy_databases(postgres, worker_name))
    run_settings = cluster.run_settings(
        run_folder, worker_name, base_port=cluster.free_ports(8)
    )
    pytestconfig.pluginmanager.register(RegisterCleaner(run_settings))
    return run_settings


@pytest.fixture(scope="session")
async def portal_database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings, "portal")
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def node_database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings, "node")
    yield database
    await database.close()


@pytest.fixture
async def demo(
    settings: Settings, portal_database: Database, node_database: Database
) -> AsyncIterator[Territory]:
    """A territory, new for this test, on the portal and on the node."""
    databases = (portal_database, node_database)
    territory = await stage.add_territory(databases, settings, "demo")
    yield territory
    await stage.remove_territory(databases, territory.id)


@pytest.fixture
async def other(
    settings: Settings, portal_database: Database, node_database: Database
) -> AsyncIterator[Territory]:
    """Another territory, which must see nothing of the first."""
    databases = (portal_database, node_database)
    territory = await stage.add_territory(databases, settings, "other")
    yield territory
    await stage.remove_territory(databases, territory.id)


@pytest.fixture(scope="session")
async def keycloak(
    settings: Settings, run_folder: Path, worker_name: str, postgres: str
) -> Settings:
    """A real Keycloak, one for the run, with a realm of this worker's own; returns the settings that reach it.

    What a test changes of its realm is put back by whoever applies a territory: another worker must not do so meanwhile.
    Its mails go to `smtp_port`: a relay of a test that applies a territory listens there, and not elsewhere.
    """

    def start() -> None:
        with cluster.locked(run_folder, "keycloak"):
            if not (run_folder / "keycloak.pid").exists():
                of_the_run = cluster.run_settings(run_folder, worker_name)
                services.launch_keycloak(run_folder, of_the_run)
        apply_operators_client(apply_own_realm(settings), settings)

    await asyncio.to_thread(start)
    return settings


@pytest.fixture(scope="session")
async def portal_site(settings: Settings) -> AsyncIterator[Site]:
    """The portal's parts."""
    site = portal_parts.build_site(settings)
    visitors.freshen(site.registry)
    apart = visitors.set_apart(site)
    yield site
    await apart.close()
    await site.database.close()


@pytest.fixture(scope="session")
async def portal_app(portal_site: Site) -> AsyncIterator[Litestar]:
    """The portal, as its web workers run it."""
    app = portal.create(portal_site)
    yield app
    await visitors.shut_down(app)


@pytest.fixture(scope="session")
async def node_site(settings: Settings) -> AsyncIterator[Site]:
    """The node's parts."""
    site = node_parts.build_site(settings)
    visitors.freshen(site.registry)
    apart = visitors.set_apart(site)
    yield site
    await apart.close()
    await site.database.close()


@pytest.fixture(scope="session")
async def node_app(node_site: Site) -> AsyncIterator[Litestar]:
    """The node, as its web workers run it."""
    app = node.create(node_site)
    yield app
    await visitors.shut_down(app)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A real browser, one for each process that runs tests."""
    async with open_browser() as opened:
        yield opened


@pytest.fixture
async def browser(chromium: Browser, still_tabs: list[Tab]) -> AsyncIterator[Browser]:
    """The real browser; what a test opens in it is closed after the test."""
    before = set(chromium.contexts)
    yield chromium
    lasting = before | {tab.page.context for tab in still_tabs}
    for context in chromium.contexts:
        if context not in lasting:
            await context.close()


@pytest.fixture(scope="session")
def still_tabs() -> list[Tab]:
    """Empty tabs of this process that wait for a test: to open one takes a third of a second."""
    return []


@pytest.fixture
async def tab(chromium: Browser, still_tabs: list[Tab]) -> AsyncIterator[Tab]:
    """A tab of the browser, which lays out what a client gets and draws nothing: pages are looked at in it.

    After a test it is empty, and the next one has it; it goes where it cannot be emptied.
    """
    opened = still_tabs.pop() if still_tabs else await open_tab(chromium, still=True)
    yield opened
    try:
        await opened.forget()
    except PlaywrightError:
        await opened.page.context.close()
    else:
        still_tabs.append(opened)


@pytest.fixture
async def drawn_tab(browser: Browser) -> Tab:
    """A tab that draws what a client gets: somebody clicks or types in it, or waits for a map."""
    return await open_tab(browser)


@pytest.fixture
def browse() -> Any:
    """`async with browse(app, territory, person) as client`: a browser whose every page is checked."""
    return visitors.browse


@pytest.fixture
def make_person() -> Any:
    """`make_person(territory, moderator=False, memberships={"slug": ["publishers"]})`: somebody who can log in."""
    return visitors.make_person
