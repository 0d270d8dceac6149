"""Passers-by read from a copy that follows the database: where it lags, a page is whole, and kept by nobody."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from litestar import Litestar
from sqlalchemy import update

from tests import cluster
from tests.local_servers import PostgresProcess, start_postgres
from tests.portal.catalogue.corpus import Catalogue, open_catalogue
from tests.visitors import browse, freshen, shut_down
from udi.cli.local.account import change_owner, service_account
from udi.cli.local.postgres import Cluster, find_binaries
from udi.cli.local.processes import run_tool
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.portal import app as portal
from udi.portal import site as portal_parts
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.tenants.models import Tenant
from udi.settings import Settings

pytestmark = pytest.mark.thorough

TRIES = 1200
NEW = 3
REACHED = "SELECT pg_last_wal_replay_lsn() >= cast(cast($1 AS text) AS pg_lsn)"


class Copy:
    """A second PostgreSQL that replays what the first writes, or holds."""

    def __init__(self, running: PostgresProcess, first: str) -> None:
        self._running = running
        self._first = first
        self.port = running.cluster.port

    async def hold(self) -> None:
        """Replay no more."""
        await self._ask("SELECT pg_wal_replay_pause()")
        await self._wait("SELECT pg_get_wal_replay_pause_state() = 'paused'")

    async def catch_up(self) -> None:
        """Replay, up to where the first is now."""
        first = await asyncpg.connect(self._first)
        position = await first.fetchval("SELECT pg_current_wal_insert_lsn()::text")
        await first.close()
        await self._ask("SELECT pg_wal_replay_resume()")
        await self._wait(REACHED, position)

    async def _wait(self, question: str, *values: str) -> None:
        for _ in range(TRIES):
            if await self._ask(question, *values):
                return
            await asyncio.sleep(0.05)
        raise TimeoutError(question)

    async def _ask(self, question: str, *values: str) -> object:
        connection = await asyncpg.connect(self._running.dsn)
        try:
            answer: object = await connection.fetchval(question, *values)
        finally:
            await connection.close()
        return answer

    def stop(self) -> None:
        """End it."""
        self._running.stop()


@pytest.fixture(scope="module")
async def copy(
    postgres: str, settings: Settings, run_folder: Path
) -> AsyncIterator[Copy]:
    """A copy of the run's server, which each test lets replay again: half of what these tests take is to make one."""
    account = service_account()
    password = settings.secret("postgres_password")
    binaries = find_binaries(Settings().cache, account)
    tool = binaries.folder / "pg_basebackup"
    data = run_folder / f"copy-{uuid4().hex}" / "data"
    if not tool.exists():
        pytest.skip(f"this PostgreSQL comes without {tool.name}")
    data.parent.mkdir()
    change_owner(data.parent, account)
    taking = [
        str(tool),
        f"--dbname={postgres}",
        f"--pgdata={data}",
        "--checkpoint=fast",
        "--no-sync",
        "--no-manifest",
        "-R",
    ]
    await asyncio.to_thread(
        run_tool, taking, what="Copying the database", where=run_folder, account=account
    )
    server = Cluster(
        binaries, data, cluster.free_ports(1), password, account, durable=False
    )
    copy = Copy(
        await asyncio.to_thread(start_postgres, server, data.parent / "copy.log"),
        postgres,
    )
    yield copy
    await asyncio.to_thread(copy.stop)


@pytest.fixture(scope="module")
async def beside(settings: Settings, copy: Copy) -> AsyncIterator[Litestar]:
    """The portal of a machine that reads for passers-by at the copy."""
    site = portal_parts.build_site(
        settings.model_copy(update={"database_replica_port": copy.port})
    )
    freshen(site.registry)
    app = portal.create(site)
    yield app
    await shut_down(app)


@pytest.fixture
async def corpus(portal_database: Database, demo: Territory) -> Catalogue:
    """A catalogue of three datasets."""
    corpus = await open_catalogue(portal_database, demo)
    for number in range(NEW):
        await corpus.add(number)
    return corpus


@pytest.fixture
async def feed(
    settings: Settings, portal_database: Database, corpus: Catalogue
) -> SearchFeed:
    """What keeps the index, with the three datasets in it."""
    feed = SearchFeed(
        portal_database,
        TerritoryRegistry(portal_database, Tenant, lambda host: host, max_age=0),
        settings,
    )
    await feed.run_once()
    return feed


async def test_what_the_index_knows_and_the_copy_does_not_breaks_no_page_and_is_kept_by_nobody(
    beside: Litestar, copy: Copy, corpus: Catalogue, feed: SearchFeed, demo: Territory
) -> None:
    await copy.catch_up()
    addresses = ("/", "/data", "/api/v1/datasets")
    async with browse(beside, demo) as visitor:
        before = [await visitor.get(url) for url in addresses]
        await copy.hold()
        record = await corpus.add(NEW)
        await feed.run_once()
        behind = [await visitor.get(url) for url in addresses]
        missing = await visitor.get(f"/data/{record.id}")
        await copy.catch_up()
        after = [await visitor.get(url) for url in addresses]

    assert [answer.status_code for answer in [*before, *behind, *after]] == [200] * 9
    assert ["etag" in answer.headers for answer in [*before, *behind, *after]] == [
        True
    ] * 3 + [False] * 3 + [True] * 3
    assert (
        missing.status_code,
        str(record.id) in behind[1].text,
        str(record.id) in after[1].text,
    ) == (
        404,
        False,
        True,
    )


async def test_a_catalogue_of_catalogues_read_too_early_is_not_taken_for_the_later_one(
    beside: Litestar,
    copy: Copy,
    corpus: Catalogue,
    feed: SearchFeed,
    demo: Territory,
    portal_database: Database,
) -> None:
    async with portal_database.platform_session(role="owner") as session:
        await session.execute(
            update(Tenant).where(Tenant.id == demo.id).values(search={"shared": True})
        )
    await feed.run_once()
    await copy.catch_up()
    async with browse(beside, None) as visitor:
        await copy.hold()
        record = await corpus.add(NEW)
        await feed.run_once()
        behind = await visitor.get("/catalog.nt")
        await copy.catch_up()
        tag = {"If-None-Match": behind.headers["etag"]}
        after = await visitor.get("/catalog.nt", headers=tag)

    assert (behind.status_code, after.status_code) == (200, 200)
    assert (str(record.id) in behind.text, str(record.id) in after.text) == (
        False,
        True,
    )
