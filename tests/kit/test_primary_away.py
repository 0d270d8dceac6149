"""The database that writes is lost for a moment: passers-by notice nothing, the others are told in plain words."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
from litestar import Litestar
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.kit.relay import Relay
from tests.node.producer import SLUG, TABLE, Producer
from tests.portal.catalogue.corpus import open_catalogue
from tests.visitors import BROWSER, browse, freshen, make_person, shut_down
from udi.kit.db import PATIENCE, Database, is_unavailable
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.node import app as node
from udi.node import site as node_parts
from udi.node.spaces.actions import apply_space
from udi.portal import app as portal
from udi.portal import site as portal_parts
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.tenants.models import Tenant
from udi.settings import Settings
from udi.ui.site import Site

WORDS = "La base de données ne répond pas"


@pytest.fixture(scope="module")
async def relay(settings: Settings) -> AsyncIterator[Relay]:
    """The way to the database that writes, for all tests of this file."""
    assert settings.database_port
    async with Relay(settings.database_port).listening() as listening:
        yield listening


@pytest.fixture
def primary(relay: Relay) -> Iterator[Relay]:
    """The same, whole before the test and after it."""
    yield relay
    relay.thaw()
    relay.mend()


@pytest.fixture(scope="module")
def split(settings: Settings, relay: Relay) -> Settings:
    """Settings of a machine that reaches the database that writes, and one that follows it, each by its own port."""
    ports = {
        "database_port": relay.port,
        "database_replica_port": settings.database_port,
    }
    return settings.model_copy(update=ports)


@pytest.fixture(scope="module")
async def catalogue(split: Settings) -> AsyncIterator[Litestar]:
    """The portal on such a machine."""
    site = portal_parts.build_site(split)
    freshen(site.registry)
    app = portal.create(site)
    yield app
    await shut_down(app)


@pytest.fixture
async def hosted(split: Settings) -> AsyncIterator[Litestar]:
    """The node on such a machine."""
    site = node_parts.build_site(split)
    freshen(site.registry)
    app = node.create(site)
    yield app
    await shut_down(app)


async def test_passers_by_read_the_whole_portal(
    catalogue: Litestar,
    primary: Relay,
    settings: Settings,
    portal_database: Database,
    demo: Territory,
) -> None:
    corpus = await open_catalogue(portal_database, demo)
    record = (await corpus.add_all())[0]
    registry = TerritoryRegistry(portal_database, Tenant, lambda host: host, max_age=0)
    await SearchFeed(portal_database, registry, settings).run_once()
    primary.disconnect()
    addresses = [
        "/", "/data", "/data?q=velo", f"/data/{record.id}", "/producers", "/producers/armor", "/charter", "/legal",
        "/accessibility", "/api", "/theme.css", "/icon.svg", "/ready", "/api/v1/datasets", f"/api/v1/datasets/{record.id}",
        "/api/v1/producers",
    ]  # fmt: skip

    async with browse(catalogue, demo) as visitor:
        answers = {url: (await visitor.get(url)).status_code for url in addresses}
        health = await visitor.get("/health")

    assert answers == dict.fromkeys(addresses, 200)
    assert health.status_code == 503


async def test_passers_by_download_from_the_node(
    hosted: Litestar, primary: Relay, node_database: Database, demo: Territory
) -> None:
    async with node_database.session(demo.id, role="owner") as session:
        await apply_space(
            session, slug=SLUG, organisation_id=uuid.uuid4(), name="Mairie de Kerlévan", email="mairie@kerlevan.example",
            quota_bytes=1_000_000,
        )  # fmt: skip
    async with browse(
        hosted, demo, make_person(demo, memberships={SLUG: ["publishers"]})
    ) as publisher:
        dataset = await Producer(publisher).publish()
        primary.disconnect()
        refused = await Producer(publisher).send()
    async with browse(hosted, demo) as visitor:
        file = await visitor.get(f"/datasets/{dataset}/file")
        ready = await visitor.get("/ready")
        listed = await visitor.get("/api/v1/resources")

    assert (file.content, ready.status_code, listed.status_code) == (TABLE, 200, 200)
    assert (
        refused.status_code,
        WORDS in refused.text,
        "regardez si c’est fait" in refused.text,
    ) == (503, True, True)


async def test_someone_logged_in_is_told_in_plain_words_and_finds_the_session_again(
    catalogue: Litestar, primary: Relay, demo: Territory
) -> None:
    async with browse(catalogue, demo, make_person(demo)) as member:
        primary.disconnect()
        page = await member.get("/my-space")
        call = await member.get("/api/v1/datasets")
        primary.mend()
        again = await member.get("/my-space")

    assert (page.status_code, WORDS in page.text, page.headers["retry-after"]) == (
        503,
        True,
        "30",
    )
    assert (call.status_code, call.json()["detail"]) == (503, f"{WORDS}.")
    assert again.status_code == 200


async def test_a_machine_that_is_silent_holds_no_request(
    catalogue: Litestar, primary: Relay, demo: Territory
) -> None:
    async with browse(catalogue, demo, make_person(demo)) as member:
        assert (await member.get("/my-space")).status_code == 200
        primary.freeze()
        silent = await member.get("/my-space")
        primary.thaw()
        again = await member.get("/my-space")

    assert (silent.status_code, WORDS in silent.text) == (503, True), (
        "answered while the database is silent"
    )
    assert again.status_code == 200


async def test_a_statement_without_an_answer_costs_its_connection_and_no_more(
    split: Settings, primary: Relay, demo: Territory
) -> None:
    database = Database(split, "portal", pages=True)

    async def ask() -> None:
        async with database.session(demo.id) as session:
            await session.scalar(text("SELECT 1"))
            primary.freeze()
            await session.scalar(text("SELECT 2"))

    with pytest.raises(TimeoutError) as silence:
        await ask()
    primary.thaw()
    async with database.session(demo.id) as session:
        answer = await session.scalar(text("SELECT 3"))
    await database.close()

    assert is_unavailable(silence.value)
    assert answer == 3


async def test_a_worker_waits_as_long_as_its_statement_takes(
    settings: Settings,
) -> None:
    database = Database(settings, "portal")
    async with database.platform_session(role="worker") as session:
        slept = await session.scalar(
            text("SELECT 'slept' FROM pg_sleep(:seconds)"), {"seconds": PATIENCE + 0.5}
        )
    await database.close()

    assert slept == "slept"


async def test_a_worker_never_reads_what_follows(
    split: Settings, primary: Relay
) -> None:
    worker = Database(split, "portal")
    pages = Database(split, "portal", pages=True)
    primary.disconnect()
    async with pages.platform_session(role="public") as session:
        assert (
            await session.scalar(text("SELECT count(*) FROM platform.territory"))
            is not None
        )
    with pytest.raises(Exception) as refusal:  # noqa: PT011 - which one depends on the driver
        async with worker.platform_session(role="public") as session:
            await session.scalar(text("SELECT 1"))
    await worker.close()
    await pages.close()

    assert is_unavailable(refusal.value)


async def test_territories_that_were_known_are_served_while_no_database_answers(
    settings: Settings, primary: Relay, demo: Territory
) -> None:
    database = Database(
        settings.model_copy(update={"database_port": primary.port}),
        "portal",
        pages=True,
    )
    warm_registry, unknown = (
        TerritoryRegistry(database, Tenant, lambda host: host, max_age=0)
        for _ in range(2)
    )
    assert await warm_registry.by_slug(demo.slug)
    primary.disconnect()

    assert await warm_registry.by_slug(demo.slug)
    with pytest.raises(Exception) as refusal:  # noqa: PT011 - which one depends on the driver
        await unknown.list()
    assert is_unavailable(refusal.value)
    primary.mend()
    assert await unknown.by_slug(demo.slug)
    await database.close()


async def test_a_fault_of_ours_is_no_absence_of_the_database(
    portal_database: Database,
) -> None:
    async def ask(*statements: str) -> None:
        async with portal_database.platform_session() as session:
            for statement in statements:
                await session.execute(text(statement))

    with pytest.raises(DBAPIError, match="nothing_of_the_kind") as fault:
        await ask("SELECT * FROM nothing_of_the_kind")
    with pytest.raises(DBAPIError, match="read-only") as following:
        await ask("SET TRANSACTION READ ONLY", "CREATE TABLE app.written (id int)")

    assert (is_unavailable(fault.value), is_unavailable(following.value)) == (
        False,
        True,
    )


async def test_a_machine_without_a_copy_reads_the_database_itself(
    portal_site: Site, portal_app: Litestar, demo: Territory
) -> None:
    async with browse(portal_app, demo) as visitor:
        home = await visitor.get("/", headers=BROWSER)

    assert home.status_code == 200
    assert not portal_site.database.has_replica
