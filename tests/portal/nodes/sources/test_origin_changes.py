"""Records that change their place, identifier or number: a dataset keeps one page, and no count stops a source."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec import structs
from sqlalchemy import insert, select, text, update

from tests.depth import by_depth
from tests.portal.catalogue.corpus import document
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, Reading, team
from tests.portal.nodes.sources.test_renames import accept
from tests.portal.nodes.sources.test_shared_datasets import (
    PAGE,
    REGION,
    TOWN,
    dataset,
    load,
    open_another,
    put,
    read_both,
)
from udi.kit.clock import now
from udi.kit.db import is_among, is_not_among
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.nodes.harvest.record import HarvestedRecord, OriginalRecord
from udi.portal.nodes.sources.actions import close_source
from udi.portal.nodes.sources.harvest_run import harvest_next_source
from udi.portal.nodes.sources.leases import SourceLease, leased_source
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    SourceRecord,
    SourceRecordAlias,
    SourceRun,
)
from udi.portal.nodes.sources.renames import find_renames
from udi.portal.nodes.sources.shared_datasets import OriginCandidate, match_datasets
from udi.protocol.record import read_record

RUDI = "/api/v1/resources"
OTHER = ("Jardins", "j-1")
MOST_PARAMETERS = 32_767


async def close(reading: Reading, *, withdraw: bool) -> None:
    async with reading.database.session(reading.territory.id) as session:
        source = await session.get_one(
            CatalogueSource, (reading.territory.id, reading.source_id)
        )
        await close_source(session, team(reading.territory), source, withdraw=withdraw)


async def insert_rows(reading: Reading, number: int, **values: Any) -> None:
    moment = now() - timedelta(days=1)
    rows = [
        {
            "source_id": reading.source_id,
            "id": uuid4(),
            "identifier": f"r-{place}",
            "digest": "",
            "first_read_at": moment,
            "changed_at": moment,
            **values,
        }
        for place in range(number)
    ]
    async with reading.database.session(reading.territory.id) as session:
        await session.execute(insert(SourceRecord), rows)


@pytest.mark.thorough
@by_depth("way", ["taken over", "handed over"], by_default=[0])
async def test_a_record_of_rudi_is_read_under_the_address_of_the_dataset_that_it_took(
    catalogue: Catalogue, open_source: Open, way: str
) -> None:
    record = document(0)
    town = dataset(identifier=record["global_id"])
    put(catalogue, TOWN, town, dataset(*OTHER))
    catalogue.put(RUDI, {"total": 1, "items": [record]})
    first = await open_source(f"{catalogue.origin}{TOWN}")
    await first.read()
    id_ = (await first.list_published())["Bancs"]
    second = await open_another(first, f"{catalogue.origin}{RUDI}")
    if way == "taken over":
        await close(first, withdraw=False)
    else:
        await second.read()
        put(catalogue, TOWN, dataset(*OTHER))
        await first.read()
        await first.read()

    run = await second.read()
    again = await second.read()

    assert (run.updated, run.created, run.refused) == (1, 0, 0)
    assert (again.unchanged, again.missing, again.refused) == (1, 0, 0)
    assert await second.list_published() == {record["resource_title"]: id_}
    assert id_ != UUID(record["global_id"])
    assert (await load(second, id_)).local_id == record["global_id"]

    catalogue.put(RUDI, {"total": 1, "items": [document(1)]})
    await second.read()
    last = await second.read()
    assert last.withdrawn == 1
    assert (await load(second, id_)).state == DatasetState.WITHDRAWN


@pytest.mark.thorough
async def test_is_among_takes_more_values_than_a_statement_has(
    catalogue: Catalogue, open_source: Open
) -> None:
    put(catalogue, TOWN, dataset())
    reading = await open_source(f"{catalogue.origin}{TOWN}")
    await reading.read()
    [id_] = (await reading.list_published()).values()
    many = [uuid4() for _ in range(MOST_PARAMETERS)]
    conditions = [
        (is_among(Dataset.id, many), []),
        (is_among(Dataset.id, [*many, id_]), [id_]),
        (is_among(Dataset.id, []), []),
        (is_not_among(Dataset.id, many), [id_]),
        (is_not_among(Dataset.id, [*many, id_]), []),
        (is_not_among(Dataset.id, []), [id_]),
    ]
    async with reading.database.session(reading.territory.id) as session:
        for condition, ids in conditions:
            assert list(await session.scalars(select(Dataset.id).where(condition))) == (
                ids
            )


@pytest.mark.thorough
async def test_match_datasets_takes_any_number_of_files(
    catalogue: Catalogue, open_source: Open
) -> None:
    reading = await open_source(f"{catalogue.origin}{TOWN}")
    record = read_record(document(0))
    [medium, *_] = record.media
    media = tuple(
        structs.replace(medium, url=f"https://files.example.org/{place}")
        for place in range(MOST_PARAMETERS + 1)
    )
    description = structs.replace(record.description, source=PAGE)
    record = structs.replace(record, media=media, description=description)
    harvested = HarvestedRecord(
        identifier="1",
        title={"fr": "Arbres"},
        source_record=OriginalRecord("application/json", b"{}"),
    )
    async with reading.database.session(reading.territory.id) as session:
        source = await session.get_one(
            CatalogueSource, (reading.territory.id, reading.source_id)
        )
        candidate = OriginCandidate(record, harvested)
        [origin] = await match_datasets(session, source, [candidate], [])
        assert origin.shared is None


@pytest.mark.thorough
async def test_find_renames_takes_any_number_of_records(
    catalogue: Catalogue, open_source: Open
) -> None:
    put(catalogue, TOWN, dataset())
    reading = await open_source(f"{catalogue.origin}{TOWN}")
    run = await reading.read()
    [later] = (await reading.list_published()).values()
    await insert_rows(reading, MOST_PARAMETERS + 1, renamed_to=later)
    async with reading.database.platform_session(role="owner") as session:
        await session.execute(text("ANALYZE app.source_record"))

    async with reading.database.session(reading.territory.id) as session:
        key = (reading.territory.id, reading.source_id)
        source = await session.get_one(CatalogueSource, key)
        away = [SourceRecord.source_id == source.id, SourceRecord.seen_run.is_(None)]
        run = await session.get_one(SourceRun, (reading.territory.id, run.id))
        renames = await find_renames(session, source, run, away)

    assert renames.known == MOST_PARAMETERS + 1


async def test_the_worker_forgets_the_places_of_a_closed_source_in_batches(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second, id_ = await read_both(catalogue, open_source, dataset(), dataset())
    await insert_rows(second, 250, same_as=uuid4(), withdrawn=True)

    await close(second, withdraw=False)
    assert len(await second.records()) == 251
    while await harvest_next_source(second.workspace):
        pass

    assert await second.records() == {}
    assert (await load(first, id_)).other_origins == []
    source = await second.source()
    assert (source.state, source.next_at) == ("closed", None)


@pytest.mark.thorough
async def test_a_reading_forgets_the_places_that_it_did_not_meet_in_batches(
    catalogue: Catalogue, open_source: Open
) -> None:
    _, second, _ = await read_both(catalogue, open_source, dataset(), dataset())
    await insert_rows(second, 250, same_as=uuid4(), withdrawn=True)

    run = await second.read()

    assert (run.outcome, run.unchanged) == ("complete", 1)
    assert list(await second.records()) == [dataset()["identifier"]]


async def rename_all(
    reading: Reading, catalogue: Catalogue, identifier: str = "new"
) -> UUID:
    """Have the one dataset of a source seem to be another; the identifier that it has here then."""
    put(catalogue, TOWN, dataset(identifier=identifier))
    await reading.read()
    ids = {id_ for _, id_ in await reading.list_shown()}
    rows = await reading.records()
    assert rows[identifier].id in ids
    return rows[identifier].id


@pytest.mark.thorough
async def test_join_batch_takes_records_that_have_one_loose_name(
    catalogue: Catalogue, open_source: Open
) -> None:
    put(catalogue, TOWN, dataset(identifier="old"))
    reading = await open_source(f"{catalogue.origin}{TOWN}")
    await reading.read()
    [former] = (await reading.list_published()).values()
    later = await rename_all(reading, catalogue)
    name = {"source_id": reading.source_id, "id": uuid4(), "loose": True}
    single = {**name, "id": uuid4(), "record_id": later}
    both = [{**name, "record_id": former}, {**name, "record_id": later}]
    async with reading.database.session(reading.territory.id) as session:
        await session.execute(insert(SourceRecordAlias), [*both, single])

    await accept(reading)
    run = await reading.read()

    assert (run.outcome, run.updated) == ("complete", 1)
    assert await reading.list_published() == {"Bancs": former}
    assert not (await reading.source()).accepts_renames
    async with reading.database.session(reading.territory.id) as session:
        owners = set(await session.scalars(select(SourceRecordAlias.record_id)))
    assert owners == {former}


@pytest.mark.thorough
async def test_join_batch_has_other_sources_list_the_former_record(
    catalogue: Catalogue, open_source: Open
) -> None:
    put(catalogue, TOWN, dataset(identifier="old"))
    town = await open_source(f"{catalogue.origin}{TOWN}")
    await town.read()
    [former] = (await town.list_published()).values()
    await rename_all(town, catalogue, dataset()["identifier"])
    put(catalogue, REGION, dataset())
    region = await open_source(f"{catalogue.origin}{REGION}")
    await region.read()
    await accept(town)
    await town.read()

    run = await region.read()

    assert (run.unchanged, run.created, run.refused) == (1, 0, 0)
    assert await region.list_published() == {}
    assert await town.list_published() == {"Bancs": former}
    [row] = (await region.records()).values()
    assert row.same_as == former
    [other] = (await load(town, former)).other_origins
    assert other["source"] == str(region.source_id)


async def add_name(reading: Reading) -> UUID:
    """Give the one record of a source a looser name; the record's identifier here."""
    [row] = (await reading.records()).values()
    name = {"source_id": reading.source_id, "id": uuid4(), "record_id": row.id}
    async with reading.database.session(reading.territory.id) as session:
        await session.execute(insert(SourceRecordAlias), [{**name, "loose": True}])
    return row.id


async def list_named(reading: Reading) -> set[UUID]:
    async with reading.database.session(reading.territory.id) as session:
        query = select(SourceRecordAlias.record_id).where(
            SourceRecordAlias.source_id == reading.source_id
        )
        return set(await session.scalars(query))


@pytest.mark.thorough
async def test_a_record_that_took_over_leaves_no_name_of_its_former_row(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second, id_ = await read_both(catalogue, open_source, dataset(), dataset())
    former = await add_name(second)
    await close(first, withdraw=False)

    run = await second.read()

    assert (run.updated, former == id_) == (1, False)
    assert await list_named(second) == {id_}


@pytest.mark.thorough
async def test_a_place_that_was_forgotten_has_no_name_left(
    catalogue: Catalogue, open_source: Open
) -> None:
    _, second, _ = await read_both(catalogue, open_source, dataset(), dataset())
    await add_name(second)
    put(catalogue, REGION, dataset(*OTHER))

    await second.read()

    assert await list_named(second) == set()


@pytest.mark.thorough
async def test_a_dataset_is_handed_to_the_older_of_two_records_of_one_source(
    catalogue: Catalogue, open_source: Open
) -> None:
    copy = dataset("Copie", "copy", landingPage=PAGE)
    first, second, id_ = await read_both(
        catalogue, open_source, dataset(landingPage=PAGE), copy
    )
    await insert_rows(second, 1, id=id_, same_as=id_, withdrawn=True)
    moment = now() - timedelta(days=2)
    async with second.database.session(second.territory.id) as session:
        statement = update(SourceRecord).where(SourceRecord.identifier == "copy")
        await session.execute(statement.values(first_read_at=moment))
    put(catalogue, TOWN, dataset(*OTHER))

    await first.read()
    run = await first.read()

    assert run.outcome == "complete"
    assert list((await second.list_published()).values()) == [id_]


async def test_another_session_names_a_source_while_it_is_leased(
    catalogue: Catalogue, open_source: Open
) -> None:
    put(catalogue, TOWN, dataset())
    reading = await open_source(f"{catalogue.origin}{TOWN}")
    lease = uuid4()
    await reading.change(lease=lease)
    claim = SourceLease(reading.territory.id, reading.source_id, lease)
    name = {"source_id": reading.source_id, "id": uuid4(), "record_id": uuid4()}

    async with (
        leased_source(reading.database, claim),
        reading.database.session(reading.territory.id) as session,
    ):
        await session.execute(text("SET LOCAL lock_timeout = '1s'"))
        await session.execute(insert(SourceRecordAlias), [{**name, "loose": False}])
        ids = list(await session.scalars(select(SourceRecordAlias.id)))

    assert ids == [name["id"]]


@pytest.mark.thorough
async def test_a_place_that_is_listed_as_before_is_not_written_again(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second, id_ = await read_both(catalogue, open_source, dataset(), dataset())
    [before] = (await second.records()).values()

    run = await second.read()
    [after] = (await second.records()).values()

    assert run.unchanged == 1
    assert (after.changed_at, after.seen_run) == (before.changed_at, run.id)
    put(catalogue, REGION, dataset("Bancs publics"))
    await second.read()
    [changed] = (await second.records()).values()
    assert changed.changed_at > before.changed_at
    assert len((await load(first, id_)).other_origins) == 1


@pytest.mark.thorough
async def test_a_place_beyond_those_that_a_page_names_changes_nothing(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second, id_ = await read_both(catalogue, open_source, dataset(), dataset())
    [other] = (await load(first, id_)).other_origins
    others = [
        {**other, "source": str(uuid4()), "since": "2020-01-01", "record": record}
        for record in sorted(str(uuid4()) for _ in range(20))
    ]
    async with first.database.session(first.territory.id) as session:
        stored = await session.get_one(Dataset, (first.territory.id, id_))
        stored.other_origins = others
    before = await load(first, id_)

    await second.read()

    after = await load(first, id_)
    assert after.described_at == before.described_at
    assert after.other_origins == others


async def test_what_was_handed_over_is_not_counted_as_withdrawn(
    catalogue: Catalogue, open_source: Open
) -> None:
    first, second, id_ = await read_both(
        catalogue, open_source, dataset(), dataset("Bancs publics")
    )
    put(catalogue, TOWN, dataset(*OTHER))

    await first.read()
    run = await first.read()

    assert (run.outcome, run.withdrawn) == ("complete", 0)
    assert await second.list_published() == {"Bancs": id_}
