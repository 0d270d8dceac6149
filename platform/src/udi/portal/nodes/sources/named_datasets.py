"""Datasets that are here, by the names that services and reuses of a source call them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import is_among
from udi.portal.nodes.sources.likeness import find_by_names
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    SourceRecord,
    SourceRecordAlias,
)
from udi.portal.nodes.sources.origin_decisions import spell_names
from udi.portal.nodes.sources.recognition import own_ids


@dataclass(frozen=True)
class NamedDatasets:
    """What each name finds: one dataset, or none that is sure."""

    ids: Mapping[str, UUID]
    """The dataset that is shown, by each name that finds one."""
    possible_ids: Mapping[str, Collection[UUID]]
    """What a name may mean besides: what the source withdrew, and several of other places that have it."""


async def find_datasets(
    session: AsyncSession, source: CatalogueSource, identifiers: Collection[str]
) -> NamedDatasets:
    """Find records of the source, or those of others by what means the same everywhere: an address, a DOI, a UUID."""
    own_datasets = await _find_own_datasets(session, source, identifiers)
    ids = dict(own_datasets.ids)
    possible_ids = dict(own_datasets.possible_ids)
    spellings = {name: spell_names([name]) for name in identifiers if name not in ids}
    by_name = await find_by_names(session, source, set().union(*spellings.values()))
    for name, spelt in spellings.items():
        candidates = {id_ for spelling in spelt for id_ in by_name.get(spelling, ())}
        if len(candidates) == 1:
            ids[name] = candidates.pop()
        elif candidates:
            possible_ids[name] = candidates.union(possible_ids.get(name, ()))
    return NamedDatasets(ids, possible_ids)


async def _find_own_datasets(
    session: AsyncSession, source: CatalogueSource, identifiers: Collection[str]
) -> NamedDatasets:
    ids_by_name = {name: own_ids(source.id, name) for name in identifiers if name}
    ids = {id_ for ids in ids_by_name.values() for id_ in ids}
    if not ids:
        return NamedDatasets({}, {})
    alias = SourceRecordAlias
    aliases = select(alias.id, alias.record_id).where(
        alias.source_id == source.id, is_among(alias.id, ids), ~alias.loose
    )
    records = {row[0]: row[1] for row in await session.execute(aliases)}
    record = SourceRecord
    rows = select(
        record.id,
        func.coalesce(record.same_as, record.id),
        and_(record.withdrawn, record.same_as.is_(None)),
    ).where(
        record.source_id == source.id,
        is_among(record.id, {*ids, *records.values()}),
    )
    datasets = {row[0]: (row[1], row[2]) for row in await session.execute(rows)}
    dataset_ids: dict[str, UUID] = {}
    withdrawn_ids: dict[str, set[UUID]] = {}
    for name, candidates in ids_by_name.items():
        for id_ in sorted(candidates):
            dataset, is_withdrawn = datasets.get(records.get(id_, id_), (None, False))
            if dataset and is_withdrawn:
                withdrawn_ids.setdefault(name, set()).add(dataset)
            elif dataset:
                dataset_ids[name] = dataset
    return NamedDatasets(dataset_ids, withdrawn_ids)
