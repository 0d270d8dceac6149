"""Publishing, changing and withdrawing a dataset."""

import pytest
from msgspec import structs
from sqlalchemy import func, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from tests.portal.catalogue.corpus import NODE, TABLE, Catalogue, document
from udi.kit.db import Database
from udi.kit.errors import NotFoundError
from udi.portal.audit.models import AuditEvent
from udi.portal.catalogue.actions import slug_of, store_dataset
from udi.portal.catalogue.dataset_page.dataset_view import build_dataset_view
from udi.portal.catalogue.models import Dataset, Distribution, Withdrawal
from udi.portal.catalogue.queries import (
    PUBLISHED_BY_PRODUCER,
    WithdrawnError,
    get_dataset,
)
from udi.protocol.access import AccessRights
from udi.protocol.record import read_record, write_record
from udi.protocol.structures import DatasetSize
from udi.settings import Role

MANY_FILES = 20_000
FEW_PAGES = 30
"""Of the table and its indexes, which the addition of one row reads: a hash index has fifty of that many equal values."""


async def test_a_record_is_kept_whole_and_in_columns(
    armor: Catalogue, portal_database: Database
) -> None:
    record = await armor.add(
        1,
        temporal_spread={
            "start_date": "2019-01-01T00:00:00Z",
            "end_date": "2020-01-01T00:00:00Z",
        },
    )

    async with portal_database.session(armor.territory.id, role="public") as session:
        dataset = await get_dataset(session, record.id)

    assert dataset.record == write_record(record)
    assert read_record(dataset.record) == record
    assert (dataset.title, dataset.slug, dataset.theme) == (
        TABLE[1][0],
        "comptages-velo",
        "transportation",
    )
    assert (dataset.licence, dataset.access, dataset.formats) == (
        "etalab-2.0",
        "public",
        ["CSV", "GeoJSON"],
    )
    assert (dataset.period_start, dataset.period_end) == (
        record.period.start,
        record.period.end,
    )  # type: ignore[union-attr]
    assert [media.id for media in dataset.distributions] == [
        media.id for media in record.media
    ]
    assert dataset.node_id == NODE
    assert dataset.organisation.slug == "armor"


async def test_nothing_made_of_restricted_cells_is_taken_in(
    armor: Catalogue, portal_database: Database
) -> None:
    """Whoever made the record: here one that was read in the catalogue of others, and never was JSON of RUDI."""
    open_record = read_record(
        {
            **document(1),
            "producer": {
                **document(1)["producer"],
                "organization_id": str(armor.organisations["armor"]),
            },
        }
    )
    size = DatasetSize(records=7919, fields=3)
    record = structs.replace(open_record, access=AccessRights.RESTRICTED, size=size)
    async with portal_database.session(armor.territory.id) as session:
        await store_dataset(session, record, node_id=NODE)

    async with portal_database.session(armor.territory.id, role="public") as session:
        dataset = await get_dataset(session, record.id)
        page = build_dataset_view(dataset, "en").terms

    assert record.media[0].size is not None
    assert [(media.size, media.hash_value) for media in dataset.distributions] == [
        (None, "")
    ] * len(record.media)
    assert dataset.record["dataset_size"] == {"number_of_fields": 3}
    assert [media["file_size"] for media in dataset.record["available_formats"]] == [
        0
    ] * len(record.media)
    assert dataset.licence == "agreement"
    assert page.url == f"/data/{record.id}/access-policy"


async def test_a_new_version_replaces_the_old_one(
    armor: Catalogue, portal_database: Database
) -> None:
    first = await armor.add(1)
    second = await armor.add(0, global_id=str(first.id))

    async with portal_database.session(armor.territory.id) as session:
        dataset = await get_dataset(session, first.id)
        events = await session.scalars(
            select(AuditEvent.name)
            .where(AuditEvent.subject_id == first.id)
            .order_by(AuditEvent.at)
        )

    assert dataset.title == second.title != first.title
    assert [media.id for media in dataset.distributions] == [second.media[0].id]
    assert dataset.published_at < dataset.described_at
    assert events.all() == ["dataset.published", "dataset.updated"]


async def test_a_withdrawal_keeps_a_name_and_lets_its_identifiers_go(
    armor: Catalogue, portal_database: Database
) -> None:
    record = await armor.add(1, local_id="velo-1")
    await armor.withdraw(record)
    other = await armor.add(0, local_id="velo-1")

    async with portal_database.session(armor.territory.id, role="public") as session:
        with pytest.raises(WithdrawnError) as gone:
            await get_dataset(session, record.id)
        assert (await get_dataset(session, other.id)).local_id == "velo-1"
        assert (
            await session.scalar(
                select(func.count())
                .select_from(Distribution)
                .where(Distribution.dataset_id == record.id)
            )
            == 0
        )
    assert gone.value.values["title"] == TABLE[1][0]


async def test_a_withdrawn_dataset_can_come_back(
    armor: Catalogue, portal_database: Database
) -> None:
    record = await armor.add(1)
    await armor.withdraw(record)
    await armor.add(1, global_id=str(record.id))

    async with portal_database.session(armor.territory.id, role="public") as session:
        assert (await get_dataset(session, record.id)).title == TABLE[1][0]
        assert await session.scalar(select(func.count()).select_from(Withdrawal)) == 0


async def test_two_datasets_do_not_share_a_local_identifier(
    armor: Catalogue, elsewhere: Catalogue
) -> None:
    await armor.add(1, local_id="velo-1")

    with pytest.raises(IntegrityError):
        await armor.add(0, local_id="velo-1")
    await elsewhere.add(0, local_id="velo-1")


async def test_two_datasets_may_share_a_file(
    armor: Catalogue, portal_database: Database
) -> None:
    files = document(1)["available_formats"]
    records = [await armor.add(number, available_formats=files) for number in (0, 1)]

    async with portal_database.session(armor.territory.id) as session:
        datasets = [await get_dataset(session, record.id) for record in records]

    assert [[media.id for media in dataset.distributions] for dataset in datasets] == [
        [media.id for media in record.media] for record in records
    ]


async def test_a_file_is_added_beside_many_of_the_same_checksum_without_reading_them(
    armor: Catalogue, portal_database: Database
) -> None:
    """Producers write one checksum for all their files where they do not compute any."""
    record = await armor.add(0)
    add = (
        "INSERT INTO app.distribution (dataset_id, id, position, kind, name, caption, url, media_type, format,"
        " hash_algorithm, hash_value, contract, documentation)"
        " SELECT :dataset, gen_random_uuid(), number, 'FILE', '', '', number::text, '', '',"
        " 'SHA-256', repeat('0', 64), '', '' FROM generate_series(1, :files) AS number"
    )

    async with portal_database.session(armor.territory.id) as session:
        await session.execute(text(add), {"dataset": record.id, "files": MANY_FILES})
        plan = await session.scalar(
            text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {add}"),
            {"dataset": record.id, "files": 1},
        )
        await session.rollback()

    root = plan[0]["Plan"]
    assert root["Shared Hit Blocks"] + root["Shared Read Blocks"] < FEW_PAGES


@pytest.mark.parametrize("role", ["public", "app"])
async def test_the_datasets_of_producers_are_counted_in_an_index_alone(
    armor: Catalogue, portal_database: Database, role: Role
) -> None:
    """Where the table is large enough: for a few rows, PostgreSQL is told neither to read the table nor to sort."""
    await armor.add(0)
    statement = PUBLISHED_BY_PRODUCER.compile(
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )

    async with portal_database.session(armor.territory.id, role=role) as session:
        for way in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
            await session.execute(text(f"SET LOCAL {way} = off"))
        plan = await session.scalar(text(f"EXPLAIN (FORMAT JSON) {statement}"))

    [scan] = plan[0]["Plan"]["Plans"]
    assert scan["Node Type"] == "Index Only Scan"


async def test_a_passer_by_reads_published_rows_and_writes_none(
    armor: Catalogue, portal_database: Database
) -> None:
    record = await armor.add(1)
    await armor.withdraw(record)
    published_record = await armor.add(0)

    async with portal_database.session(armor.territory.id, role="public") as session:
        assert (await session.scalars(select(Dataset.id))).all() == [
            published_record.id
        ]
    with pytest.raises(Exception, match="permission denied"):
        async with portal_database.session(
            armor.territory.id, role="public"
        ) as session:
            session.add(
                Withdrawal(
                    id=published_record.id,
                    title="x",
                    organisation_id=published_record.producer.id,
                    withdrawn_at=published_record.dates.created,
                )
            )


async def test_another_territory_does_not_have_the_dataset(
    armor: Catalogue, elsewhere: Catalogue, portal_database: Database
) -> None:
    record = await armor.add(1)

    async with portal_database.session(elsewhere.territory.id) as session:
        with pytest.raises(NotFoundError):
            await get_dataset(session, record.id)
        assert (await session.scalars(select(Distribution))).all() == []


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Qualité de l'air, heure par heure", "qualite-de-l-air-heure-par-heure"),
        ("Œuvres d’art", "oeuvres-d-art"),
        ("Ținutul Secașelor", "tinutul-secaselor"),
        ("Große Łąka, Ærø", "grosse-laka-aero"),
        ("  2026 : BUDGET (primitif)  ", "2026-budget-primitif"),
        ("日本語", ""),
        ("x" * 200, "x" * 80),
        (" ".join(["mot"] * 60), "-".join(["mot"] * 20)),
    ],
)
def test_an_address_is_readable(title: str, slug: str) -> None:
    assert slug_of(title) == slug


async def test_a_slug_that_was_given_stays_until_the_title_changes(
    armor: Catalogue, portal_database: Database
) -> None:
    record = await armor.add(1)
    former = "as-another-release-wrote-it"
    async with portal_database.session(armor.territory.id) as session:
        key = (armor.territory.id, record.id)
        (await session.get_one(Dataset, key)).slug = former

    async def describe(**changes: str) -> str:
        await armor.add(1, global_id=str(record.id), **changes)
        async with portal_database.session(
            armor.territory.id, role="public"
        ) as session:
            return (await get_dataset(session, record.id)).slug

    assert await describe(collection_tag="air") == former
    assert await describe(resource_title="Łąki") == "laki"
