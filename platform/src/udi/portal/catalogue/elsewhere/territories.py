"""The other territories of this installation: each has its own index and its own rights, so each answers for itself.

Scores of two indexes cannot be compared: answers stay with their territory, the one that has most first.
"""

from collections.abc import Iterable
from uuid import UUID

from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.catalogue.elsewhere.answers import (
    FederatedDataset,
    FederatedResult,
    portable_criteria,
)
from udi.portal.catalogue.queries import search_datasets
from udi.portal.catalogue.search.criteria import Criteria
from udi.portal.catalogue.search.index import SearchIndexes
from udi.portal.catalogue.search.thesaurus import thesaurus_of
from udi.ui.locale import localise

MOST_PLACES = 50
PATH = "/data"


def list_sharing_territories(
    territories: Iterable[Territory], *, but: UUID | None = None
) -> list[Territory]:
    """Those that let others show what they have (`[search] shared`), without one of them."""
    return [
        territory
        for territory in territories
        if territory.search.get("shared") is True and territory.id != but
    ]


async def search_territories(
    database: Database,
    indexes: SearchIndexes,
    territories: Iterable[Territory],
    criteria: Criteria,
    language: str,
) -> list[FederatedResult]:
    """What each has, read as a passer-by of its own; those that have nothing are left out."""
    shared_criteria = portable_criteria(criteria)
    places = []
    for territory in territories:
        async with database.session(territory.id, role="public") as session:
            page = await search_datasets(
                session,
                indexes,
                territory.id,
                shared_criteria,
                thesaurus_of(territory.search),
            )
        if not page.prepared or not page.total:
            continue
        answers = [
            FederatedDataset(
                line.title, f"{territory.origin}{PATH}/{line.id}", line.producer_name
            )
            for line in page.lines
        ]
        url = shared_criteria.with_changes(size=Criteria().size).address(
            f"{territory.origin}{PATH}"
        )
        places.append(
            FederatedResult(
                localise(territory.name, language), url, page.total, answers
            )
        )
    return sorted(places, key=lambda place: (-place.total, place.name))[:MOST_PLACES]
