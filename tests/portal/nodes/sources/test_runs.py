"""A source is read: what is there is published, what leaves is withdrawn in time, and a killed reading goes on."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.depth import by_depth
from tests.portal.catalogue.corpus import document
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, ckan, count_rows, packages, team
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset, DatasetState, Withdrawal
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.nodes.actions.moderate import (
    allow_republication,
    withdraw_dataset_for_team,
)
from udi.portal.nodes.models import Report, ReportDeliveryState
from udi.portal.nodes.sources import harvest_run
from udi.portal.nodes.sources.actions import (
    accept_loss,
    close_source,
    pause_source,
    resume_source,
)
from udi.portal.nodes.sources.harvest_run import HarvestContext, harvest_next_source
from udi.portal.nodes.sources.leases import LEASE, acquire_lease
from udi.portal.nodes.sources.metrics import measure_sources
from udi.portal.nodes.sources.models import CatalogueSource, SourceRun, SourceState
from udi.portal.nodes.sources.site_turns import SiteTurns
from udi.portal.tenants.models import Tenant
from udi.ui.site import Site

HTML = {"Content-Type": "text/html"}
TURTLE = (
    "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
    '<https://x.example/d/1> a dcat:Dataset ; dct:identifier "d1" ; dct:title "Fontaines"@fr .\n'
    '<https://x.example/d/2> a dcat:Dataset ; dct:identifier "d2" ; dct:title "%s"@fr .\n'
)


def counts(run: SourceRun) -> tuple[int, ...]:
    assert run.total == run.created + run.updated + run.unchanged + run.refused
    return (
        run.total,
        run.created,
        run.updated,
        run.unchanged,
        run.refused,
        run.withdrawn,
        run.missing,
    )


def names(number: int, first: int = 0) -> list[str]:
    return [f"jeu-{place:05}" for place in range(first, first + number)]


@pytest.mark.thorough
async def test_a_catalogue_behind_a_home_page_is_published_page_by_page_and_read_again_without_change(
    catalogue: Catalogue, open_source: Open
) -> None:
    catalogue.put(
        "/",
        b"<!doctype html><html><head><title>Portal</title></head><body><p>Hi</p></body></html>",
        **HTML,
    )
    catalogue.live = ckan(names(250))
    reading = await open_source(catalogue.origin)

    first = await reading.read()
    addresses = await reading.list_published()
    again = await reading.read()

    assert (first.outcome, counts(first)) == ("complete", (250, 250, 0, 0, 0, 0, 0))
    assert (again.outcome, counts(again)) == ("complete", (250, 0, 0, 250, 0, 0, 0))
    assert await reading.list_published() == addresses
    assert len(addresses) == 250
    source = await reading.source()
    assert (source.format, source.dataset_count, source.lease) == ("ckan", 250, None)
    assert source.next_at > now() + timedelta(hours=23)
    assert again.pages == 3


async def test_what_changes_is_updated_what_leaves_is_withdrawn_the_second_time_and_comes_back_at_its_address(
    catalogue: Catalogue, open_source: Open, demo: Territory, portal_database: Database
) -> None:
    dataset_names = names(10)
    catalogue.live = ckan(dataset_names)
    reading = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows=4"
    )
    await reading.read()
    before = await reading.list_published()

    gone = dataset_names.pop(3)
    first = await reading.read()
    after_first = await reading.list_published()
    second = await reading.read()
    left = await reading.list_published()
    dataset_names.append(gone)
    third = await reading.read()
    back = await reading.list_published()

    assert (counts(first)[-2:], after_first) == ((0, 1), before)
    assert (counts(second)[-2:], len(left)) == ((1, 0), 9)
    assert (counts(third)[1], back) == (1, before)
    assert await count_rows(portal_database, demo, Withdrawal) == 0
    assert await count_rows(portal_database, demo, Report) == 0


@pytest.mark.thorough
async def test_a_change_at_the_source_is_a_change_here(
    catalogue: Catalogue, open_source: Open
) -> None:
    catalogue.put("/catalogue.ttl", (TURTLE % "Bancs").encode(), ETag='"one"')
    reading = await open_source(f"{catalogue.origin}/catalogue.ttl")

    await reading.read()
    catalogue.put("/catalogue.ttl", (TURTLE % "Bancs publics").encode(), ETag='"two"')
    changed = await reading.read()
    asleep = await reading.read()

    assert (changed.outcome, counts(changed)) == ("complete", (2, 0, 1, 1, 0, 0, 0))
    assert (asleep.outcome, counts(asleep)) == ("unchanged", (2, 0, 0, 2, 0, 0, 0))
    assert set(await reading.list_published()) == {"Fontaines", "Bancs publics"}
    assert catalogue.headers[-1]["If-None-Match"] == '"two"'
    assert "UDI/" in catalogue.headers[-1]["User-Agent"]


@pytest.mark.thorough
async def test_what_left_leaves_in_time_though_the_site_says_that_nothing_changed(
    catalogue: Catalogue, open_source: Open
) -> None:
    catalogue.put("/c.ttl", (TURTLE % "Bancs").encode(), ETag='"one"')
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    await reading.read()
    catalogue.put("/c.ttl", TURTLE.rsplit("\n", 2)[0].encode(), ETag='"two"')

    first = await reading.read()
    second = await reading.read()

    assert (first.missing, first.withdrawn) == (1, 0)
    assert (second.outcome, second.withdrawn) == ("unchanged", 1)
    assert set(await reading.list_published()) == {"Fontaines"}


async def test_a_source_of_which_much_leaves_at_once_waits_for_a_person(
    catalogue: Catalogue, open_source: Open, demo: Territory, portal_database: Database
) -> None:
    dataset_names = names(30)
    catalogue.live = ckan(dataset_names)
    reading = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows=100"
    )
    await reading.read()

    del dataset_names[10:]
    run = await reading.read()
    source = await reading.source()

    assert (run.outcome, run.missing, run.withdrawn) == ("vanished", 20, 0)
    assert (source.state, len(await reading.list_published())) == ("vanished", 30)
    assert source.next_at is not None
    run = await reading.read()
    assert (run.outcome, run.withdrawn) == ("vanished", 0)
    assert await reading.count_events("source.vanished") == 1

    async with portal_database.session(demo.id) as session:
        await accept_loss(
            session, team(demo), (await session.scalars(select(CatalogueSource))).one()
        )
    run = await reading.read()

    assert (run.outcome, run.missing, run.withdrawn) == ("complete", 0, 20)
    assert len(await reading.list_published()) == 10
    assert not (await reading.source()).accepts_loss


@pytest.mark.thorough
async def test_an_empty_answer_heals_once_the_catalogue_is_whole_again(
    catalogue: Catalogue, open_source: Open
) -> None:
    dataset_names = names(12)
    whole = ckan(dataset_names)
    catalogue.live = whole
    reading = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows=100"
    )
    await reading.read()
    before = await reading.list_published()

    catalogue.live = ckan([])
    runs = [await reading.read() for _ in range(3)]
    assert {run.outcome for run in runs} == {"vanished"}
    catalogue.live = whole
    last = await reading.read()

    assert (last.outcome, counts(last)) == ("complete", (12, 0, 0, 12, 0, 0, 0))
    assert await reading.list_published() == before
    source = await reading.source()
    assert (source.state, source.failures) == ("active", 0)
    assert await reading.count_events("source.healed") == 1


async def test_nothing_leaves_because_of_a_reading_that_broke(
    catalogue: Catalogue, open_source: Open
) -> None:
    dataset_names = names(8)
    whole = ckan(dataset_names)
    catalogue.live = whole
    reading = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows=4"
    )
    await reading.read()

    def half(path: str, parameters: dict[str, str]) -> Any:
        if parameters.get("start"):
            return (500, {}, b"")
        return whole(path, parameters)

    catalogue.live = half
    for _ in range(3):
        run = await reading.read()
        assert (run.outcome, counts(run)) == ("partial", (4, 0, 0, 4, 0, 0, 0))
    source = await reading.source()

    assert len(await reading.list_published()) == 8
    assert source.failures == 3
    assert now() < source.next_at < now() + timedelta(hours=2)
    assert [row.code for row in await reading.faults() if not row.identifier] == [
        "source_status"
    ]


@pytest.mark.thorough
async def test_a_catalogue_that_broke_is_waited_for_and_one_that_moved_is_found_again(
    catalogue: Catalogue, open_source: Open
) -> None:
    dataset_names = names(3)
    catalogue.put(
        "/",
        b"<!doctype html><html><head><title>Portal</title></head><body><p>Hi</p></body></html>",
        **HTML,
    )
    catalogue.live = ckan(dataset_names)
    reading = await open_source(catalogue.origin)
    await reading.read()
    catalogue.put("/data.json", {"dataset": [{"title": "Un autre", "identifier": "x"}]})
    entry = (await reading.source()).entry

    for status, body in (
        (500, b""),
        (200, b"<html><title>Maintenance</title></html>"),
        (200, b"{"),
    ):
        catalogue.live = lambda path, _, answer=(status, HTML, body): (
            answer if "package_search" in path else None
        )
        run = await reading.read()
        assert (run.outcome, run.total, (await reading.source()).entry) == (
            "failed",
            0,
            entry,
        )
    catalogue.live = None
    assert ((await reading.read()).outcome, (await reading.source()).entry) == (
        "failed",
        "",
    )
    run = await reading.read()

    assert (run.outcome, run.total) == ("complete", 1)
    assert (await reading.source()).format == "data.json"
    assert len(await reading.list_published()) == 4


@pytest.mark.thorough
async def test_a_folder_is_read_to_the_documents_below_it(
    catalogue: Catalogue, open_source: Open
) -> None:
    listing = "<html><title>Index of /m</title><a href='a.ttl'>a</a><a href='b/'>b</a><a href='/'>up</a></html>"
    catalogue.put("/m/", listing.encode(), **HTML)
    catalogue.put(
        "/m/b/",
        b"<html><title>Index of /m/b</title><a href='c.ttl'>c</a></html>",
        **HTML,
    )
    for place, (path, title) in enumerate(
        {"/m/a.ttl": "Arbres", "/m/b/c.ttl": "Canaux"}.items()
    ):
        turtle = (
            TURTLE.partition("\n")[0]
            + f'\n<https://x.example/{place}> a dcat:Dataset; dct:title "{title}"@fr .'
        )
        catalogue.put(path, turtle.encode())
    reading = await open_source(f"{catalogue.origin}/m/")

    run = await reading.read()

    assert (run.outcome, run.total, set(await reading.list_published())) == (
        "complete",
        2,
        {"Arbres", "Canaux"},
    )
    assert sorted(catalogue.requests) == sorted(
        {"/robots.txt", "/m/", "/m/a.ttl", "/m/b/", "/m/b/c.ttl"}
    )


class Killed(BaseException):
    """The worker died."""


@by_depth("slice_", [3, 100], by_default=[0])
async def test_a_reading_that_is_killed_at_any_transaction_goes_on_where_it_was(
    catalogue: Catalogue,
    open_source: Open,
    monkeypatch: pytest.MonkeyPatch,
    slice_: int,
) -> None:
    dataset_names = names(17)
    catalogue.live = ckan(dataset_names)
    reading = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows=5", slice=slice_
    )
    real = harvest_run.leased_source
    left = 0
    deaths = 0

    @asynccontextmanager
    async def fatal(*arguments: Any) -> AsyncIterator[Any]:
        """The worker dies at the end of a transaction, before it is committed."""
        nonlocal left
        left -= 1
        async with real(*arguments) as ours:
            yield ours
            if not left:
                raise Killed

    monkeypatch.setattr(harvest_run, "leased_source", fatal)
    while True:
        left = deaths + 1
        try:
            run = await reading.read()
            break
        except Killed:
            deaths += 1

    assert deaths > 4
    assert (run.outcome, counts(run)) == ("complete", (17, 17, 0, 0, 0, 0, 0))
    assert len(await reading.runs()) == 1
    assert await reading.count_events("dataset.published") == 17


async def test_two_workers_never_read_one_source_at_once(
    catalogue: Catalogue, open_source: Open
) -> None:
    catalogue.live = ckan(names(40))
    catalogue.pause = 0.01
    reading = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows=10"
    )

    def another_worker() -> HarvestContext:
        reader = copy(reading.workspace.reader)
        reader.turns = SiteTurns()
        return replace(reading.workspace, reader=reader)

    turns = await asyncio.gather(
        *(harvest_next_source(another_worker()) for _ in range(4))
    )

    assert sorted(turns) == [False, False, False, True]
    assert [counts(run)[:2] for run in await reading.runs()] == [(40, 40)]


async def test_a_source_that_a_worker_has_is_given_to_no_other_until_its_time_is_over(
    catalogue: Catalogue, open_source: Open
) -> None:
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    moment = now()
    leases = []
    for later in (timedelta(0), LEASE, LEASE + timedelta(seconds=1)):
        async with reading.database.session(
            reading.territory.id, role="worker"
        ) as session:
            leases.append(await acquire_lease(session, moment + later, SiteTurns()))

    assert [lease is not None for lease in leases] == [True, False, True]


async def test_measure_tells_how_late_a_source_is_that_no_worker_reads(
    catalogue: Catalogue, open_source: Open, portal_site: Site
) -> None:
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    territory = {"territory": reading.territory.slug}
    seconds = []
    for leased_until in (None, now() + LEASE):
        await reading.change(
            next_at=now() - timedelta(hours=2), leased_until=leased_until
        )
        [gauge] = await measure_sources(portal_site)
        seconds += [
            sample.value for sample in gauge.samples if sample.labels == territory
        ]

    assert [value >= 7200 for value in seconds] == [True, False]
    assert seconds[1] == 0


async def test_a_worker_whose_lease_was_taken_stores_nothing_more(
    catalogue: Catalogue, open_source: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.live = ckan(names(40))
    reading = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows=10"
    )
    original_get = reading.workspace.reader.get

    async def late(*arguments: Any, **named: Any) -> Any:
        """While the first page is on its way, another worker reads it and gives way."""
        response = await original_get(*arguments, **named)
        monkeypatch.setattr(reading.workspace.reader, "get", original_get)
        monkeypatch.setattr(reading.workspace.reader, "turns", SiteTurns())
        await reading.read(replace(reading.workspace, turn=0))
        return response

    monkeypatch.setattr(reading.workspace.reader, "get", late)
    assert await harvest_next_source(reading.workspace)
    between = [counts(run)[:2] for run in await reading.runs()]
    await reading.read()

    assert between == [(10, 10)]
    assert [counts(run)[:2] for run in await reading.runs()] == [(40, 40)]
    assert await reading.count_events("dataset.published") == 40


async def test_a_long_reading_gives_way_and_goes_on(
    catalogue: Catalogue, open_source: Open
) -> None:
    catalogue.live = ckan(names(12))
    reading = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows=4"
    )
    hurried = replace(reading.workspace, turn=0)
    turns = 0
    while not await reading.runs() or not (await reading.runs())[-1].ended_at:
        assert await harvest_next_source(hurried)
        turns += 1

    run = (await reading.runs())[-1]
    assert (run.outcome, run.total, len(await reading.runs())) == ("complete", 12, 1)
    assert 3 <= turns <= 8


@pytest.mark.thorough
async def test_a_source_is_paused_started_again_and_closed(
    catalogue: Catalogue, open_source: Open, demo: Territory, portal_database: Database
) -> None:
    catalogue.live = ckan(names(3))
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await reading.read()

    async def act(action: Any, **more: Any) -> None:
        async with portal_database.session(demo.id) as session:
            await action(
                session,
                team(demo),
                (await session.scalars(select(CatalogueSource))).one(),
                **more,
            )

    await act(pause_source)
    assert not await harvest_next_source(reading.workspace)
    await act(resume_source)
    assert await harvest_next_source(reading.workspace)
    await act(close_source, withdraw=False)
    assert not await harvest_next_source(reading.workspace)
    assert len(await reading.list_published()) == 3
    await act(resume_source)
    await act(close_source, withdraw=True)
    while await harvest_next_source(reading.workspace):
        pass

    source = await reading.source()
    assert (source.state, source.next_at, await reading.list_published()) == (
        SourceState.CLOSED,
        None,
        {},
    )
    assert await count_rows(portal_database, demo, Withdrawal) == 3
    assert (
        await count_rows(
            portal_database, demo, Dataset, Dataset.state == DatasetState.WITHDRAWN
        )
        == 3
    )


async def test_the_same_short_identifier_at_two_sources_is_two_datasets_and_a_universal_one_is_one(
    catalogue: Catalogue, open_source: Open
) -> None:
    universal = "6a5b0e0c-7a52-4f3e-9df1-3f0d4d1f2a10"
    catalogue.live = ckan(["arbres", universal], elsewhere="50")
    first = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    second = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows=50"
    )

    await second.change(next_at=None)
    first_run = await first.read()
    two = await second.read()

    assert (counts(first_run)[:5], counts(two)[:5]) == (
        (2, 2, 0, 0, 0),
        (2, 1, 0, 1, 0),
    )
    assert counts(await second.read())[:5] == (2, 0, 0, 2, 0)
    assert [
        row.identifier for row in await second.faults() if row.code == "also_here"
    ] == [universal]


async def test_an_identifier_twice_is_refused_by_name_across_pages(
    catalogue: Catalogue, open_source: Open
) -> None:
    def live(path: str, parameters: dict[str, str]) -> Any:
        page = packages(
            names(3) if not parameters.get("start") else names(1), start=0, rows=3
        )
        page["result"]["count"] = 4
        if parameters.get("start"):
            page["result"]["results"][0]["title"] = "Un autre"
        return 200, {}, json.dumps(page).encode()

    catalogue.live = live
    reading = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows=3"
    )

    run = await reading.read()

    assert counts(run)[:5] == (4, 3, 0, 0, 1)
    assert "identifier_duplicate" in {row.code for row in await reading.faults()}


async def test_another_territory_sees_nothing_of_it(
    catalogue: Catalogue, open_source: Open, other: Territory, portal_database: Database
) -> None:
    catalogue.live = ckan(names(2))
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await reading.read()

    assert await count_rows(portal_database, other, CatalogueSource) == 0
    assert await count_rows(portal_database, other, SourceRun) == 0
    assert not await harvest_next_source(replace(reading.workspace, territory=other))


async def test_what_the_team_took_off_stays_off_until_it_is_let_back(
    catalogue: Catalogue, open_source: Open, demo: Territory, portal_database: Database
) -> None:
    catalogue.live = ckan(names(3))
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await reading.read()
    dataset_id = (await reading.list_published())["Jeu jeu-00001"]

    async with portal_database.session(demo.id) as session:
        dataset = (
            await session.scalars(select(Dataset).where(Dataset.id == dataset_id))
        ).one()
        await withdraw_dataset_for_team(
            session, team(demo), dataset, reason="Personal data"
        )
    off = await reading.read()
    assert counts(off)[:5] == (3, 0, 0, 2, 1)
    assert "Jeu jeu-00001" not in await reading.list_published()
    assert [
        row.filled.get("reason")
        for row in await reading.faults()
        if row.level == "refused"
    ] == ["Personal data"]
    assert (
        await count_rows(
            portal_database,
            demo,
            Report,
            Report.delivery == ReportDeliveryState.PENDING,
        )
        == 0
    )

    async with portal_database.session(demo.id) as session:
        dataset = (
            await session.scalars(select(Dataset).where(Dataset.id == dataset_id))
        ).one()
        await allow_republication(session, team(demo), dataset)
    assert counts(await reading.read())[:5] == (3, 1, 0, 2, 0)
    assert (await reading.list_published())["Jeu jeu-00001"] == dataset_id


async def test_what_is_read_is_shown_searched_and_given_to_programs_like_what_is_pushed(
    catalogue: Catalogue,
    open_source: Open,
    demo: Territory,
    portal_app: Litestar,
    portal_site: Site,
) -> None:
    catalogue.put("/c.ttl", (TURTLE % "Bancs").encode())
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    await reading.read()
    await SearchFeed(
        portal_site.database, portal_site.registry, portal_site.settings
    ).run_once()
    dataset_id = (await reading.list_published())["Fontaines"]

    async with browse(portal_app, demo) as client:
        for path in (
            f"/data/{dataset_id}",
            "/catalog.ttl",
            f"/api/v1/datasets/{dataset_id}",
            "/data",
            "/data.atom",
            "/",
        ):
            answer = await client.get(path, follow_redirects=True)
            assert answer.status_code == 200, path
            assert "Fontaines" in answer.text, path


@pytest.mark.thorough
async def test_a_portal_of_rudi_keeps_its_identifiers(
    catalogue: Catalogue, open_source: Open
) -> None:
    records = [document(number) for number in range(3)]
    catalogue.put("/api/v1/resources", {"total": 3, "items": records})
    reading = await open_source(f"{catalogue.origin}/api/v1/resources")

    run = await reading.read()
    again = await reading.read()

    assert (run.outcome, counts(run)[:2], counts(again)[3]) == ("complete", (3, 3), 3)
    assert {str(id_) for id_ in (await reading.list_published()).values()} == {
        record["global_id"] for record in records
    }


async def test_a_dataset_of_another_portal_of_rudi_is_left_to_the_source_that_has_it(
    catalogue: Catalogue, open_source: Open
) -> None:
    records = [document(number) for number in range(2)]
    catalogue.put("/api/v1/resources", {"total": 2, "items": records})
    first = await open_source(f"{catalogue.origin}/api/v1/resources")
    second = await open_source(f"{catalogue.origin}/api/v1/resources?limit=2")
    await second.change(next_at=None)
    await first.read()
    before = await first.list_published()

    run = await second.read()

    assert counts(run)[:5] == (2, 0, 0, 2, 0)
    assert await second.list_published() == {}
    assert await first.list_published() == before


@pytest.mark.thorough
async def test_a_catalogue_is_read_with_the_words_of_the_territory(
    catalogue: Catalogue,
    open_source: Open,
    demo: Territory,
    portal_database: Database,
    portal_app: Litestar,
) -> None:
    page = packages(["a"], start=0, rows=1)
    page["result"]["results"][0] |= {
        "license_id": "",
        "license_title": "Licence du département",
    }
    catalogue.put("/api/3/action/package_search", page)
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await reading.read()
    async with portal_database.platform_session(role="owner") as session:
        tenant = await session.get_one(Tenant, demo.id)
        tenant.vocabularies = {"licences": {"Licence du département": "odbl-1.0"}}

    run = await reading.read()

    assert counts(run)[:4] == (1, 0, 1, 0)
    async with portal_database.session(demo.id) as session:
        assert (
            await session.scalar(
                select(Dataset.licence).where(Dataset.node_id == reading.source_id)
            )
            == "odbl-1.0"
        )
    async with browse(portal_app, demo) as client:
        history = await client.get(
            f"/data/{(await reading.list_published())['Jeu a']}/history"
        )
    assert "Licence du département" in history.text
