"""One dataset that several sources describe: it has one page, and lists the other places where it is.

What is sure is matched within the territory alone: an identifier that means the same everywhere, the same page at the
source and a file in common, or what `likeness.is_sure` says. A node's own push is never taken over; a source of the same producer that is nearer to the
data is. When the place that a dataset was read in goes, another takes it over, under its address here.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import is_among
from udi.portal import audit
from udi.portal.catalogue.actions import lock_datasets
from udi.portal.catalogue.models import (
    Dataset,
    DatasetState,
    Distribution,
    Withdrawal,
)
from udi.portal.nodes.actions.push import lock_records
from udi.portal.nodes.harvest.record import HarvestedRecord
from udi.portal.nodes.sources.heirs import list_heirs, list_unclaimed
from udi.portal.nodes.sources.likeness import (
    ComparedRecord,
    Likeness,
    find_alike,
    find_by_column,
    find_by_names,
    is_sure,
)
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    DatasetMatch,
    MatchState,
    SourceRecord,
    SourceRecordAlias,
    SourceState,
)
from udi.portal.nodes.sources.origin_decisions import (
    MatchedDataset,
    Nearness,
    OriginDecision,
    decide_origin,
    global_names,
    host_name,
    measure_nearness,
)
from udi.portal.nodes.sources.other_origins import forget_other, list_other_origin
from udi.portal.nodes.sources.recognition import forget_names, move_names
from udi.protocol import structures as of
from udi.protocol.identifiers import comparison_key, is_page_of_one
from udi.protocol.record import restore_record

QUIET = {"synchronize_session": False}


@dataclass(frozen=True)
class OriginCandidate:
    """A record that is new to its source, or that describes (`same_as`) a dataset of another."""

    record: of.Record
    harvest_record: HarvestedRecord
    same_as: UUID | None = None
    is_known: bool = False
    """Whether it has a row of this source already."""


@dataclass(frozen=True)
class SharedDataset:
    """The dataset that a record describes as well, and what becomes of the two."""

    dataset: Dataset
    decision: OriginDecision


@dataclass(frozen=True)
class OriginMatch:
    """What is known of a record among the datasets of other places: the one that it describes, and what it has in common with others."""

    shared: SharedDataset | None = None
    similarities: Likeness = field(default_factory=dict)


async def match_datasets(
    session: AsyncSession,
    source: CatalogueSource,
    candidates: Sequence[OriginCandidate],
    published: Collection[UUID],
) -> list[OriginMatch]:
    """Tell of each record which dataset of another source or node it describes; none where it is one of its own.

    These datasets are locked, together with those that are `published` after: two sources never wait for each other.
    """
    ids, likenesses = await _find_ids(session, source, candidates)
    if not any(ids):
        return [OriginMatch(similarities=likeness) for likeness in likenesses]
    await lock_records(session, {*published, *(id_ for id_ in ids if id_)})
    locked = await lock_datasets(session, {*published, *(id_ for id_ in ids if id_)})
    datasets = {id_: locked[id_] for id_ in ids if id_ and id_ in locked}
    by_team = await _list_withdrawn_by_team(session, datasets)
    holders = await _list_holders(session, datasets.values())
    unclaimed = await list_unclaimed(session, datasets.values())
    origins = []
    for id_, likeness, candidate in zip(ids, likenesses, candidates, strict=True):
        dataset = datasets.get(id_) if id_ else None
        if dataset is None:
            origins.append(OriginMatch(similarities=likeness))
            continue
        match = MatchedDataset(
            is_own=dataset.node_id == source.id,
            is_pushed=dataset.node_id not in holders,
            is_closed=dataset.node_id in holders
            and holders[dataset.node_id].state == SourceState.CLOSED,
            is_published=dataset.state == DatasetState.PUBLISHED,
            by_team=dataset.id in by_team,
            same_producer=dataset.node_id in holders
            and holders[dataset.node_id].organisation_id == source.organisation_id,
            is_of_joined=dataset.node_id in holders
            and dataset.organisation_id
            not in {holders[dataset.node_id].organisation_id, *unclaimed},
            same_organisation=candidate.record.producer.id == dataset.organisation_id,
            nearness=_nearness_of(dataset, holders.get(dataset.node_id)),
        )
        nearness = measure_nearness(host_name(source.address), candidate.record)
        shared = SharedDataset(dataset, decide_origin(match, nearness))
        origins.append(OriginMatch(shared, likeness))
    return origins


async def _find_ids(
    session: AsyncSession,
    source: CatalogueSource,
    candidates: Sequence[OriginCandidate],
) -> tuple[list[UUID | None], list[Likeness]]:
    """By what the record was known to be, else by its identifiers, else by its page and files; what is not sure is none."""
    names = [global_names(candidate.harvest_record) for candidate in candidates]
    by_name = await find_by_names(session, source, set().union(*names))
    same_ids = await _find_by_ids(session, source, candidates)
    different = await _list_different(session, candidates)
    matches: list[UUID | None] = []
    for candidate, candidate_names in zip(candidates, names, strict=True):
        ids = {id_ for name in candidate_names for id_ in by_name.get(name, ())}
        ids -= different.get(candidate.record.id, set())
        if candidate.record.id in same_ids:
            matches.append(candidate.record.id)
        else:
            matches.append(candidate.same_as or (ids.pop() if len(ids) == 1 else None))
    open_places = [place for place, id_ in enumerate(matches) if id_ is None]
    by_page = await _find_by_pages(
        session, source, [candidates[place].record for place in open_places], different
    )
    for place, id_ in zip(open_places, by_page, strict=True):
        if id_ is not None and by_page.count(id_) == 1 and id_ not in matches:
            matches[place] = id_
    return matches, await _match_alike(session, source, candidates, matches, different)


async def _match_alike(
    session: AsyncSession,
    source: CatalogueSource,
    candidates: Sequence[OriginCandidate],
    matches: list[UUID | None],
    different: Mapping[UUID, set[UUID]],
) -> list[Likeness]:
    """Fill the places that are open by what two records have in common, where that leaves no doubt; what it is."""
    likenesses: list[Likeness] = [{} for _ in matches]
    places = [place for place, id_ in enumerate(matches) if id_ is None]
    compared = [
        ComparedRecord(candidates[place].record, candidates[place].harvest_record)
        for place in places
    ]
    similarities = await find_alike(session, source, compared)
    sure = [
        [
            id_
            for id_, bases in bases_by_id.items()
            if is_sure(bases)
            and id_ not in different.get(compared_record.record.id, ())
        ]
        for compared_record, bases_by_id in zip(compared, similarities, strict=True)
    ]
    claimed = Counter(id_ for ids in sure for id_ in ids)
    for place, ids, likeness in zip(places, sure, similarities, strict=True):
        likenesses[place] = likeness
        if len(ids) == 1 and claimed[ids[0]] == 1 and ids[0] not in matches:
            matches[place] = ids[0]
    return likenesses


async def _list_different(
    session: AsyncSession, candidates: Iterable[OriginCandidate]
) -> dict[UUID, set[UUID]]:
    """Of each record, the datasets that the team said are others."""
    ids = {candidate.record.id for candidate in candidates}
    query = select(DatasetMatch.first_id, DatasetMatch.second_id).where(
        DatasetMatch.state == MatchState.DIFFERENT,
        or_(
            is_among(DatasetMatch.first_id, ids), is_among(DatasetMatch.second_id, ids)
        ),
    )
    different = defaultdict[UUID, set[UUID]](set)
    for first, second in await session.execute(query):
        different[first].add(second)
        different[second].add(first)
    return different


async def _find_by_ids(
    session: AsyncSession,
    source: CatalogueSource,
    candidates: Sequence[OriginCandidate],
) -> set[UUID]:
    """Datasets of others under the very identifier of a record; one that is withdrawn only where it was of this source."""
    known = {candidate.record.id: candidate.is_known for candidate in candidates}
    query = select(Dataset.id, Dataset.state).where(
        is_among(Dataset.id, known), Dataset.node_id != source.id
    )
    return {
        row.id
        for row in await session.execute(query)
        if row.state == DatasetState.PUBLISHED or known[row.id]
    }


async def _find_by_pages(
    session: AsyncSession,
    source: CatalogueSource,
    records: Sequence[of.Record],
    different: Mapping[UUID, set[UUID]],
) -> list[UUID | None]:
    """Datasets of others that have the page of a record at its producer, and one of its files."""
    addresses = {
        media.url
        for record in records
        if is_page_of_one(record.description.source)
        for media in record.media
    }
    if not addresses:
        return [None] * len(records)
    owners = await find_by_column(session, source, Distribution.url, addresses)
    ids = {id_ for some in owners.values() for id_ in some}
    loaded = select(Dataset).where(is_among(Dataset.id, ids))
    pages = {
        dataset.id: comparison_key(restore_record(dataset.record).description.source)
        for dataset in await session.scalars(loaded)
    }
    matches: list[UUID | None] = []
    for record in records:
        page = record.description.source
        same = {
            id_
            for media in record.media
            for id_ in owners.get(media.url, ())
            if is_page_of_one(page) and pages[id_] == comparison_key(page)
        }
        same -= different.get(record.id, set())
        matches.append(same.pop() if len(same) == 1 else None)
    return matches


async def _list_withdrawn_by_team(
    session: AsyncSession, datasets: Mapping[UUID, Dataset]
) -> set[UUID]:
    gone = [
        dataset.id
        for dataset in datasets.values()
        if dataset.state != DatasetState.PUBLISHED
    ]
    if not gone:
        return set()
    query = select(Withdrawal.id).where(
        is_among(Withdrawal.id, gone), Withdrawal.by_team
    )
    return set(await session.scalars(query))


async def _list_holders(
    session: AsyncSession, datasets: Iterable[Dataset]
) -> dict[UUID, CatalogueSource]:
    """The sources that datasets are read in; what has none is pushed by its node."""
    nodes = {dataset.node_id for dataset in datasets}
    query = select(CatalogueSource).where(is_among(CatalogueSource.id, nodes))
    return {holder.id: holder for holder in await session.scalars(query)}


def _nearness_of(dataset: Dataset, holder: CatalogueSource | None) -> Nearness:
    if holder is None or not dataset.record:
        return Nearness.ELSEWHERE
    return measure_nearness(host_name(holder.address), restore_record(dataset.record))


async def take_over(
    session: AsyncSession,
    source: CatalogueSource,
    shared: SharedDataset,
    row: SourceRecord | None,
    moment: datetime,
) -> None:
    """Read a dataset in this source from now on, under its address; where it was read before is said beside."""
    dataset = shared.dataset
    former = await session.get(CatalogueSource, (source.tenant_id, dataset.node_id))
    if row is not None and row.id != dataset.id:
        await session.delete(row)
        await forget_names(session, source.id, [row.id])
    forget_other(dataset, source.id, moment)
    if dataset.node_id == source.id:
        return
    if former is not None and dataset.state == DatasetState.PUBLISHED:
        theirs = await session.get(
            SourceRecord, (source.tenant_id, former.id, dataset.id)
        )
        if theirs is not None:
            theirs.withdrawn = True
            theirs.same_as = dataset.id
        if theirs is not None and former.state != SourceState.CLOSED:
            list_other_origin(
                dataset,
                former,
                record_id=dataset.id,
                identifier=theirs.identifier,
                page=restore_record(dataset.record).description.source,
                moment=moment,
            )
    dataset.node_id = source.id
    dataset.harvester_id = source.organisation_id
    await session.flush()
    audit.record(
        session, None, "dataset.origin_changed", dataset.id, node=str(source.id)
    )


async def hand_over(
    session: AsyncSession,
    source: CatalogueSource,
    datasets: Iterable[Dataset],
    moment: datetime,
) -> set[UUID]:
    """Have other sources read on what leaves this one, where they describe it too; the datasets that stay so."""
    held = {
        dataset.id: dataset
        for dataset in datasets
        if dataset.node_id == source.id
        and dataset.state == DatasetState.PUBLISHED
        and dataset.other_origins
    }
    if not held:
        return set()
    handed: set[UUID] = set()
    for row, reader_id in await list_heirs(session, source, held):
        dataset = held[row.same_as] if row.same_as else None
        if dataset is not None and dataset.id not in handed:
            handed.add(dataset.id)
            await _move_record(session, dataset, row, reader_id, moment)
    return handed


async def _move_record(
    session: AsyncSession,
    dataset: Dataset,
    row: SourceRecord,
    reader_id: UUID,
    moment: datetime,
) -> None:
    """The record of another source is that of the dataset from now on; its source is read soon, which renews the description."""
    heir = row.source_id
    former_id = row.id
    forget_other(dataset, heir, moment)
    dataset.node_id = heir
    dataset.harvester_id = reader_id
    await session.flush()
    of_heir = (SourceRecord.source_id == heir, SourceRecord.id == former_id)
    if former_id != dataset.id:
        await session.execute(
            delete(SourceRecord).where(
                SourceRecord.source_id == heir, SourceRecord.id == dataset.id
            ),
            execution_options=QUIET,
        )
    await session.execute(
        update(SourceRecord)
        .where(*of_heir)
        .values(id=dataset.id, withdrawn=False, same_as=None, digest="", missing=0),
        execution_options=QUIET,
    )
    session.expunge(row)
    if former_id != dataset.id:
        await move_names(session, heir, former_id, dataset.id)
        alias = {"source_id": heir, "id": former_id, "record_id": dataset.id}
        await session.execute(
            insert(SourceRecordAlias).on_conflict_do_nothing(),
            [{**alias, "loose": False}],
        )
    free = (
        select(CatalogueSource.id)
        .where(CatalogueSource.id == heir, CatalogueSource.lease.is_(None))
        .with_for_update(skip_locked=True, key_share=True)
    )
    await session.execute(
        update(CatalogueSource)
        .where(CatalogueSource.id.in_(free))
        .values(etag="", last_modified="", whole_read_at=None, next_at=moment),
        execution_options=QUIET,
    )
    audit.record(session, None, "dataset.origin_changed", dataset.id, node=str(heir))
