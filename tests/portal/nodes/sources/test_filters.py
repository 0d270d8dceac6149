"""A source is read for some of its datasets only: what filters take, what they leave out, and what a preview says before."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import select

from tests.portal.nodes.elsewhere import Answer, Catalogue
from tests.portal.nodes.sources.conftest import Open, Reading, packages, team
from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError
from udi.portal.nodes.harvest.facets import RecordFacets
from udi.portal.nodes.sources.actions import (
    change_filters,
    close_source,
    pause_source,
)
from udi.portal.nodes.sources.filter_preview import (
    FilterPreview,
    MetRecords,
    PreviewBasis,
    find_met_records,
    preview_filters,
)
from udi.portal.nodes.sources.filters import (
    FilterMatcher,
    SourceFilters,
    count_taken,
    list_values,
    parse_filters,
    read_row,
)
from udi.portal.nodes.sources.models import CatalogueSource, SourceAction

FACETS = RecordFacets(
    identifier="1",
    title="Arbres",
    publishers=("Ville d’Exemple", "21350238800019"),
    keywords=("Arbre", "nature"),
    themes=("ENVI",),
    formats=("CSV", "GEOJSON"),
    box=(-1.75, 48.05, -1.6, 48.15),
)


class Towns:
    """A CKAN of two towns; every third dataset is of the second."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.second = "Ville Deux"

    def __call__(self, path: str, parameters: dict[str, str]) -> Answer | None:
        if path != "/api/3/action/package_search" or "fq" in parameters:
            return None
        names = [f"jeu-{place:03}" for place in range(self.number)]
        answer = packages(names, start=int(parameters.get("start", 0)), rows=100)
        results: list[dict[str, Any]] = answer["result"]["results"]
        for package in results:
            if int(package["id"][4:]) % 3 == 0:
                package["organization"] = {"title": self.second}
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()


async def choose(reading: Reading, filters: SourceFilters) -> None:
    async with reading.database.session(reading.territory.id) as session:
        source = await load(session, reading)
        await change_filters(session, team(reading.territory), source, filters)


async def load(session: Any, reading: Reading) -> CatalogueSource:
    query = select(CatalogueSource).where(CatalogueSource.id == reading.source_id)
    source: CatalogueSource = (await session.scalars(query)).one()
    return source


async def preview(reading: Reading, filters: SourceFilters) -> FilterPreview:
    async with reading.database.session(reading.territory.id) as session:
        source = await load(session, reading)
        met = await find_met_records(session, source)
        assert met
        return await preview_filters(session, source, filters, met)


@pytest.mark.parametrize(
    ("filters", "refusing"),
    [
        (SourceFilters(), []),
        (SourceFilters(publishers=["ville d’exemple"]), []),
        (SourceFilters(publishers=["21350238800019"]), []),
        (SourceFilters(publishers=["Ville Deux"]), ["publishers"]),
        (SourceFilters(keywords=["arbre", "eau"]), []),
        (SourceFilters(keywords=["eau"], themes=["ENVI"]), ["keywords"]),
        (SourceFilters(keywords=["eau"], themes=["TRAN"]), ["keywords", "themes"]),
        (SourceFilters(formats=["csv"]), []),
        (SourceFilters(formats=["PDF"]), ["formats"]),
        (SourceFilters(box=[-2, 48, -1.7, 49]), []),
        (SourceFilters(box=[2, 48, 3, 49]), ["box"]),
        (SourceFilters(box=[-2, 49, -1, 50]), ["box"]),
    ],
)
def test_refusing_by_the_table_of_filters(
    filters: SourceFilters, refusing: list[str]
) -> None:
    assert FilterMatcher(filters).refusing(FACETS) == refusing


def test_a_record_without_a_place_is_outside_every_area() -> None:
    placeless = RecordFacets(identifier="2", title="Budget")

    assert FilterMatcher(SourceFilters(box=[-2, 48, -1, 49])).refusing(placeless) == [
        "box"
    ]
    assert FilterMatcher(SourceFilters()).takes(placeless)


@given(some.lists(some.sampled_from(["a", "B", "c"]), max_size=3))
def test_count_taken_counts_each_record_once(words: list[str]) -> None:
    records = [
        RecordFacets(identifier=str(place), title="x", keywords=(word,))
        for place, word in enumerate("abc")
    ]

    count = count_taken(SourceFilters(keywords=words), records)

    assert count.total == 3
    assert count.taken + count.left_out_by.get("keywords", 0) == 3
    chosen = {word.lower() for word in words} if words else {"a", "b", "c"}
    assert count.taken == len(chosen)


def test_list_values_gives_the_most_frequent_first() -> None:
    records = [
        FACETS,
        RecordFacets(identifier="2", title="x", keywords=("NATURE",), formats=("CSV",)),
    ]

    values = list_values(records, limit=2)

    assert values["keywords"] == [("nature", 2), ("Arbre", 1)]
    assert values["formats"][0] == ("CSV", 2)
    assert values["publishers"] == [("Ville d’Exemple", 1)]


def test_parse_filters_knows_themes_by_their_names() -> None:
    filters = parse_filters(
        {"themes": ["Transports", "TRAN", " "], "keywords": ["Eau", "eau"]},
        "-1.8, 48, -1.6; 48.2",
    )

    assert (filters.themes, filters.keywords) == (["TRAN"], ["Eau"])
    assert filters.box == [-1.8, 48, -1.6, 48.2]
    assert read_row(filters.to_row()) == filters


def test_parse_filters_replaces_what_no_database_holds() -> None:
    filters = parse_filters({"keywords": ["a\x00", "\ufeffeau", "\ufeff"]}, None)

    assert filters.keywords == ["a\N{REPLACEMENT CHARACTER}", "eau"]


@pytest.mark.parametrize(
    "box",
    [
        "1,2,3",
        "a,b,c,d",
        "3,48,2,49",
        "0,48,1,91",
        "0,nan,1,2",
        [None, 1, 2, 3],
        [10**400, 2, 3, 4],
    ],
)
def test_parse_filters_refuses_an_area_that_is_none(box: Any) -> None:
    with pytest.raises(InvalidError) as caught:
        parse_filters({}, box)

    assert [refusal.field for refusal in caught.value.refusals] == ["box"]


def test_parse_filters_refuses_too_many_values() -> None:
    with pytest.raises(InvalidError) as caught:
        parse_filters({"keywords": [str(number) for number in range(51)]}, None)

    assert [refusal.field for refusal in caught.value.refusals] == ["keywords"]


async def test_what_filters_leave_out_is_never_published(
    catalogue: Catalogue, open_source: Open
) -> None:
    catalogue.live = Towns(30)
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await choose(reading, SourceFilters(publishers=["Ville Deux"]))

    run = await reading.read()

    assert (run.outcome, run.total, run.created, run.filtered) == (
        "complete", 10, 10, 20,
    )  # fmt: skip
    assert len(await reading.list_published()) == 10
    async with reading.database.session(reading.territory.id) as session:
        named = select(SourceAction.title).where(
            SourceAction.run_id == run.id, SourceAction.action == "filtered"
        )
        assert len((await session.scalars(named)).all()) == 20


async def test_new_filters_withdraw_at_once_what_they_leave_out_and_nothing_else(
    catalogue: Catalogue, open_source: Open
) -> None:
    site = Towns(30)
    catalogue.live = site
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await reading.read()
    before = await reading.list_published()
    filters = SourceFilters(publishers=["Ville Deux"])
    foretold = await preview(reading, filters)
    await choose(reading, filters)
    site.number = 29

    run = await reading.read()
    left = await reading.list_published()
    await choose(reading, SourceFilters())
    back = await reading.read()

    assert (foretold.met.basis, foretold.count.taken) == (PreviewBasis.READING, 10)
    assert (foretold.count.total, foretold.withdrawn) == (30, 20)
    assert (run.outcome, run.withdrawn, run.filtered) == ("complete", 19, 19)
    assert (run.missing, len(left)) == (1, 11)
    assert set(left.items()) < set(before.items())
    assert (back.created, back.withdrawn) == (19, 1)
    assert set((await reading.list_published()).items()) < set(before.items())


@pytest.mark.thorough
async def test_what_leaves_the_filters_by_itself_is_asked_about_where_it_is_much(
    catalogue: Catalogue, open_source: Open
) -> None:
    site = Towns(30)
    catalogue.live = site
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await choose(reading, SourceFilters(publishers=["Ville Deux"]))
    await reading.read()
    site.second = "Commune Deux"

    run = await reading.read()

    assert (run.outcome, run.missing, run.withdrawn) == ("vanished", 10, 0)
    assert len(await reading.list_published()) == 10


async def test_new_filters_ask_before_what_the_former_ones_left_out_goes(
    catalogue: Catalogue, open_source: Open
) -> None:
    site = Towns(30)
    catalogue.live = site
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await choose(reading, SourceFilters(publishers=["Ville Deux"]))
    await reading.read()
    site.second = "Commune Deux"
    await reading.read()
    await choose(reading, SourceFilters(publishers=["Commune Deux"]))
    site.number = 0

    run = await reading.read()

    assert (run.outcome, run.withdrawn) == ("vanished", 0)
    assert len(await reading.list_published()) == 10


@pytest.mark.thorough
async def test_a_preview_counts_what_was_left_out_before_too(
    catalogue: Catalogue, open_source: Open
) -> None:
    catalogue.live = Towns(30)
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await choose(reading, SourceFilters(publishers=["Ville Deux"]))
    await reading.read()

    all_again = await preview(reading, SourceFilters())
    none = await preview(reading, SourceFilters(keywords=["rien"]))

    assert (all_again.count.taken, all_again.withdrawn) == (30, 0)
    assert (none.count.taken, none.count.left_out_by, none.withdrawn) == (
        0, {"keywords": 30}, 10,
    )  # fmt: skip


@pytest.mark.thorough
async def test_a_preview_of_a_first_page_withdraws_nothing_that_it_did_not_see(
    catalogue: Catalogue, open_source: Open
) -> None:
    catalogue.live = Towns(6)
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await reading.read()
    met = MetRecords(PreviewBasis.FIRST_PAGE, now(), (FACETS,), 6)
    async with reading.database.session(reading.territory.id) as session:
        source = await load(session, reading)
        page_preview = await preview_filters(
            session, source, SourceFilters(keywords=["x"]), met
        )

    assert (
        page_preview.count.total,
        page_preview.count.taken,
        page_preview.withdrawn,
    ) == (1, 0, 0)


@pytest.mark.thorough
async def test_filters_of_a_paused_source_wait_and_those_of_a_closed_one_are_refused(
    catalogue: Catalogue, open_source: Open
) -> None:
    catalogue.live = Towns(6)
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await reading.read()
    async with reading.database.session(reading.territory.id) as session:
        source = await load(session, reading)
        await pause_source(session, team(reading.territory), source)
    await choose(reading, SourceFilters(keywords=["eau"]))
    paused = await reading.source()
    async with reading.database.session(reading.territory.id) as session:
        source = await load(session, reading)
        await close_source(session, team(reading.territory), source, withdraw=False)

    with pytest.raises(ConflictError):
        await choose(reading, SourceFilters())

    assert (paused.state, paused.next_at) == ("paused", None)
    assert await reading.count_events("source.filters_changed") == 1
