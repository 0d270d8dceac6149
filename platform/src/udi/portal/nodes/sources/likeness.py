"""What two records of different places have in common, and whether that leaves a doubt."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import is_among
from udi.portal.catalogue.models import Dataset, DatasetState, Distribution
from udi.portal.nodes.harvest.identity import fold_text
from udi.portal.nodes.harvest.record import HarvestedRecord
from udi.portal.nodes.sources.models import CatalogueSource
from udi.portal.nodes.sources.origin_decisions import spell_names
from udi.protocol import structures as of
from udi.protocol.identifiers import UUID_FORM
from udi.protocol.record import restore_record

MOST_OWNERS = 50
"""Datasets that have one file, checksum or title in common: what more have tells of none which it is."""


class MatchBasis(StrEnum):
    """What two records have in common, the surest first."""

    SOURCE = "source"
    """One says that it comes from the other (`dct:source`)."""
    CHECKSUM = "checksum"
    """The bytes of a file."""
    FILE = "file"
    """The address of a file."""
    TITLE = "title"
    PUBLISHER = "publisher"


Bases = Collection[MatchBasis]
Likeness = Mapping[UUID, frozenset[MatchBasis]]
"""What a record has in common with each dataset of other places."""


def is_sure(bases: Bases) -> bool:
    """Whether they are one dataset: it says so itself and something else agrees, or bytes, title and publisher are the same."""
    has = set(bases)
    if MatchBasis.SOURCE in has:
        return bool(has & {MatchBasis.TITLE, MatchBasis.FILE, MatchBasis.CHECKSUM})
    return {MatchBasis.CHECKSUM, MatchBasis.TITLE, MatchBasis.PUBLISHER} <= has


def is_likely(bases: Bases) -> bool:
    """Whether a person is asked: a service of maps or a title alone is in common to too many."""
    has = set(bases)
    if has & {MatchBasis.SOURCE, MatchBasis.CHECKSUM}:
        return True
    if MatchBasis.FILE in has:
        return bool(has & {MatchBasis.TITLE, MatchBasis.PUBLISHER})
    return {MatchBasis.TITLE, MatchBasis.PUBLISHER} <= has


@dataclass(frozen=True)
class ComparedRecord:
    """A record that is compared with the datasets of other places."""

    record: of.Record
    harvest_record: HarvestedRecord

    @property
    def titles(self) -> set[str]:
        """Its titles, in all languages."""
        return {fold_text(title) for title in self.harvest_record.title.values()}

    @property
    def publishers(self) -> set[str]:
        """The names of its publisher, or of who stands for it."""
        publisher = self.harvest_record.publisher
        names = publisher.name.values() if publisher else ()
        return {fold_text(name) for name in names or (self.record.producer.name,)}

    @property
    def checksums(self) -> set[str]:
        """The checksums of its files."""
        return {
            media.checksum.value
            for media in self.record.media
            if media.checksum and media.checksum.value
        }

    @property
    def addresses(self) -> set[str]:
        """The addresses of its files."""
        return {media.url for media in self.record.media if media.url}

    @property
    def source_names(self) -> set[str]:
        """What it says that it comes from, where that names one dataset."""
        return spell_names(term.uri for term in self.harvest_record.sources if term.uri)


async def find_alike(
    session: AsyncSession, source: CatalogueSource, records: Sequence[ComparedRecord]
) -> list[Likeness]:
    """Tell of each record which published datasets of other places have something in common with it, and what."""
    if not records:
        return []
    by_name = await find_by_names(
        session, source, set().union(*(record.source_names for record in records))
    )
    by_checksum = await find_by_column(
        session,
        source,
        Distribution.hash_value,
        set().union(*(record.checksums for record in records)),
    )
    by_address = await find_by_column(
        session,
        source,
        Distribution.url,
        set().union(*(record.addresses for record in records)),
    )
    by_title = await _find_by_titles(session, source, records)
    similarities: list[dict[UUID, set[MatchBasis]]] = []
    for record in records:
        bases = defaultdict[UUID, set[MatchBasis]](set)
        _note(bases, MatchBasis.SOURCE, by_name, record.source_names)
        _note(bases, MatchBasis.CHECKSUM, by_checksum, record.checksums)
        _note(bases, MatchBasis.FILE, by_address, record.addresses)
        _note(bases, MatchBasis.TITLE, by_title, record.titles)
        similarities.append(bases)
    await _compare_words(session, records, similarities)
    return [
        {
            id_: frozenset(bases)
            for id_, bases in some.items()
            if id_ != record.record.id
        }
        for record, some in zip(records, similarities, strict=True)
    ]


def _note(
    bases: dict[UUID, set[MatchBasis]],
    basis: MatchBasis,
    owners: Mapping[str, Collection[UUID]],
    values: Iterable[str],
) -> None:
    for value in values:
        for id_ in owners.get(value, ()):
            bases[id_].add(basis)


async def find_by_names(
    session: AsyncSession, source: CatalogueSource, names: Collection[str]
) -> dict[str, set[UUID]]:
    """Datasets of others that are shown, by each name that they have of these."""
    if not names:
        return {}
    different_names = set(names)
    names_by_id = defaultdict[UUID, set[str]](set)
    for name in different_names:
        for match in UUID_FORM.findall(name):
            names_by_id[UUID(match)].add(name)
    query = select(Dataset.id, Dataset.local_id, Dataset.doi).where(
        Dataset.state == DatasetState.PUBLISHED,
        Dataset.node_id != source.id,
        or_(
            is_among(Dataset.local_id, different_names),
            is_among(Dataset.doi, different_names),
            is_among(Dataset.id, names_by_id.keys()),
        ),
    )
    by_name: dict[str, set[UUID]] = {}
    for row in await session.execute(query):
        same_names = {row.local_id, row.doi} & different_names
        for name in same_names | names_by_id.get(row.id, set()):
            by_name.setdefault(name, set()).add(row.id)
    return by_name


def _elsewhere(source: CatalogueSource) -> list[Any]:
    return [Dataset.state == DatasetState.PUBLISHED, Dataset.node_id != source.id]


def _rare(owners: Mapping[str, set[UUID]]) -> dict[str, set[UUID]]:
    return {value: ids for value, ids in owners.items() if len(ids) <= MOST_OWNERS}


async def find_by_column(
    session: AsyncSession,
    source: CatalogueSource,
    column: Any,
    values: Collection[str],
) -> dict[str, set[UUID]]:
    """Datasets of other places by a value of their files; values that very many have are left out, such as one service of maps."""
    if not values:
        return {}
    owners = Dataset.id.distinct()
    query = (
        select(column, func.array_agg(owners))
        .select_from(Distribution)
        .join(
            Dataset,
            (Dataset.tenant_id == Distribution.tenant_id)
            & (Dataset.id == Distribution.dataset_id),
        )
        .where(is_among(column, values), column != "", *_elsewhere(source))
        .group_by(column)
        .having(func.count(owners) <= MOST_OWNERS)
    )
    return {value: set(ids) for value, ids in await session.execute(query)}


def select_by_titles(
    source: CatalogueSource, titles: Collection[str]
) -> Select[str, UUID]:
    """Title and identifier of each dataset of other places that has one of these main titles, in small letters."""
    return select(Dataset.title, Dataset.id).where(
        is_among(Dataset.title_folded, titles), *_elsewhere(source)
    )


async def _find_by_titles(
    session: AsyncSession, source: CatalogueSource, records: Sequence[ComparedRecord]
) -> dict[str, set[UUID]]:
    """Datasets of other places by their main title."""
    titles = {title for record in records for title in record.titles}
    owners = defaultdict[str, set[UUID]](set)
    for title, id_ in await session.execute(select_by_titles(source, titles)):
        owners[fold_text(title)].add(id_)
    return _rare(owners)


async def _compare_words(
    session: AsyncSession,
    records: Sequence[ComparedRecord],
    similarities: Sequence[dict[UUID, set[MatchBasis]]],
) -> None:
    """Add title and publisher to what is in common, of the datasets that were found."""
    counts = Counter(id_ for some in similarities for id_ in some)
    if not counts:
        return
    loaded = select(Dataset).where(is_among(Dataset.id, list(counts)))
    datasets = {dataset.id: dataset for dataset in await session.scalars(loaded)}
    publishers = {id_: _publishers_of(dataset) for id_, dataset in datasets.items()}
    for record, some in zip(records, similarities, strict=True):
        for id_, bases in some.items():
            dataset = datasets.get(id_)
            if dataset is None:
                continue
            titles = {
                fold_text(dataset.title),
                *map(fold_text, dataset.titles.values()),
            }
            if titles & record.titles:
                bases.add(MatchBasis.TITLE)
            if publishers[id_] & record.publishers:
                bases.add(MatchBasis.PUBLISHER)


def _publishers_of(dataset: Dataset) -> set[str]:
    if not dataset.record:
        return set()
    record = restore_record(dataset.record)
    publisher = record.metadata.publisher
    names = publisher.name.values() if publisher else ()
    return {fold_text(name) for name in names or (record.producer.name,)}
