"""A hundred questions put to real catalogues: what a person would expect stands among the first three answers.

`queries.tsv` was written by reading the titles, not the answers. The score is printed, with the questions missed.
"""

import csv
import sys
import uuid
from pathlib import Path

import pytest

from tests.portal.catalogue.catalogues import LIBRARY, Read, as_record, read_catalogues
from tests.portal.catalogue.corpus import NODE, Catalogue
from tests.portal.catalogue.test_questions import Searcher
from udi.kit.db import Database
from udi.portal.catalogue.actions import DatasetOrigin, store_datasets
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.catalogue.search.index import SearchIndexes
from udi.portal.organisations.actions import apply_organisation
from udi.protocol.record import Record, read_record

QUESTIONS = Path(__file__).with_name("queries.tsv")
FIRST = 3
LEAST_SCORE = 90
FEWEST = 1000


def read_questions() -> list[tuple[str, set[str]]]:
    with QUESTIONS.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    return [(question, set(titles.split(" | "))) for question, _, titles in rows]


async def publish(catalogue: Catalogue, reads: list[Read]) -> set[str]:
    """Publish them all at once, each under its publisher, as a harvest does; their titles."""
    records: dict[uuid.UUID, Record] = {}
    producers: set[uuid.UUID] = set()
    async with catalogue.database.session(catalogue.territory.id) as session:
        for read in reads:
            producer = uuid.uuid5(LIBRARY, f"{catalogue.territory.id}/{read.publisher}")
            record = read_record(as_record(read, producer))
            if producer not in producers:
                producers.add(producer)
                await apply_organisation(
                    session,
                    id=producer,
                    slug=str(producer),
                    name=record.producer.name,
                    summary={},
                    email="",
                )
            records[record.id] = record
        await store_datasets(
            session, [*records.values()], {}, origin=DatasetOrigin(NODE)
        )
    return {record.title for record in records.values()}


@pytest.fixture
async def titles(armor: Catalogue, feed: SearchFeed, shared_data: Path) -> set[str]:
    published = await publish(armor, read_catalogues(shared_data / "data/catalogues"))
    await feed.run_once()
    return published


@pytest.mark.thorough
async def test_a_hundred_questions_find_what_a_person_expects(
    titles: set[str],
    armor: Catalogue,
    portal_database: Database,
    indexes: SearchIndexes,
) -> None:
    search = Searcher(portal_database, indexes, armor.territory.id)
    questions = read_questions()

    missed = {}
    for question, expected in questions:
        result_titles = [line.title for line in (await search(question)).lines]
        if not expected & set(result_titles[:FIRST]):
            missed[question] = next(
                (at + 1 for at, title in enumerate(result_titles) if title in expected),
                None,
            )
    score = len(questions) - len(missed)
    sys.stderr.write(
        f"\n{score} of {len(questions)} among the first {FIRST}; missed, with their place: {missed}\n"
    )

    assert len(titles) >= FEWEST
    assert {title for _, expected in questions for title in expected} <= titles, (
        "each title is one of the catalogues"
    )
    assert len(questions) == len({question for question, _ in questions}) == 100
    assert score >= LEAST_SCORE, missed
