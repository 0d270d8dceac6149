"""A dataset read by one statement of the driver is the one that the mapper reads."""

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from tests.portal.catalogue.corpus import Catalogue, described
from udi.kit.db import Database
from udi.kit.read_connections import SessionRowReader
from udi.portal.catalogue.dataset_rows import (
    find_published_dataset,
    list_past_descriptions,
    relate_past_descriptions,
)
from udi.portal.catalogue.models import (
    Dataset,
    Distribution,
    Link,
    LinkState,
    PastDescription,
)
from udi.portal.catalogue.queries import NEAR_DATASETS
from udi.portal.catalogue.related_rows import fetch_related_rows

SEEN = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)


def values(row: Any) -> dict[str, Any]:
    """What the columns of a row hold, but for those that are read only where they are asked for."""
    return {
        attribute.key: getattr(row, attribute.key)
        for attribute in type(row).__mapper__.column_attrs
        if not attribute.deferred
    }


def whole(dataset: Dataset) -> list[Any]:
    """A dataset, its producer, its files in their order, and the link of each."""
    files = [
        (values(file), file.link and values(file.link))
        for file in dataset.distributions
    ]
    return [values(dataset), values(dataset.organisation), files]


async def add_link(database: Database, catalogue: Catalogue, url: str) -> None:
    link = Link(
        tenant_id=catalogue.territory.id,
        id=uuid.uuid4(),
        url=url,
        host="data.example",
        state=LinkState.MOVED,
        since=SEEN,
        next_at=SEEN,
        public_status={"state": "moved", "since": SEEN.isoformat()},
        public_status_at=SEEN,
    )
    async with database.session(catalogue.territory.id, role="worker") as session:
        session.add(link)


async def test_find_published_dataset_reads_what_the_mapper_reads(
    armor: Catalogue, portal_database: Database
) -> None:
    record = await armor.add(1)
    await add_link(portal_database, armor, record.media[0].url)
    files = selectinload(Dataset.distributions).joinedload(Distribution.link)
    mapped_query = (
        select(Dataset)
        .where(Dataset.id == record.id)
        .options(joinedload(Dataset.organisation), files)
    )

    async with portal_database.session(armor.territory.id, role="public") as session:
        dataset = await find_published_dataset(SessionRowReader(session), record.id)
        mapped = (await session.scalars(mapped_query)).one()

    assert dataset is not None
    assert dataset.distributions[0].link is not None
    assert whole(dataset) == whole(mapped)


async def test_list_past_descriptions_reads_the_newest_of_them(
    armor: Catalogue, portal_database: Database
) -> None:
    first = described(1)
    record = await armor.add(1, **first)
    for title in ("Second title", "Third title", "Fourth title"):
        await armor.add(1, **(first | {"resource_title": title}))
    mapped_query = (
        select(PastDescription)
        .where(PastDescription.dataset_id == record.id)
        .order_by(PastDescription.number.desc())
        .limit(2)
    )

    async with portal_database.session(armor.territory.id, role="public") as session:
        past = await list_past_descriptions(SessionRowReader(session), record.id, 2)
        mapped = (await session.scalars(mapped_query)).all()

    assert [description.number for description in past] == [3, 2]
    assert [values(row) for row in past] == [values(row) for row in mapped]


async def test_fetch_related_rows_reads_what_each_statement_reads_alone(
    armor: Catalogue, portal_database: Database
) -> None:
    first = described(1)
    record = await armor.add(1, **first)
    for title in ("Second title", "Third title", "Fourth title"):
        await armor.add(1, **(first | {"resource_title": title}))
    near = [await armor.add(number) for number in (2, 3, 4)]
    ids_in_order = [near[1].id, near[2].id, near[0].id]
    past = relate_past_descriptions(2)

    async with portal_database.session(armor.territory.id, role="public") as session:
        seqs = await session.execute(select(Dataset.id, Dataset.seq))
        numbers = {row.id: row.seq for row in seqs}
        rows = await fetch_related_rows(
            SessionRowReader(session),
            record.id,
            [numbers[id_] for id_ in ids_in_order],
            [past, NEAR_DATASETS],
        )
        alone = await list_past_descriptions(SessionRowReader(session), record.id, 2)

    assert [values(row) for row in past.read(rows)] == [values(row) for row in alone]
    assert [row.number for row in past.read(rows)] == [3, 2]
    assert [line.id for line in NEAR_DATASETS.read(rows)] == ids_in_order


async def test_find_published_dataset_finds_none_of_another_territory(
    armor: Catalogue, elsewhere: Catalogue, portal_database: Database
) -> None:
    record = await armor.add(1)

    async with portal_database.session(
        elsewhere.territory.id, role="public"
    ) as session:
        dataset = await find_published_dataset(SessionRowReader(session), record.id)

    assert dataset is None
