"""What people type, and what they should find first; counts beside them are those of the database."""

import json
import uuid
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.portal.catalogue.corpus import NODE, TABLE, Catalogue
from udi.kit.db import Database
from udi.portal.catalogue.actions import slug_of, store_dataset
from udi.portal.catalogue.queries import (
    SearchPage,
    list_relaxed_searches,
    search_datasets,
)
from udi.portal.catalogue.search.criteria import Criteria
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.catalogue.search.index import SearchIndexes
from udi.portal.organisations.actions import apply_organisation
from udi.protocol.record import read_record
from udi.protocol.upgrade import upgrade_record
from udi.protocol.validation import validate

(
    AIR,
    BIKES,
    ELECTIONS,
    MENUS,
    TREES,
    SCOOTERS,
    BUSES,
    POWER,
    BUDGET,
    CENSUS,
    PLAN,
    SCHOOLS,
) = (line[0] for line in TABLE)
FIRST = {
    "qualité de l'air": AIR, "qualite de l’air": AIR, "QUALITÉ AIR": AIR, "air quality": AIR, "nitrogen particles": AIR,
    "pollutions": AIR, "velos": BIKES, "Vélos": BIKES, "piste cyclable": BIKES, "cycle lane": BIKES, "bicycle": BIKES,
    "élections": ELECTIONS, "election municipale": ELECTIONS, "resultats elections 2026": ELECTIONS,
    "bureaux de vote": ELECTIONS, "cantine": MENUS, "repas des écoles": MENUS, "menu cantines": MENUS, "school meal": MENUS,
    "arbre": TREES, "alignements d'arbres": TREES, "street tree": TREES, "trottinette": SCOOTERS, "trotinette": SCOOTERS,
    "libre service": SCOOTERS, "horaire bus": BUSES, "gtfs": BUSES, "electricite": POWER,
    "consommation electrique ilots": POWER, "budjet": BUDGET, "budgets": BUDGET, "recencement": CENSUS, "census": CENSUS,
    "saint elvin": PLAN, "Saint-Elvin": PLAN, "plan local d'urbanisme": PLAN, "urban": PLAN, "publiée": SCHOOLS,
    "effectif": SCHOOLS, "réseau goéland": BUSES, "inondatoin": None, "2027": None, "xylophone": None,
}  # fmt: skip
FIRST_IN_RENNES = {
    "subventions": "ubvention", "meteo": "", "mariage": "Mariages",
    "adresses": "Adresses du référentiel", "stationnement": "", "mobilites professionelles": "Mobilités professionnelles",
}  # fmt: skip
COUNTS = {
    "theme": "theme", "access": "access", "licence": "licence", "format": "unnest(formats)",
    "producer": "(SELECT slug FROM app.organisation o WHERE o.tenant_id = d.tenant_id AND o.id = organisation_id)",
}  # fmt: skip


class Searcher:
    """Asks the catalogue of one territory as a passer-by does."""

    def __init__(
        self, database: Database, indexes: SearchIndexes, tenant: uuid.UUID
    ) -> None:
        self.database = database
        self.indexes = indexes
        self.tenant = tenant

    async def __call__(
        self, words: str = "", **filters: tuple[str, ...] | str | int
    ) -> SearchPage:
        criteria = Criteria(words, **filters)  # type: ignore[arg-type]
        async with self.database.session(self.tenant, role="public") as session:
            return await search_datasets(session, self.indexes, self.tenant, criteria)

    async def count(self, name: str, condition: str = "true") -> dict[str, int]:
        """How many datasets have each value of a filter, by SQL."""
        query = f"SELECT {COUNTS[name]} AS value, count(*) FROM app.dataset d WHERE {condition} GROUP BY 1"
        async with self.database.session(self.tenant, role="public") as session:
            return {row[0]: row[1] for row in await session.execute(text(query))}


@pytest.fixture
async def search(
    armor: Catalogue,
    feed: SearchFeed,
    portal_database: Database,
    indexes: SearchIndexes,
) -> Searcher:
    await armor.add_all()
    await feed.run_once()
    return Searcher(portal_database, indexes, armor.territory.id)


async def test_each_question_finds_what_it_should_first(search: Searcher) -> None:
    titles_by_question = {
        question: [line.title for line in (await search(question)).lines][:1]
        for question in FIRST
    }

    assert {
        question: titles
        for question, titles in titles_by_question.items()
        if titles != [t for t in [FIRST[question]] if t]
    } == {}


async def test_counts_are_those_of_the_database(search: Searcher) -> None:
    everything = await search()
    filtered = await search(theme=("environment", "transportation"), access=("public",))
    condition = "theme IN ('environment', 'transportation') AND access = 'public'"

    for name in COUNTS:
        assert everything.facets[name] == await search.count(name)
    for name in ("producer", "format", "licence"):
        assert filtered.facets[name] == await search.count(name, condition)
    assert filtered.facets["theme"] == await search.count("theme", "access = 'public'")
    assert (
        filtered.total
        == len(filtered.lines)
        == sum((await search.count("access", condition)).values())
    )


async def test_each_order_is_kept(search: Searcher) -> None:
    newest = [line.modified_at for line in (await search()).lines]
    titles = [slug_of(line.title) for line in (await search(sort="title")).lines]

    assert newest == sorted(newest, reverse=True)
    assert titles == sorted(titles)


async def test_past_the_last_page_comes_the_last_one(search: Searcher) -> None:
    last = await search(size=5, page=99)

    assert (last.criteria.page, last.last, len(last.lines)) == (3, 3, 2)


async def test_what_less_would_find_is_counted(search: Searcher) -> None:
    page = await search("velos cantine", theme=("housing",), access=("public",))
    less = list_relaxed_searches(
        search.indexes.find(search.tenant), await search("arbres", theme=("housing",))
    )

    reader = search.indexes.find(search.tenant)
    assert list_relaxed_searches(reader, page) == []
    assert [(name, value, count) for name, value, count, _ in less] == [
        ("theme", "housing", 1)
    ]
    for _, _, count, fewer in less:
        assert (await search(fewer.text, **fewer.filters)).total == count


@pytest.fixture
async def rennes(
    armor: Catalogue,
    feed: SearchFeed,
    portal_database: Database,
    indexes: SearchIndexes,
    shared_data: Path,
) -> Searcher:
    """The real records that a node may send once what is old in them is translated: 54 of 60 say where their data are."""
    source = shared_data / "reference/rudi-samples/20-datarennes-extract.json"
    producer_ids: set[uuid.UUID] = set()
    async with portal_database.session(armor.territory.id) as session:
        for document in json.loads(source.read_text()):
            upgraded = upgrade_record(document)
            if validate(upgraded):
                continue
            record = read_record(upgraded)
            if record.producer.id not in producer_ids:
                producer_ids.add(record.producer.id)
                await apply_organisation(
                    session, id=record.producer.id, slug=str(record.producer.id), name=record.producer.name, summary={}, email=""
                )  # fmt: skip
            await store_dataset(session, record, node_id=NODE)
    await feed.run_once()
    return Searcher(portal_database, indexes, armor.territory.id)


@pytest.mark.thorough
async def test_the_records_of_rennes_are_found(rennes: Searcher) -> None:
    everything = await rennes(size=100)
    lines_by_question = {
        question: (await rennes(question)).lines for question in FIRST_IN_RENNES
    }

    assert everything.total == len(everything.lines) == 54
    for name in COUNTS:
        assert everything.facets[name] == await rennes.count(name)
    for question, lines in lines_by_question.items():
        assert lines, question
        assert FIRST_IN_RENNES[question] in lines[0].title, (
            question,
            [line.title for line in lines],
        )
