"""Published datasets with their records, a page at a time: what every form of the catalogue is written from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    any_,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.functions import coalesce

from udi.kit.db import is_among
from udi.kit.errors import UnavailableError
from udi.kit.public_reading import PublicReading
from udi.kit.read_connections import SessionRowReader, StatementReader
from udi.portal.catalogue.compression import decompress_description
from udi.portal.catalogue.dataset_rows import IS_HARVESTER, OWNER, Harvester
from udi.portal.catalogue.models import Dataset, list_other_identifiers
from udi.portal.catalogue.open.order import BY_PUBLICATION_DATE, Place, SortOrder
from udi.portal.catalogue.queries import IS_PUBLISHED
from udi.portal.catalogue.search import query
from udi.portal.catalogue.search.criteria import TITLE, Criteria
from udi.portal.catalogue.search.index import IndexReader
from udi.portal.organisations.models import Organisation
from udi.protocol.catalogue import HarvesterName
from udi.protocol.record import restore_record
from udi.protocol.structures import BoundingBox, Record

MOST_FOUND = 100_000
"""How many answers of a search are listed, at most."""
ROWS = str(
    select(
        Dataset.seq,
        Dataset.record,
        Dataset.slug,
        Dataset.published_at,
        Dataset.described_at,
        Dataset.other_origins,
        Harvester.id,
        Harvester.name,
        *OWNER.columns,
    )
    .join(
        Organisation,
        and_(
            Organisation.tenant_id == Dataset.tenant_id,
            Organisation.id == Dataset.organisation_id,
        ),
    )
    .outerjoin(Harvester, IS_HARVESTER)
    .where(Dataset.seq == any_(literal_column("$1::bigint[]")), IS_PUBLISHED)
    .compile(compile_kwargs={"literal_binds": True})
)
"""For the driver: the datasets of some numbers, each with its producer."""
PRODUCER_ID = [column.name for column in OWNER.columns].index("id")
FOREVER: ColumnElement[datetime] = literal_column("'infinity'::timestamptz")


def _write_walk(*conditions: ColumnElement[bool]) -> str:
    """For the driver: the numbers and the places of `$1` datasets, as they came."""
    order = BY_PUBLICATION_DATE
    places = (
        select(Dataset.seq, *order.columns)
        .where(IS_PUBLISHED, *conditions)
        .order_by(*order.clauses)
        .limit(literal_column("$1::bigint"))
    )
    return str(places.compile(compile_kwargs={"literal_binds": True}))


FIRST_PLACES = _write_walk()
NEXT_PLACES = _write_walk(
    tuple_(*BY_PUBLICATION_DATE.columns)
    > tuple_(literal_column("$2::timestamptz"), literal_column("$3::uuid"))
)


@dataclass(frozen=True)
class PublishedDataset:
    """A published dataset: the producer's record, and what this portal knows of it."""

    record: Record
    slug: str
    listed: datetime
    described: datetime
    producer: Organisation
    seq: int
    other_identifiers: tuple[str, ...] = ()
    harvester: HarvesterName | None = None
    """Who read it elsewhere."""


@dataclass(frozen=True)
class DatasetFilter:
    """Which datasets; each part that is None lets all through. `seqs` are what a search found."""

    producer: UUID | None = None
    changed_since: datetime | None = None
    box: BoundingBox | None = None
    period: tuple[datetime | None, datetime | None] | None = None
    ids: Sequence[UUID] | None = None
    external: Sequence[str] | None = None
    seqs: Sequence[int] | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """The same as conditions on the rows."""
        conditions: list[ColumnElement[bool]] = [IS_PUBLISHED]
        if self.producer is not None:
            conditions.append(Dataset.organisation_id == self.producer)
        if self.changed_since is not None:
            conditions.append(Dataset.described_at >= self.changed_since)
        if self.box is not None:
            conditions.append(_intersects_box(self.box))
        if self.period is not None:
            conditions.append(_overlaps_period(*self.period))
        if self.ids is not None:
            conditions.append(is_among(Dataset.id, self.ids))
        if self.external is not None:
            conditions.append(
                or_(
                    is_among(Dataset.local_id, self.external),
                    is_among(Dataset.doi, self.external),
                )
            )
        if self.seqs is not None:
            conditions.append(is_among(Dataset.seq, self.seqs))
        return conditions


@dataclass(frozen=True)
class ListSlice:
    """A part of a list: so many datasets after a place, or after as many others as `offset`."""

    limit: int
    offset: int = 0
    after: Place | None = None
    order: SortOrder = BY_PUBLICATION_DATE


def find_matching_rows(reader: IndexReader | None, texts: Sequence[str]) -> list[int]:
    """The numbers of the rows that answer any of the texts.

    Raises:
        UnavailableError: there is no index yet.
    """
    if reader is None:
        raise UnavailableError(
            "Search is being prepared.",
            remedy="Try again in a minute.",
            headers={"Retry-After": "60"},
        )
    searches = [Criteria(text=text, sort=TITLE, size=MOST_FOUND) for text in texts]
    return sorted(
        {seq for criteria in searches for seq in query.search(reader, criteria).seqs}
    )


def find_known_count(
    selection: DatasetFilter, reader: IndexReader | None
) -> int | None:
    """How many datasets are wanted, where the index knows it: all of them."""
    if reader is not None and selection == DatasetFilter():
        return int(reader.searcher.num_docs)
    return None


async def count_datasets(
    session: AsyncSession, selection: DatasetFilter, reader: IndexReader | None = None
) -> int:
    """How many datasets are wanted; the index knows it for all of them, where there is one."""
    known = find_known_count(selection, reader)
    if known is not None:
        return known
    return (
        await session.scalar(
            select(func.count()).select_from(Dataset).where(*selection.conditions)
        )
        or 0
    )


async def list_datasets(
    session: AsyncSession, selection: DatasetFilter, *, limit: int, offset: int = 0
) -> list[PublishedDataset]:
    """Some of the wanted datasets, in the order in which they came."""
    return (await list_dataset_slice(session, selection, ListSlice(limit, offset)))[0]


async def list_dataset_slice(
    session: AsyncSession, selection: DatasetFilter, stretch: ListSlice
) -> tuple[list[PublishedDataset], Place | None]:
    """A part of the wanted datasets, and the place where it ends if others follow.

    Only the part's records are read; what is before a place is not passed over at all.
    """
    places = (await session.execute(select_slice(selection, stretch))).all()
    return await _read_places(SessionRowReader(session), places, stretch)


async def read_dataset_slice(
    reading: PublicReading, selection: DatasetFilter, stretch: ListSlice
) -> tuple[list[PublishedDataset], Place | None]:
    """The same of a reading; a walk through all datasets, as they came, asks for no session."""
    is_walk = selection == DatasetFilter() and stretch.order is BY_PUBLICATION_DATE
    if not is_walk or stretch.offset:
        session = await reading.open_session()
        return await list_dataset_slice(session, selection, stretch)
    most = stretch.limit + 1
    if stretch.after is None:
        places = await reading.fetch(FIRST_PLACES, most)
    else:
        places = await reading.fetch(NEXT_PLACES, most, *stretch.after)
    return await _read_places(reading, places, stretch)


async def _read_places(
    rows: StatementReader, places: Sequence[Sequence[Any]], stretch: ListSlice
) -> tuple[list[PublishedDataset], Place | None]:
    """The datasets of a part, by the numbers and places of its rows and of one more; where it ends, if there is one more."""
    seqs = [place[0] for place in places[: stretch.limit]]
    datasets = await _read_datasets(rows, seqs)
    if len(places) > stretch.limit:
        return datasets, tuple(places[stretch.limit - 1])[1:]
    return datasets, None


async def _read_datasets(
    rows: StatementReader, seqs: Sequence[int]
) -> list[PublishedDataset]:
    """The datasets of some numbers, in their order, by one statement of the driver; many are of the same producer."""
    producers: dict[UUID, Organisation] = {}
    datasets: dict[int, PublishedDataset] = {}
    for (
        seq,
        record,
        slug,
        listed,
        described,
        others,
        *organisations,
    ) in await rows.fetch(ROWS, seqs):
        harvester_id, harvester_name, *owner = organisations
        producer_id = owner[PRODUCER_ID]
        if producer_id not in producers:
            producers[producer_id] = OWNER.restore(owner)
        datasets[seq] = PublishedDataset(
            restore_record(decompress_description(record)),
            slug,
            listed,
            described,
            producers[producer_id],
            seq,
            list_other_identifiers(others),
            HarvesterName(id=harvester_id, name=harvester_name)
            if harvester_id
            else None,
        )
    return [datasets[seq] for seq in seqs if seq in datasets]


def select_slice(selection: DatasetFilter, stretch: ListSlice) -> Select[Any]:
    """The numbers of a part's rows with their places, and one more."""
    order = stretch.order
    after = [order.after(stretch.after)] if stretch.after else []
    statement = (
        select(Dataset.seq, *order.columns)
        .where(*selection.conditions, *after)
        .order_by(*order.clauses)
    )
    statement = statement.limit(stretch.limit + 1)
    if stretch.offset:
        return statement.offset(stretch.offset)
    return statement


def _intersects_box(box: BoundingBox) -> ColumnElement[bool]:
    """Rows whose area touches the box; either may cross the antimeridian."""
    upright = and_(Dataset.south <= box.north, Dataset.north >= box.south)
    crosses = Dataset.west > Dataset.east
    before = Dataset.west <= box.east
    after = Dataset.east >= box.west
    if box.west > box.east:
        return and_(upright, or_(before, after, crosses))
    return and_(upright, or_(and_(before, after), and_(crosses, or_(before, after))))


def _overlaps_period(
    since: datetime | None, until: datetime | None
) -> ColumnElement[bool]:
    """Rows whose period meets the interval; a period without end goes on."""
    has_start: ColumnElement[bool] = Dataset.period_start.is_not(None)
    started = Dataset.period_start <= until if until else true()
    if since:
        lasted = coalesce(Dataset.period_end, FOREVER) >= since
    else:
        lasted = true()
    return and_(has_start, started, lasted)
