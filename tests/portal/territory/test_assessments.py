"""Assessments are of one territory, read once for each description, and bounded."""

from uuid import UUID

import pytest

from tests.portal.catalogue.corpus import Catalogue, open_catalogue
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.territory.assessments import (
    Assessments,
    DatasetAssessment,
    assess_record,
)
from udi.protocol.record import Record


@pytest.fixture
async def elsewhere(portal_database: Database, other: Territory) -> Catalogue:
    return await open_catalogue(portal_database, other)


class CountedReading:
    """Assesses records, and keeps whose they were, in order."""

    def __init__(self) -> None:
        self.identifiers: list[UUID] = []

    def __call__(self, record: Record) -> DatasetAssessment:
        self.identifiers.append(record.id)
        return assess_record(record)


async def list_titles(assessments: Assessments, catalogue: Catalogue) -> list[str]:
    """The titles that are assessed in a territory."""
    async with catalogue.database.session(catalogue.territory.id) as session:
        datasets = await assessments.list_datasets(session)
    return sorted(dataset.title for dataset in datasets)


async def test_a_description_is_read_once(armor: Catalogue) -> None:
    reading = CountedReading()
    assessments = Assessments(reading)
    first = await armor.add(0, resource_title="A")
    assert await list_titles(assessments, armor) == ["A"]
    second = await armor.add(1, resource_title="B")
    assert await list_titles(assessments, armor) == ["A", "B"]
    assert await list_titles(assessments, armor) == ["A", "B"]

    assert reading.identifiers == [first.id, second.id]


async def test_a_withdrawn_dataset_is_in_no_list(armor: Catalogue) -> None:
    assessments = Assessments()
    record = await armor.add(0, resource_title="A")
    assert await list_titles(assessments, armor) == ["A"]
    await armor.withdraw(record)

    assert await list_titles(assessments, armor) == []


async def test_a_territory_has_the_assessments_of_its_own_datasets(
    armor: Catalogue, elsewhere: Catalogue
) -> None:
    assessments = Assessments()
    await armor.add(0, resource_title="A")
    await elsewhere.add(1, resource_title="B")

    assert await list_titles(assessments, armor) == ["A"]
    assert await list_titles(assessments, elsewhere) == ["B"]
    assert await list_titles(assessments, armor) == ["A"]


async def test_what_is_too_much_to_store_is_read_again(
    armor: Catalogue, elsewhere: Catalogue
) -> None:
    reading = CountedReading()
    assessments = Assessments(reading, most_stored=1)
    first = await armor.add(0)
    second = await elsewhere.add(1)
    for catalogue in (armor, armor, elsewhere, armor):
        await list_titles(assessments, catalogue)

    assert reading.identifiers == [first.id, second.id, first.id]
