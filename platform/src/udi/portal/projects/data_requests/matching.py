"""Who may hold the data that somebody asks for: the producers whose datasets are the nearest, with these as the reason."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.catalogue.search.index import IndexReader
from udi.portal.catalogue.search.similarity import find_similar_rows
from udi.portal.catalogue.search.words import query_words
from udi.portal.catalogue.stewards import STEWARD_ID
from udi.portal.organisations.joining.name_similarity import similarity
from udi.portal.organisations.models import Organisation
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.projects.data_requests.transitions import OPEN, DataRequestState

MOST_NEAR = 40
MOST_SHOWN = 5
MOST_PRODUCERS = 3
MOST_NAMED = 2
NEAR = 0.55
MOST_COMPARED = 500


@dataclass(frozen=True)
class SimilarDataset:
    """A dataset near what is asked for."""

    id: UUID
    title: str
    slug: str
    theme: str
    access: str
    producer: str
    organisation_id: UUID
    keywords: tuple[str, ...] = ()
    language: str = ""
    """Of the data, where they have one: their title is most often in it too."""


def drop_same_titles(near: Sequence[SimilarDataset]) -> list[SimilarDataset]:
    """The same without those whose title a nearer one of the same producer has: a list of links tells them apart."""
    first = {
        (dataset.title, dataset.organisation_id): dataset for dataset in reversed(near)
    }
    return [
        dataset
        for dataset in near
        if first[dataset.title, dataset.organisation_id] is dataset
    ]


@dataclass(frozen=True)
class LikelyProducer:
    """A producer that may hold the data, and the reason: `datasets` of its own that are near, else how many of the theme."""

    organisation: Organisation
    datasets: tuple[SimilarDataset, ...] = ()
    of_theme: int = 0

    @property
    def reason(self) -> dict[str, Any]:
        """As the route keeps it."""
        named = [
            {"id": str(dataset.id), "title": dataset.title}
            for dataset in drop_same_titles(self.datasets)[:MOST_NAMED]
        ]
        if named:
            return {"datasets": named, "near": len(self.datasets)}
        return {"of_theme": self.of_theme}


async def find_similar_datasets(
    session: AsyncSession, reader: IndexReader | None, title: str, theme: str
) -> list[SimilarDataset]:
    """The datasets that share the rarest words of a title, the nearest first; none without an index."""
    seqs = find_similar_sequence_numbers(reader, title, theme, most=MOST_NEAR)
    rows = await read_similar_datasets(session, seqs)
    return [rows[seq] for seq in seqs if seq in rows]


def find_similar_sequence_numbers(
    reader: IndexReader | None, title: str, theme: str, *, most: int, producer: str = ""
) -> list[int]:
    """The numbers of such datasets; `producer`: those of this one only, by its slug."""
    if reader is None or not title.strip():
        return []
    query_text = " ".join(word for word, _ in query_words(title))
    return find_similar_rows(
        reader, dataset="", named=query_text, theme=theme, most=most, producer=producer
    )


async def read_similar_datasets(
    session: AsyncSession, seqs: Collection[int]
) -> dict[int, SimilarDataset]:
    """The datasets of these numbers that are published, by number."""
    if not seqs:
        return {}
    columns = (
        Dataset.seq,
        Dataset.id,
        Dataset.title,
        Dataset.slug,
        Dataset.theme,
        Dataset.access,
        Dataset.keywords,
        Dataset.languages,
    )
    same = (Organisation.tenant_id == Dataset.tenant_id) & (
        Organisation.id == Dataset.organisation_id
    )
    query = select(
        *columns, Organisation.name, STEWARD_ID.label("organisation_id")
    ).join(Organisation, same)
    published_query = query.where(
        Dataset.seq.in_(seqs), Dataset.state == DatasetState.PUBLISHED
    )
    return {
        row.seq: _make_similar_dataset(row)
        for row in await session.execute(published_query)
    }


def _make_similar_dataset(row: Any) -> SimilarDataset:
    language = row.languages[0] if len(row.languages) == 1 else ""
    same = (
        row.id,
        row.title,
        row.slug,
        row.theme,
        row.access,
        row.name,
        row.organisation_id,
    )
    return SimilarDataset(*same, tuple(row.keywords), language)


async def find_likely_producers(
    session: AsyncSession, near: Sequence[SimilarDataset], theme: str
) -> list[LikelyProducer]:
    """The producers of the nearest datasets; where nothing is near, those with the most datasets of the theme."""
    if not near:
        if theme:
            return await _find_theme_producers(session, theme)
        return []
    datasets_by_producer: dict[UUID, list[SimilarDataset]] = {}
    for dataset in near:
        datasets_by_producer.setdefault(dataset.organisation_id, []).append(dataset)
    weights = {dataset.organisation_id: 0.0 for dataset in near}
    for place, dataset in enumerate(near):
        weights[dataset.organisation_id] += 1 / (place + 1)
    best = sorted(datasets_by_producer, key=lambda id_: (-weights[id_], str(id_)))[
        :MOST_PRODUCERS
    ]
    producers_by_id = {
        producer.id: producer
        for producer in await session.scalars(
            select(Organisation).where(Organisation.id.in_(best))
        )
    }
    return [
        LikelyProducer(producers_by_id[id_], tuple(datasets_by_producer[id_]))
        for id_ in best
        if id_ in producers_by_id
    ]


async def _find_theme_producers(
    session: AsyncSession, theme: str
) -> list[LikelyProducer]:
    count = func.count().label("count")
    counted = (
        select(STEWARD_ID.label("organisation_id"), count)
        .where(Dataset.theme == theme, Dataset.state == DatasetState.PUBLISHED)
        .group_by("organisation_id")
        .order_by(count.desc(), "organisation_id")
        .limit(MOST_PRODUCERS)
    )
    rows = [(row.organisation_id, row[1]) for row in await session.execute(counted)]
    ids = [id_ for id_, _ in rows]
    producers_by_id = {
        producer.id: producer
        for producer in await session.scalars(
            select(Organisation).where(Organisation.id.in_(ids))
        )
    }
    return [
        LikelyProducer(producers_by_id[id_], of_theme=number)
        for id_, number in rows
        if id_ in producers_by_id
    ]


async def find_similar_requests(
    session: AsyncSession, title: str, *, but: UUID | None = None
) -> list[DataRequest]:
    """Open or answered requests whose title looks like this one, the most alike first."""
    states = (*OPEN, DataRequestState.DECLINED, DataRequestState.DELIVERED)
    query = (
        select(DataRequest)
        .where(DataRequest.state.in_(states))
        .order_by(DataRequest.submitted_at.desc())
    )
    rows = [
        data_request
        for data_request in await session.scalars(query.limit(MOST_COMPARED))
        if data_request.id != but
    ]
    rated = sorted(
        (
            (similarity(title, data_request.title), data_request)
            for data_request in rows
        ),
        key=lambda pair: -pair[0],
    )
    return [data_request for rate, data_request in rated[:MOST_SHOWN] if rate >= NEAR]
