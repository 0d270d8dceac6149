"""Datasets of sources without identifiers keep their pages: read again, reordered, renamed, given an identifier at last."""

import json
from typing import Any

import pytest

from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, Reading, count_rows, team
from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError
from udi.portal.nodes.sources.actions import change_address, register_source
from udi.portal.nodes.sources.leases import (
    LeaseLostError,
    acquire_lease,
    leased_source,
)
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    SourceRecordAlias,
    SourceRun,
)
from udi.portal.nodes.sources.site_turns import SiteTurns
from udi.portal.organisations.models import Organisation

PATH = "/data.json"


def dataset(title: str, *files: str, **fields: Any) -> dict[str, Any]:
    return {
        "title": title,
        "description": f"Description de {title}.",
        "publisher": {"name": "Université d’Exemple"},
        "distribution": [
            {"downloadURL": f"https://files.example.org/{file}", "format": "CSV"}
            for file in files
        ],
        **fields,
    }


async def read(
    reading: Reading, catalogue: Catalogue, *datasets: dict[str, Any]
) -> SourceRun:
    catalogue.put(PATH, json.dumps({"dataset": datasets}).encode())
    return await reading.read()


async def test_datasets_without_identifiers_keep_their_pages_whatever_the_order(
    catalogue: Catalogue, open_source: Open
) -> None:
    reading = await open_source(f"{catalogue.origin}{PATH}")
    university = [
        *(dataset(f"Enquête {place}", f"{place}.csv") for place in range(20)),
        dataset("Lignes de bus", "bus.zip"),
        dataset("Arrêts de bus", "bus.zip"),
        dataset("Horaires"),
    ]

    first = await read(reading, catalogue, *university)
    before = await reading.list_published()
    again = await read(reading, catalogue, *reversed(university))

    assert (first.total, first.created, first.refused) == (23, 23, 0)
    assert (again.unchanged, again.missing) == (23, 0)
    assert await reading.list_published() == before
    codes = {row.code for row in await reading.faults(first)}
    assert "identifier_absent" in codes


@pytest.mark.thorough
async def test_an_identifier_that_comes_later_is_an_alias_of_the_same_dataset(
    catalogue: Catalogue, open_source: Open
) -> None:
    reading = await open_source(f"{catalogue.origin}{PATH}")
    await read(reading, catalogue, dataset("Bancs", "bancs.csv"), dataset("Horaires"))
    before = await reading.list_published()

    named = await read(
        reading,
        catalogue,
        dataset("Horaires", identifier="h-1"),
        dataset("Bancs", "bancs.csv", identifier="b-1"),
    )
    renamed = await read(
        reading,
        catalogue,
        dataset("Bancs publics", "b.csv", identifier="b-1"),
        dataset("Horaires", "h.csv", identifier="h-1"),
    )
    after = await reading.list_published()

    assert (named.created, named.updated, named.missing) == (0, 2, 0)
    assert (renamed.created, renamed.updated, renamed.missing) == (0, 2, 0)
    assert after == {
        "Bancs publics": before["Bancs"],
        "Horaires": before["Horaires"],
    }
    assert set(await reading.records()) == {"b-1", "h-1"}


@pytest.mark.thorough
async def test_a_dataset_that_has_an_identifier_is_not_taken_for_another_with_its_file(
    catalogue: Catalogue, open_source: Open
) -> None:
    reading = await open_source(f"{catalogue.origin}{PATH}")
    await read(reading, catalogue, dataset("Bancs", "bancs.csv", identifier="b-1"))

    run = await read(
        reading, catalogue, dataset("Bancs", "bancs.csv", identifier="b-2")
    )

    assert (run.created, run.missing) == (1, 1)


async def test_a_title_that_changes_and_a_file_that_moves_leave_the_page_where_it_is(
    catalogue: Catalogue, open_source: Open
) -> None:
    reading = await open_source(f"{catalogue.origin}{PATH}")
    await read(reading, catalogue, dataset("Bancs", "a.csv"))
    [id_] = (await reading.list_published()).values()

    await read(reading, catalogue, dataset("Bancs publics", "a.csv"))
    await read(reading, catalogue, dataset("Bancs publics", "b.csv"))
    last = await read(reading, catalogue, dataset("Bancs publics", "c.csv", "b.csv"))

    assert (last.updated, last.missing) == (1, 0)
    assert await reading.list_published() == {"Bancs publics": id_}


@pytest.mark.thorough
async def test_an_identifier_beside_its_own_record_without_one_is_refused_by_name(
    catalogue: Catalogue, open_source: Open
) -> None:
    reading = await open_source(f"{catalogue.origin}{PATH}")
    without = dataset("Bancs", "a.csv")
    await read(reading, catalogue, without)
    await read(reading, catalogue, {**without, "identifier": "b-1"})

    run = await read(reading, catalogue, without, {**without, "identifier": "b-1"})

    assert (run.unchanged, run.refused, run.missing) == (1, 1, 0)
    [fault] = [row for row in await reading.faults() if row.level == "refused"]
    assert fault.filled["title"] == "Bancs"
    assert len(await reading.list_published()) == 1


@pytest.mark.thorough
async def test_a_catalogue_that_moves_keeps_its_pages(
    catalogue: Catalogue, open_source: Open
) -> None:
    reading = await open_source(f"{catalogue.origin}{PATH}")
    datasets = [dataset(f"Enquête {place}", f"{place}.csv") for place in range(8)]
    await read(reading, catalogue, *datasets)
    before = await reading.list_published()
    catalogue.put(PATH, b"", status=404)
    catalogue.put("/new.json", json.dumps({"dataset": datasets}).encode())

    await move(reading, f"{catalogue.origin}/new.json")
    run = await reading.read()

    assert (run.outcome, run.unchanged, run.missing) == ("complete", 8, 0)
    assert await reading.list_published() == before
    assert (await reading.source()).entry.endswith("/new.json")
    assert await reading.count_events("source.address_changed") == 1


async def test_a_move_ends_the_reading_that_goes_on(
    catalogue: Catalogue, open_source: Open
) -> None:
    reading = await open_source(f"{catalogue.origin}{PATH}")
    catalogue.put(PATH, json.dumps({"dataset": [dataset("Bancs", "a.csv")]}).encode())
    async with reading.database.session(reading.territory.id, role="worker") as session:
        claim = await acquire_lease(session, now(), SiteTurns())
    assert claim is not None

    await move(reading, f"{catalogue.origin}/new.json")

    [run] = await reading.runs()
    source = await reading.source()
    assert (run.phase, run.outcome) == ("ended", "partial")
    assert (source.lease, source.failures, source.entry) == (None, 0, "")
    with pytest.raises(LeaseLostError):
        async with leased_source(reading.database, claim):
            pass


@pytest.mark.parametrize("state", ["closed", "closing"])
async def test_a_closed_source_does_not_move(
    catalogue: Catalogue, open_source: Open, state: str
) -> None:
    reading = await open_source(f"{catalogue.origin}{PATH}")
    await reading.change(state=state)

    with pytest.raises(ConflictError):
        await move(reading, "https://elsewhere.example.org/")


async def test_a_source_moves_neither_to_no_address_nor_onto_another(
    catalogue: Catalogue, open_source: Open
) -> None:
    reading = await open_source(f"{catalogue.origin}{PATH}")

    with pytest.raises(InvalidError):
        await move(reading, "nowhere at all")
    await move(reading, f"{catalogue.origin}{PATH}")
    assert await reading.count_events("source.address_changed") == 0
    async with reading.database.session(reading.territory.id) as session:
        producer = await session.get_one(
            Organisation, (reading.territory.id, reading.producer)
        )
        await register_source(
            session,
            team(reading.territory),
            producer,
            address="https://elsewhere.example.org/",
            rhythm="daily",
            language="fr",
        )
    with pytest.raises(ConflictError):
        await move(reading, "https://elsewhere.example.org/")


async def move(reading: Reading, address: str) -> None:
    async with reading.database.session(reading.territory.id) as session:
        source = await session.get_one(
            CatalogueSource, (reading.territory.id, reading.source_id)
        )
        producer = await session.get_one(
            Organisation, (reading.territory.id, reading.producer)
        )
        await change_address(
            session, team(reading.territory), producer, source, address
        )


async def test_sources_of_one_address_are_known_apart(
    catalogue: Catalogue, open_source: Open
) -> None:
    one = await open_source(f"{catalogue.origin}{PATH}")
    await read(one, catalogue, dataset("Bancs", "a.csv"))
    other = await open_source(f"{catalogue.origin}{PATH}")
    await read(other, catalogue, dataset("Bancs", "a.csv"))

    [mine] = (await one.list_published()).values()
    [theirs] = (await other.list_published()).values()
    assert mine != theirs
    for reading in (one, other):
        assert (
            await count_rows(
                reading.database,
                reading.territory,
                SourceRecordAlias,
                SourceRecordAlias.source_id == reading.source_id,
            )
            == 2
        )
