"""One dataset by several sources: one page that says where else it is, and that another source takes over in time."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from litestar import Litestar
from sqlalchemy import select, update

from tests.depth import by_depth
from tests.portal.catalogue.corpus import document
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, Reading, team
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.tenancy import Territory
from udi.portal.catalogue.actions import store_dataset
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.nodes.actions.moderate import withdraw_dataset_for_team
from udi.portal.nodes.sources.actions import close_source, register_source
from udi.portal.nodes.sources.harvest_run import harvest_next_source
from udi.portal.nodes.sources.likeness import MOST_OWNERS
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    SourceRecord,
    SourceState,
)
from udi.portal.nodes.sources.publishers.actions import answer_proposal
from udi.portal.nodes.sources.publishers.queries import get_publisher
from udi.portal.organisations.actions import apply_organisation
from udi.portal.organisations.models import Organisation
from udi.protocol.record import read_record

TOWN = "/town.json"
REGION = "/region.json"
IDENTIFIER = "https://town.example.org/id/benches"


def dataset(title: str = "Bancs", identifier: str = IDENTIFIER, **fields: Any) -> Any:
    return {
        "identifier": identifier,
        "title": title,
        "description": f"Description de {title}.",
        "publisher": {"name": "Ville d’Exemple"},
        "distribution": [
            {"downloadURL": "https://files.example.org/benches.csv", "format": "CSV"}
        ],
        **fields,
    }


def put(catalogue: Catalogue, path: str, *datasets: Any) -> None:
    catalogue.put(path, json.dumps({"dataset": datasets}).encode())


async def load(reading: Reading, id_: UUID) -> Dataset:
    async with reading.database.session(reading.territory.id) as session:
        return await session.get_one(Dataset, (reading.territory.id, id_))


async def read_both(
    catalogue: Catalogue, open_source: Open, town: Any, region: Any
) -> tuple[Reading, Reading, UUID]:
    """A dataset that was read in the town's catalogue, then in the region's; its identifier here."""
    put(catalogue, TOWN, town)
    put(catalogue, REGION, region)
    first = await open_source(f"{catalogue.origin}{TOWN}")
    await first.read()
    [id_] = (await first.list_published()).values()
    second = await open_source(f"{catalogue.origin}{REGION}")
    await second.read()
    return first, second, id_


PAGE = "https://town.example.org/data/benches"
SURE = [
    ("identifier", dataset(), dataset("Bancs publics")),
    (
        "page and file",
        dataset(identifier="b-1", landingPage=PAGE),
        dataset(identifier="r-9", landingPage=f"{PAGE}/"),
    ),
]


@by_depth(
    ("town", "region"),
    [line[1:] for line in SURE],
    ids=[line[0] for line in SURE],
    by_default=[0],
)
async def test_a_dataset_of_two_sources_has_one_page_that_names_both(
    catalogue: Catalogue, open_source: Open, town: Any, region: Any
) -> None:
    first, second, id_ = await read_both(catalogue, open_source, town, region)

    [run] = await second.runs()
    assert (run.outcome, run.total, run.unchanged, run.refused) == ("complete", 1, 1, 0)
    assert await second.list_published() == {}
    stored = await load(first, id_)
    [other] = stored.other_origins
    assert other["site"] == catalogue.origin.removeprefix("http://")
    assert other["source"] == str(second.source_id)
    [fault] = [row for row in await second.faults() if row.code == "also_here"]
    assert fault.filled["title"] == "Bancs"

    again = await second.read()
    await first.read()
    assert (again.unchanged, again.created, again.missing) == (1, 0, 0)
    assert (await load(first, id_)).other_origins == stored.other_origins


UNSURE = [
    ("title alone", dataset(identifier="b-1"), dataset(identifier="r-9")),
    (
        "the page of a site",
        dataset(identifier="b-1", landingPage="https://town.example.org/"),
        dataset(identifier="r-9", landingPage="https://town.example.org/"),
    ),
    (
        "another page",
        dataset(identifier="b-1", landingPage=PAGE),
        dataset(identifier="r-9", landingPage=f"{PAGE}-2"),
    ),
    ("other identifiers", dataset(), dataset(identifier=f"{IDENTIFIER}-2")),
    ("local identifiers", dataset(identifier="12"), dataset(identifier="12")),
]


@by_depth(
    ("town", "region"),
    [line[1:] for line in UNSURE],
    by_default={0, 1},
    ids=[line[0] for line in UNSURE],
)
async def test_what_is_not_sure_is_never_matched(
    catalogue: Catalogue, open_source: Open, town: Any, region: Any
) -> None:
    first, second, id_ = await read_both(catalogue, open_source, town, region)

    assert len(await second.list_published()) == 1
    assert (await load(first, id_)).other_origins == []


@by_depth(
    ("holders", "own_pages"),
    [(MOST_OWNERS, 0), (MOST_OWNERS + 1, 1)],
    by_default={1},
)
async def test_a_file_of_very_many_datasets_tells_of_none_which_it_is(
    catalogue: Catalogue, open_source: Open, holders: int, own_pages: int
) -> None:
    town = [
        dataset(f"Bancs {n}", f"b-{n}", landingPage=f"{PAGE}-{n}")
        for n in range(holders)
    ]
    put(catalogue, TOWN, *town)
    put(catalogue, REGION, dataset(identifier="r-9", landingPage=f"{PAGE}-7"))
    first = await open_source(f"{catalogue.origin}{TOWN}")
    await first.read()
    second = await open_source(f"{catalogue.origin}{REGION}")

    await second.read()

    assert len(await first.list_published()) == holders
    assert len(await second.list_published()) == own_pages


@pytest.mark.thorough
@pytest.mark.parametrize("order", [(TOWN, REGION), (REGION, TOWN)])
async def test_the_order_of_sources_does_not_change_how_many_pages_there_are(
    catalogue: Catalogue, open_source: Open, order: tuple[str, str]
) -> None:
    put(catalogue, TOWN, dataset(), dataset("Jardins", "j-1"))
    put(catalogue, REGION, dataset("Bancs publics"), dataset("Gares", "g-1"))
    titles: list[str] = []
    for path in order:
        reading = await open_source(f"{catalogue.origin}{path}")
        await reading.read()
        titles += await reading.list_published()

    assert len(titles) == 3
    assert {"Jardins", "Gares"} < set(titles)


async def test_another_source_takes_over_what_leaves_the_first_at_the_same_address(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second, id_ = await read_both(
        catalogue, open_source, dataset(), dataset("Bancs publics")
    )
    put(catalogue, TOWN, dataset("Jardins", "j-1"))

    await first.read()
    await first.read()
    between = await load(first, id_)
    run = await second.read()

    assert (between.state, between.node_id) == (
        DatasetState.PUBLISHED,
        second.source_id,
    )
    assert (run.updated, run.created) == (1, 0)
    assert await second.list_published() == {"Bancs publics": id_}
    assert (await load(first, id_)).other_origins == []
    assert between.harvester_id == second.producer
    assert await first.list_published() == {
        "Jardins": (await first.list_published())["Jardins"]
    }
    last = await second.read()
    assert (last.unchanged, last.missing) == (1, 0)

    put(catalogue, TOWN, dataset("Jardins", "j-1"), dataset())
    await first.read()
    assert await second.list_published() == {"Bancs publics": id_}
    [other] = (await load(first, id_)).other_origins
    assert other["source"] == str(first.source_id)

    put(catalogue, REGION, dataset("Gares", "g-1"))
    await second.read()
    await second.read()
    await first.read()
    assert set(await second.list_published()) == {"Gares"}
    assert (await first.list_published())["Bancs"] == id_


async def test_a_source_that_is_closed_leaves_its_shared_datasets_to_the_other(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second, id_ = await read_both(
        catalogue, open_source, dataset(), dataset("Bancs publics")
    )
    async with first.database.session(first.territory.id) as session:
        source = await session.get_one(
            CatalogueSource, (first.territory.id, first.source_id)
        )
        await close_source(session, team(first.territory), source, withdraw=True)
    while await harvest_next_source(first.workspace):
        pass

    assert (await first.source()).state == SourceState.CLOSED
    assert await second.list_published() == {"Bancs publics": id_}


@pytest.mark.thorough
async def test_a_source_that_gets_a_dataset_is_read_whole_for_its_description(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second, _ = await read_both(
        catalogue, open_source, dataset(), dataset("Bancs publics")
    )
    before = (await second.source()).whole_read_at
    async with first.database.session(first.territory.id) as session:
        source = await session.get_one(
            CatalogueSource, (first.territory.id, first.source_id)
        )
        await close_source(session, team(first.territory), source, withdraw=True)
    await first.change(next_at=now() - timedelta(days=1))
    assert await harvest_next_source(first.workspace)

    after = await second.source()
    assert before is not None
    assert after.whole_read_at is None
    assert after.next_at is not None
    assert after.next_at <= now()


@pytest.mark.thorough
async def test_what_a_closed_source_left_is_read_in_the_other_from_then_on(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second, id_ = await read_both(
        catalogue, open_source, dataset(), dataset("Bancs publics")
    )
    async with first.database.session(first.territory.id) as session:
        source = await session.get_one(
            CatalogueSource, (first.territory.id, first.source_id)
        )
        await close_source(session, team(first.territory), source, withdraw=False)

    run = await second.read()

    assert (run.updated, run.created) == (1, 0)
    assert await second.list_published() == {"Bancs publics": id_}
    assert (await load(first, id_)).other_origins == []
    assert (await load(first, id_)).harvester_id == second.producer


@pytest.mark.thorough
async def test_who_reads_a_dataset_is_noted_where_its_record_is_as_before(
    catalogue: Catalogue, open_source: Open
) -> None:
    put(catalogue, TOWN, dataset())
    reading = await open_source(f"{catalogue.origin}{TOWN}")
    await reading.read()
    [id_] = (await reading.list_published()).values()
    async with reading.database.session(reading.territory.id) as session:
        await session.execute(update(Dataset).values(harvester_id=None))
        await session.execute(update(SourceRecord).values(digest=""))

    await reading.read()

    assert (await load(reading, id_)).harvester_id == reading.producer


async def join_publisher(reading: Reading) -> UUID:
    """The organisation that the dataset of a source stands under gets people of its own."""
    async with reading.database.session(reading.territory.id) as session:
        [organisation] = await session.scalars(
            select(Organisation).where(Organisation.unclaimed)
        )
        organisation.unclaimed = False
        return organisation.id


async def confirm_publisher(reading: Reading) -> None:
    async with reading.database.session(reading.territory.id) as session:
        source = await session.get_one(
            CatalogueSource, (reading.territory.id, reading.source_id)
        )
        row = await get_publisher(session, source.id, "ville d exemple")
        actor = team(reading.territory)
        await answer_proposal(session, actor, source, row, confirmed=True)


@by_depth("is_confirmed", [True, False], by_default={1})
@by_depth("way", ["leaves", "closed", "closed and withdrawn"], by_default=[0])
async def test_what_stands_under_an_organisation_that_joined_goes_only_where_it_stays_so(
    catalogue: Catalogue, open_source: Open, way: str, *, is_confirmed: bool
) -> None:
    first, second, id_ = await read_both(
        catalogue, open_source, dataset(), dataset("Bancs publics")
    )
    joined = await join_publisher(first)
    await confirm_publisher(first)
    if is_confirmed:
        await confirm_publisher(second)

    await leave(catalogue, first, way)
    await second.read()

    stored = await load(first, id_)
    assert stored.organisation_id == joined
    assert (stored.node_id == second.source_id) is is_confirmed
    is_shown = is_confirmed or way == "closed"
    assert (stored.state == DatasetState.PUBLISHED) is is_shown


async def leave(catalogue: Catalogue, reading: Reading, way: str) -> None:
    """A dataset is in its source no more, or the source is read no more."""
    if way == "leaves":
        put(catalogue, TOWN, dataset("Jardins", "j-1"))
        await reading.read()
        await reading.read()
        return
    async with reading.database.session(reading.territory.id) as session:
        source = await session.get_one(
            CatalogueSource, (reading.territory.id, reading.source_id)
        )
        is_withdrawn = way == "closed and withdrawn"
        actor = team(reading.territory)
        await close_source(session, actor, source, withdraw=is_withdrawn)
    while await harvest_next_source(reading.workspace):
        pass


@pytest.mark.thorough
async def test_a_second_record_of_a_dataset_that_was_taken_over_is_refused_by_name(
    catalogue: Catalogue, open_source: Open
) -> None:
    by_page = dataset("Bancs, copie", "copy", landingPage=PAGE)
    first, second, id_ = await read_both(
        catalogue, open_source, dataset(landingPage=PAGE), by_page
    )
    put(catalogue, REGION, dataset("Bancs publics"), by_page)
    await second.read()
    assert len((await load(first, id_)).other_origins) == 2

    put(catalogue, TOWN, dataset("Jardins", "j-1"))
    await first.read()
    await first.read()
    runs = [await second.read(), await second.read()]

    assert [(run.refused, run.created) for run in runs] == [(1, 0), (1, 0)]
    assert list((await second.list_published()).values()) == [id_]


@pytest.mark.thorough
async def test_a_source_that_no_longer_has_a_dataset_is_named_no_more(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second, id_ = await read_both(catalogue, open_source, dataset(), dataset())
    put(catalogue, REGION, dataset("Gares", "g-1"))

    await second.read()

    assert (await load(first, id_)).other_origins == []
    assert set(await second.list_published()) == {"Gares"}


@by_depth("withdraw", [True, False], by_default=[0])
async def test_a_closed_source_is_named_no_more(
    catalogue: Catalogue, open_source: Open, *, withdraw: bool
) -> None:
    first, second, id_ = await read_both(catalogue, open_source, dataset(), dataset())
    async with second.database.session(second.territory.id) as session:
        source = await session.get_one(
            CatalogueSource, (second.territory.id, second.source_id)
        )
        await close_source(session, team(second.territory), source, withdraw=withdraw)
    while await harvest_next_source(second.workspace):
        pass

    assert (await load(first, id_)).other_origins == []
    assert await first.list_published() == {"Bancs": id_}


@pytest.mark.thorough
async def test_the_nearer_source_of_one_producer_takes_a_dataset_over(
    catalogue: Catalogue, open_source: Open
) -> None:
    near = dataset("Bancs publics", landingPage=f"{catalogue.origin}/data/benches")
    put(catalogue, TOWN, near)
    put(catalogue, REGION, dataset())
    region = await open_source(f"{catalogue.origin}{REGION}")
    await region.read()
    [id_] = (await region.list_published()).values()
    stranger = await open_source(f"{catalogue.origin}{TOWN}")
    await stranger.read()
    assert await stranger.list_published() == {}

    town = await open_another(region, f"{catalogue.origin}{TOWN}?of=region")
    await town.read()
    await region.read()
    await town.read()

    assert await town.list_published() == {"Bancs publics": id_}
    others = (await load(town, id_)).other_origins
    assert {other["source"] for other in others} == {
        str(region.source_id),
        str(stranger.source_id),
    }
    assert await town.count_events("dataset.origin_changed") == 1


async def test_a_record_that_is_refused_takes_nothing_over(
    catalogue: Catalogue, open_source: Open
) -> None:
    near = dataset(
        "Bancs publics", landingPage=f"{catalogue.origin}/data/benches", publisher={}
    )
    put(catalogue, TOWN, near)
    put(catalogue, REGION, dataset(publisher={}))
    region = await open_source(f"{catalogue.origin}{REGION}")
    await region.read()
    before = await region.list_published()
    town = await open_source(f"{catalogue.origin}{TOWN}")
    await town.change(organisation_id=region.producer)

    run = await town.read()
    again = await town.read()

    assert (run.refused, again.refused) == (1, 1)
    assert await region.list_published() == before
    assert await town.count_events("dataset.origin_changed") == 0


async def open_another(reading: Reading, address: str) -> Reading:
    """Another source of the producer of one."""
    async with reading.database.session(reading.territory.id) as session:
        producer = await session.get_one(
            Organisation, (reading.territory.id, reading.producer)
        )
        source = await register_source(
            session,
            team(reading.territory),
            producer,
            address=address,
            rhythm="daily",
            language="fr",
        )
    return replace(reading, source_id=source.id)


async def test_a_push_of_a_node_stays_and_a_source_of_its_producer_is_named_beside(
    catalogue: Catalogue, open_source: Open
) -> None:
    near = dataset(landingPage=f"{catalogue.origin}/data/benches")
    put(catalogue, REGION, near, dataset("Gares", "g-1"))
    reading = await open_source(f"{catalogue.origin}{REGION}")
    producer = {"organization_id": str(reading.producer), "organization_name": "Ville"}
    pushed = read_record(document(0, local_id=IDENTIFIER, producer=producer))
    node = uuid4()
    async with reading.database.session(reading.territory.id) as session:
        await store_dataset(session, pushed, node_id=node)

    await reading.read()
    await reading.read()

    stored = await load(reading, pushed.id)
    assert (stored.node_id, len(stored.other_origins)) == (node, 1)
    assert set(await reading.list_published()) == {"Gares"}


async def test_nothing_of_another_territory_is_matched(
    catalogue: Catalogue, open_source: Open, other: Territory
) -> None:
    put(catalogue, TOWN, dataset())
    reading = await open_source(f"{catalogue.origin}{TOWN}")
    organisation = uuid4()
    async with reading.database.session(other.id) as session:
        await apply_organisation(
            session,
            id=organisation,
            slug="neighbour",
            name="Ville voisine",
            summary={},
            email="data@neighbour.example",
        )
        producer = {"organization_id": str(organisation), "organization_name": "Ville"}
        theirs = read_record(document(0, local_id=IDENTIFIER, producer=producer))
        await store_dataset(session, theirs, node_id=uuid4())

    await reading.read()

    assert set(await reading.list_published()) == {"Bancs"}
    async with reading.database.session(other.id) as session:
        untouched = await session.get_one(Dataset, (other.id, theirs.id))
        assert untouched.other_origins == []


async def test_what_the_team_withdrew_comes_back_by_no_other_source(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second, id_ = await read_both(catalogue, open_source, dataset(), dataset())
    async with first.database.session(first.territory.id) as session:
        await withdraw_dataset_for_team(
            session,
            team(first.territory),
            await session.get_one(Dataset, (first.territory.id, id_)),
            reason="Personal data",
        )

    await second.read()
    await first.read()

    assert await second.list_published() == {}
    assert (await load(first, id_)).state == DatasetState.WITHDRAWN


@pytest.mark.thorough
async def test_the_page_the_api_and_dcat_name_the_other_place(
    catalogue: Catalogue, open_source: Open, portal_app: Litestar, demo: Territory
) -> None:
    _, _, id_ = await read_both(
        catalogue,
        open_source,
        dataset(identifier="b-1", landingPage=PAGE),
        dataset(identifier="r-9", landingPage=PAGE),
    )
    site = catalogue.origin.removeprefix("http://")

    async with browse(portal_app, demo) as client:
        page = await client.get(
            f"/data/{id_}", headers={"Accept-Language": "en"}, follow_redirects=True
        )
        item = (await client.get(f"/api/v1/datasets/{id_}")).json()
        turtle = (await client.get("/catalog.ttl")).text

    assert "Also at" in page.text
    assert f'<a href="{PAGE}">{site}</a>' in page.text
    [other] = item["other_origins"]
    assert (other["site"], other["url"], other["identifier"]) == (site, PAGE, "r-9")
    assert "#origin-1" in turtle
    assert '"r-9"' in turtle
