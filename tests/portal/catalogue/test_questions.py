"""What people type, and what they should find first."""

from collections.abc import Sequence

import pytest

from tests.portal.catalogue.corpus import TABLE, Catalogue
from udi.kit.db import Database
from udi.portal.catalogue.queries import SearchPage, search_datasets
from udi.portal.catalogue.search.criteria import Criteria
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.catalogue.search.index import SearchIndexes

AIR, BIKES, ELECTIONS, MENUS, TREES, SCOOTERS, BUSES, POWER, BUDGET, CENSUS, PLAN, SCHOOLS = (line[0] for line in TABLE)
FIRST = [
    ("qualité de l'air", AIR),
    ("qualite de l’air", AIR),
    ("QUALITÉ AIR", AIR),
    ("air quality", AIR),
    ("nitrogen particles", AIR),
    ("pollutions", AIR),
    ("velos", BIKES),
    ("Vélos", BIKES),
    ("piste cyclable", BIKES),
    ("cycle lane", BIKES),
    ("bicycle", BIKES),
    ("élections", ELECTIONS),
    ("election municipale", ELECTIONS),
    ("resultats elections 2026", ELECTIONS),
    ("bureaux de vote", ELECTIONS),
    ("cantine", MENUS),
    ("repas des écoles", MENUS),
    ("menu cantines", MENUS),
    ("school meal", MENUS),
    ("arbre", TREES),
    ("alignements d'arbres", TREES),
    ("street tree", TREES),
    ("trottinette", SCOOTERS),
    ("trotinette", SCOOTERS),
    ("libre service", SCOOTERS),
    ("horaire bus", BUSES),
    ("gtfs", BUSES),
    ("electricite", POWER),
    ("consommation electrique ilots", POWER),
    ("budjet", BUDGET),
    ("budgets", BUDGET),
    ("recencement", CENSUS),
    ("census", CENSUS),
    ("saint elvin", PLAN),
    ("Saint-Elvin", PLAN),
    ("plan local d'urbanisme", PLAN),
    ("urban", PLAN),
    ("publiée", SCHOOLS),
    ("effectif", SCHOOLS),
    ("réseau goéland", BUSES),
    ("inondatoin", None),
    ("2027", None),
    ("xylophone", None),
]
FORMATS = ["CSV", "GTFS", "GeoJSON", "JSON"]


class Searcher:
    def __init__(self, database: Database, indexes: SearchIndexes, catalogue: Catalogue) -> None:
        self._database, self.indexes, self.tenant = database, indexes, catalogue.territory.id

    async def __call__(self, words: str = "", **filters: Sequence[str] | str | int) -> SearchPage:
        criteria = Criteria(words, **filters)  # type: ignore[arg-type]
        async with self._database.session(self.tenant, role="public") as session:
            return await search_datasets(session, self.indexes, self.tenant, criteria)


@pytest.fixture
async def search(armor: Catalogue, feed: SearchFeed, portal_database: Database, indexes: SearchIndexes) -> Searcher:
    await armor.add_all()
    await feed.step()
    return Searcher(portal_database, indexes, armor)


async def test_each_question_finds_what_it_should_first(search: Searcher) -> None:
    found = {question: [line.title for line in (await search(question)).lines][:1] for question, _ in FIRST}

    assert {question: titles for question, titles in found.items() if titles != _wanted(question)} == {}


def _wanted(question: str) -> list[str]:
    title = dict(FIRST)[question]
    return [title] if title else []
