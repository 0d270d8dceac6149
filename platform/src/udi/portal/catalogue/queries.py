"""Reads of the catalogue: rows come from PostgreSQL under the reader's role, the index only says which."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, any_, func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from udi.kit.errors import GoneError, NotFoundError
from udi.kit.public_reading import PublicReading
from udi.kit.read_connections import RowReader, SessionRowReader
from udi.portal.catalogue.dataset_rows import find_published_dataset
from udi.portal.catalogue.models import Dataset, DatasetState, Withdrawal
from udi.portal.catalogue.related_rows import RelatedRows
from udi.portal.catalogue.search import query
from udi.portal.catalogue.search.criteria import Criteria
from udi.portal.catalogue.search.index import IndexReader, SearchIndexes
from udi.portal.catalogue.search.query_analysis import ExpandedQuery, QueryWord
from udi.portal.catalogue.search.query_syntax import list_query_parts
from udi.portal.catalogue.search.similarity import find_similar_rows
from udi.portal.catalogue.search.spelling import list_similar_words
from udi.portal.catalogue.search.thesaurus import Thesaurus
from udi.portal.catalogue.search.words import plain_words
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import list_producers
from udi.ui.locale import localise_title

LINE = select(
    Dataset.id,
    Dataset.slug,
    Dataset.title,
    Dataset.titles,
    Dataset.synopsis,
    Dataset.theme,
    Dataset.access,
    Dataset.licence,
    Dataset.formats,
    Dataset.modified_at,
    Dataset.unstated_dates,
    Dataset.published_at,
    Organisation.slug.label("producer"),
    Organisation.name.label("producer_name"),
    Dataset.seq,
).join(
    Organisation,
    (Organisation.tenant_id == Dataset.tenant_id)
    & (Organisation.id == Dataset.organisation_id),
)


REACHED = text(
    "SELECT NOT pg_is_in_recovery() OR coalesce(pg_last_wal_replay_lsn() >= cast(cast(:position AS text) AS pg_lsn), false)"
)
"""Whether this database, if it is a copy, has replayed the log up to a position."""
WORD = re.compile(r"[^\W_]+")
IS_PUBLISHED = Dataset.state == DatasetState.PUBLISHED
PUBLISHED_BY_PRODUCER = (
    select(Dataset.organisation_id, func.count())
    .where(IS_PUBLISHED)
    .group_by(Dataset.organisation_id)
)
"""Answered by an index alone, so that 100,000 datasets are counted in milliseconds."""


LINES = str(
    LINE.where(
        Dataset.seq == any_(literal_column("$1::bigint[]")), IS_PUBLISHED
    ).compile(compile_kwargs={"literal_binds": True})
)
"""For the driver: the lines of some numbers."""


class WithdrawnError(GoneError):
    """The dataset was here; its producer withdrew it."""

    def __init__(self, withdrawal: Withdrawal) -> None:
        values = {
            "title": withdrawal.title,
            "producer": withdrawal.organisation.name,
            "date": withdrawal.withdrawn_at.date().isoformat(),
        }
        super().__init__(
            "“%(title)s” was withdrawn by its producer, %(producer)s, on %(date)s.",
            values=values,
        )
        self.withdrawal = withdrawal


class DatasetSummary(Struct, frozen=True):
    """A dataset in a list."""

    id: UUID
    slug: str
    title: str
    titles: dict[str, str]
    synopsis: dict[str, str]
    theme: str
    access: str
    licence: str
    formats: list[str]
    modified_at: datetime
    unstated_dates: list[str]
    published_at: datetime
    producer: str
    producer_name: str
    origin: str = ""
    """Of the portal that publishes it, where several are searched together; `territory` is whose that is."""
    territory: str = ""
    territory_name: dict[str, str] = {}

    @property
    def stated_update(self) -> datetime | None:
        """When it last changed, where somebody said it."""
        return None if "updated" in self.unstated_dates else self.modified_at

    def title_in(self, language: str) -> str:
        """The title for a reader of this language."""
        return localise_title(self.title, self.titles, language)


@dataclass(frozen=True)
class SearchPage:
    """One page of what a search finds. Without an index yet (`prepared` False), the newest datasets, uncounted."""

    criteria: Criteria
    total: int
    lines: list[DatasetSummary]
    facets: dict[str, dict[str, int]] = field(default_factory=dict)
    parsed_query: ExpandedQuery = field(default_factory=ExpandedQuery)
    prepared: bool = True
    generation: str = ""
    current: bool = True
    """False where the rows come from a copy of the database that has not all that the index knows yet."""

    @property
    def words(self) -> list[QueryWord]:
        """The words of the question, as understood."""
        return self.parsed_query.words

    @property
    def last(self) -> int:
        """Number of the last page, 1 when nothing is found."""
        return max(1, -(-self.total // self.criteria.size))


async def search_datasets(
    session: AsyncSession,
    indexes: SearchIndexes,
    tenant: UUID,
    criteria: Criteria,
    thesaurus: Thesaurus | None = None,
) -> SearchPage:
    """Datasets that answer the criteria; past the last page, the last one. Without a thesaurus, with the portal's own."""
    reader = indexes.find(tenant)
    if reader is None:
        return await list_newest(session, criteria)
    current = await is_current(session, reader)
    page = await search_index(SessionRowReader(session), reader, criteria, thesaurus)
    if current:
        return page
    return replace(page, current=False)


async def search_index(
    rows: RowReader | SessionRowReader,
    reader: IndexReader,
    criteria: Criteria,
    thesaurus: Thesaurus | None = None,
) -> SearchPage:
    """The same where there is an index, and rows as new as it."""
    result = query.search(reader, criteria, thesaurus)
    last = max(1, -(-result.total // criteria.size))
    if criteria.page > last:
        return await search_index(
            rows, reader, criteria.with_changes(page=last), thesaurus
        )
    lines = list((await read_lines(rows, result.seqs)).values())
    return SearchPage(
        criteria,
        result.total,
        lines,
        result.facets,
        result.parsed_query,
        generation=reader.generation,
    )


async def is_current(session: AsyncSession, reader: IndexReader) -> bool:
    """Whether what this session reads is at least as new as the index: the database itself is, a copy may not be."""
    if session.info["settings"].database_replica_port is None:
        return True
    return bool(await session.scalar(REACHED, {"position": reader.position}))


async def is_reading_current(reading: PublicReading, reader: IndexReader) -> bool:
    """The same of a reading that opens a session only where something asks for one."""
    if reading.from_copy:
        return await is_current(await reading.open_session(), reader)
    return True


def list_relaxed_searches(
    reader: IndexReader | None,
    page: SearchPage,
    thesaurus: Thesaurus | None = None,
    tenants: Collection[UUID] | None = None,
) -> list[tuple[str, str, int, Criteria]]:
    """What would be found with one word or one filter less: (filter or "q", what is left out, how many, criteria).

    `tenants`: the territories to look through, where the reader is that of the joint index.
    """
    criteria = page.criteria
    if reader is None:
        return []
    parts = list_query_parts(criteria.text)
    shorter = [
        (part, " ".join(other for other in parts if other != part)) for part in parts
    ]
    less = [
        ("q", part, criteria.with_changes(text=words))
        for part, words in shorter
        if words and words != criteria.text
    ]
    less += [
        (name, value, criteria.without(name, value))
        for name, values in criteria.filters.items()
        for value in values
    ]
    counted = [
        (
            name,
            value,
            query.count_answers(reader, fewer, thesaurus, tenants),
            fewer,
        )
        for name, value, fewer in less
    ]
    return [entry for entry in counted if entry[2]]


def find_near_rows(
    indexes: SearchIndexes, tenant: UUID, dataset: Dataset, *, most: int
) -> list[int]:
    """The numbers of the datasets near this one, the nearest first; none while there is no index."""
    reader = indexes.find(tenant)
    if reader is None:
        return []
    named = " ".join([dataset.title, *dataset.keywords])
    return find_similar_rows(
        reader, dataset=str(dataset.id), named=named, theme=dataset.theme, most=most
    )


def list_spelling_alternatives(
    reader: IndexReader | None,
    page: SearchPage,
    tenants: Collection[UUID] | None = None,
) -> list[tuple[str, list[tuple[str, Criteria]]]]:
    """For each word that no dataset has, those that look like it, with the criteria that search them instead.

    `tenants`: of the joint index, as in `list_relaxed_searches`.
    """
    criteria = page.criteria
    if reader is None:
        return []
    if tenants is not None:
        reader = query.narrow_to_territories(reader, tenants)
    unknown = [
        word.text
        for word in page.words
        if not any(reader.searcher.doc_freq("text", stem) for stem in word.stems)
    ]
    suggestions = [(word, list_similar_words(reader, word)) for word in unknown]
    return [
        (
            word,
            [
                (
                    near,
                    criteria.with_changes(
                        text=_replace_word(criteria.text, word, near)
                    ),
                )
                for near in similar_words
            ],
        )
        for word, similar_words in suggestions
        if similar_words
    ]


def _replace_word(text: str, word: str, other: str) -> str:
    """The text with another word in the place of one that may have been typed with accents."""
    return WORD.sub(
        lambda match: other if plain_words(match.group()) == [word] else match.group(),
        text,
    )


async def walk_datasets(
    session: AsyncSession, *, after: UUID | None, size: int
) -> list[DatasetSummary]:
    """Published datasets by identifier, those that follow one: what stays is met once, whatever comes or goes."""
    if after is None:
        rest = LINE.where(IS_PUBLISHED)
    else:
        rest = LINE.where(IS_PUBLISHED, Dataset.id > after)
    return [
        read_summary(row)
        for row in await session.execute(rest.order_by(Dataset.id).limit(size))
    ]


async def list_newest(session: AsyncSession, criteria: Criteria) -> SearchPage:
    """What a search shows while there is no index: the newest, whatever the words."""
    columns = {
        "theme": Dataset.theme,
        "producer": Organisation.slug,
        "access": Dataset.access,
        "licence": Dataset.licence,
    }
    conditions = [
        IS_PUBLISHED,
        *(
            columns[name].in_(values)
            for name, values in criteria.filters.items()
            if name in columns
        ),
    ]
    if criteria.format:
        conditions.append(Dataset.formats.overlap(list(criteria.format)))
    newest = LINE.where(*conditions).order_by(Dataset.modified_at.desc(), Dataset.seq)
    total = await session.scalar(select(func.count()).select_from(newest.subquery()))
    rows = await session.execute(
        newest.limit(criteria.size).offset((criteria.page - 1) * criteria.size)
    )
    return SearchPage(
        criteria, total or 0, [read_summary(row) for row in rows], prepared=False
    )


async def read_lines(
    rows: RowReader | SessionRowReader, seqs: Sequence[int]
) -> dict[int, DatasetSummary]:
    """The datasets of some numbers, in their order; those that passers-by may not read any more are left out."""
    if not seqs:
        return {}
    rows_by_seq = {row[-1]: row for row in await rows.fetch(LINES, seqs)}
    return {seq: read_summary(rows_by_seq[seq]) for seq in seqs if seq in rows_by_seq}


def read_summary(row: Sequence[Any]) -> DatasetSummary:
    """The columns of LINE are those of a line, in its order, then the number."""
    return DatasetSummary(*row[:-1])


def _relate_near_datasets() -> RelatedRows[list[DatasetSummary]]:
    near: ColumnElement[Any] = literal_column("$2::bigint[]")
    lines = LINE.where(Dataset.seq == any_(near), IS_PUBLISHED).order_by(
        func.array_position(near, Dataset.seq)
    )
    return RelatedRows(
        str(lines.compile(compile_kwargs={"literal_binds": True})),
        lambda rows: [read_summary(row) for row in rows],
    )


NEAR_DATASETS = _relate_near_datasets()
"""Of the datasets near one, those that passers-by may read."""


async def get_dataset(session: AsyncSession, dataset_id: UUID) -> Dataset:
    """A published dataset with its producer, its distributions and how their addresses stand; it is for reading only.

    Raises:
        WithdrawnError: it was withdrawn.
        NotFoundError: the territory has none of this identifier.
    """
    dataset = await find_published_dataset(SessionRowReader(session), dataset_id)
    if dataset is not None:
        return dataset
    withdrawn = (
        select(Withdrawal)
        .where(Withdrawal.id == dataset_id)
        .options(joinedload(Withdrawal.organisation))
    )
    if withdrawal := await session.scalar(withdrawn):
        raise WithdrawnError(withdrawal)
    raise NotFoundError("No dataset has this address here.")


async def get_public_dataset(reading: PublicReading, dataset_id: UUID) -> Dataset:
    """The same of a reading that opens a session only where something asks for one.

    Raises:
        WithdrawnError: it was withdrawn.
        NotFoundError: the territory has none of this identifier.
    """
    dataset = await find_published_dataset(reading, dataset_id)
    if dataset is None:
        return await get_dataset(await reading.open_session(), dataset_id)
    return dataset


async def list_shown_producers(session: AsyncSession) -> list[Organisation]:
    """The producers that lists show, by name: one that nobody claimed only while something of it is here."""
    counts = await count_by_producer(session)
    return [
        producer
        for producer in await list_producers(session)
        if not producer.unclaimed or producer.id in counts
    ]


async def count_by_producer(session: AsyncSession) -> dict[UUID, int]:
    """How many published datasets each organisation has."""
    return {row[0]: row[1] for row in await session.execute(PUBLISHED_BY_PRODUCER)}
