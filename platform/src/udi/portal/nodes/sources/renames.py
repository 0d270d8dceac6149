"""Records of a source that came back under other identifiers: recognised, shown side by side, joined when a person says so."""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from udi.kit.clock import now
from udi.kit.db import is_not_among
from udi.portal.catalogue import actions as catalogue
from udi.portal.catalogue.models import Dataset, DatasetState, Distribution
from udi.portal.nodes.harvest.identity import fold_address, fold_text
from udi.portal.nodes.sources.matches.uses import queue_renamed
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    SourceRecord,
    SourceRecordAlias,
    SourceRun,
)
from udi.portal.nodes.sources.other_origins import move_other_origins
from udi.portal.nodes.sources.recognition import move_names

BATCH = 100
MOST_SHOWN = 50
QUIET = {"synchronize_session": False}
Translate = Callable[[str], str]
LATER = aliased(SourceRecord)
RENAMED = and_(
    LATER.tenant_id == SourceRecord.tenant_id,
    LATER.source_id == SourceRecord.source_id,
    LATER.id == SourceRecord.renamed_to,
)
"""A record under its new identifier, joined to the one under its former."""


@dataclass(frozen=True)
class Content:
    """What two records have in common when only their identifiers differ."""

    title: str
    files: frozenset[str]

    @classmethod
    def of(cls, title: str, addresses: Sequence[str]) -> "Content":
        return cls(fold_text(title), frozenset(map(fold_address, addresses)))

    @property
    def without_hosts(self) -> "Content":
        """The same on another host: a catalogue moves with its files."""
        paths = frozenset(file.partition("/")[2] for file in self.files)
        return Content(self.title, paths)


@dataclass(frozen=True)
class RenamedRecord:
    """A record under its former identifier and its new one."""

    former_id: UUID
    new_id: UUID
    title: str
    former_identifier: str
    new_identifier: str


@dataclass(frozen=True)
class Renames:
    """How many records seem to have another identifier, and of how many an earlier reading said so."""

    total: int = 0
    known: int = 0


def pair_contents(
    gone: Mapping[UUID, Content], new: Mapping[UUID, Content]
) -> dict[UUID, UUID]:
    """Which new record is which that is gone: where one of each alone has that title and those files, then those paths."""
    pairs = _pair_by(gone, new)
    rest_gone = {
        id_: content.without_hosts for id_, content in gone.items() if id_ not in pairs
    }
    taken = set(pairs.values())
    rest_new = {
        id_: content.without_hosts for id_, content in new.items() if id_ not in taken
    }
    return pairs | _pair_by(rest_gone, rest_new)


def _pair_by(
    gone: Mapping[UUID, Hashable], new: Mapping[UUID, Hashable]
) -> dict[UUID, UUID]:
    places = [defaultdict[Hashable, list[UUID]](list) for _ in range(2)]
    for place, side in zip(places, (gone, new), strict=True):
        for id_, content in side.items():
            place[content].append(id_)
    former, later = places
    return {
        ids[0]: later[content][0]
        for content, ids in former.items()
        if len(ids) == 1 and len(later.get(content, ())) == 1
    }


async def find_renames(
    session: AsyncSession,
    source: CatalogueSource,
    run: SourceRun,
    away: Sequence[Any],
) -> Renames:
    """Which records that are not there came back under another identifier in this reading, or before; kept with them."""
    known = await _read_known_renames(session, run, away)
    await _forget_renames(session, source, known)
    if not run.created:
        return Renames(len(known), len(known))
    gone = await _read_contents(session, [*away, is_not_among(SourceRecord.id, known)])
    created = [
        SourceRecord.source_id == source.id,
        ~SourceRecord.withdrawn,
        SourceRecord.seen_run == run.id,
        SourceRecord.first_read_at >= run.started_at,
    ]
    pairs = pair_contents(gone, await _read_contents(session, created))
    await _store_renames(session, source, pairs)
    return Renames(len(known) + len(pairs), len(known))


async def _store_renames(
    session: AsyncSession, source: CatalogueSource, pairs: Mapping[UUID, UUID]
) -> None:
    """One statement for all of them: a catalogue that moved has as many as it has records."""
    ids = ARRAY(SourceRecord.id.type)
    pair = (
        func.unnest(literal(list(pairs), ids), literal(list(pairs.values()), ids))
        .table_valued("former_id", "later_id")
        .render_derived()
    )
    statement = update(SourceRecord).where(
        SourceRecord.source_id == source.id, SourceRecord.id == pair.c.former_id
    )
    await session.execute(
        statement.values(renamed_to=pair.c.later_id), execution_options=QUIET
    )


async def _read_known_renames(
    session: AsyncSession, run: SourceRun, away: Sequence[Any]
) -> dict[UUID, UUID]:
    """Those of earlier readings that this one shows as well: the former is not there, the later is."""
    query = (
        select(SourceRecord.id, LATER.id)
        .join(LATER, RENAMED)
        .where(*away, LATER.seen_run == run.id)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def _forget_renames(
    session: AsyncSession, source: CatalogueSource, known: Collection[UUID] = ()
) -> None:
    statement = update(SourceRecord).where(
        SourceRecord.source_id == source.id,
        SourceRecord.renamed_to.is_not(None),
        is_not_among(SourceRecord.id, known),
    )
    await session.execute(statement.values(renamed_to=None), execution_options=QUIET)


async def _read_contents(
    session: AsyncSession, conditions: Sequence[Any]
) -> dict[UUID, Content]:
    query = (
        select(Dataset.id, Dataset.title, func.array_agg(Distribution.url))
        .join(
            SourceRecord,
            and_(
                SourceRecord.tenant_id == Dataset.tenant_id,
                SourceRecord.id == Dataset.id,
                SourceRecord.source_id == Dataset.node_id,
            ),
        )
        .outerjoin(
            Distribution,
            and_(
                Distribution.tenant_id == Dataset.tenant_id,
                Distribution.dataset_id == Dataset.id,
            ),
        )
        .where(*conditions)
        .group_by(Dataset.id, Dataset.title)
    )
    return {
        id_: Content.of(title, [url for url in urls if url])
        for id_, title, urls in await session.execute(query)
    }


async def count_renames(session: AsyncSession, source: CatalogueSource) -> int:
    """How many records seem to have another identifier."""
    query = select(func.count()).where(
        SourceRecord.source_id == source.id, SourceRecord.renamed_to.is_not(None)
    )
    return await session.scalar(query) or 0


async def list_renames(
    session: AsyncSession, source: CatalogueSource, *, limit: int
) -> list[RenamedRecord]:
    """Records that seem to have another identifier, by it."""
    query = (
        select(
            SourceRecord.id,
            LATER.id,
            Dataset.title,
            SourceRecord.identifier,
            LATER.identifier,
        )
        .join(LATER, RENAMED)
        .join(
            Dataset,
            and_(
                Dataset.tenant_id == SourceRecord.tenant_id,
                Dataset.id == SourceRecord.id,
            ),
        )
        .where(SourceRecord.source_id == source.id)
        .order_by(SourceRecord.identifier, SourceRecord.id)
        .limit(limit)
    )
    return [RenamedRecord(*row) for row in await session.execute(query)]


async def join_batch(
    session: AsyncSession, source: CatalogueSource, say: Translate
) -> None:
    """Join a batch of records with those that they became: the former address stays, under the new identifier.

    Whoever came to use the page that the new identifier had made meanwhile uses the one that stays.
    """
    pairs = await list_renames(session, source, limit=BATCH)
    ids = [id_ for pair in pairs for id_ in (pair.former_id, pair.new_id)]
    datasets = await catalogue.lock_datasets(session, ids)
    reason = say("It is the same dataset as one that had its page already.")
    stays: dict[UUID, UUID] = {}
    for pair in pairs:
        dataset = datasets.get(pair.new_id)
        if (
            dataset is not None
            and dataset.node_id == source.id
            and dataset.state == DatasetState.PUBLISHED
        ):
            if former := datasets.get(pair.former_id):
                await move_other_origins(session, dataset, former, now())
                stays[dataset.id] = former.id
            await catalogue.withdraw_dataset(session, dataset, reason=reason)
        await _join_records(session, source, pair)
    await queue_renamed(session, stays)
    if len(pairs) < BATCH:
        await _forget_renames(session, source)
        source.accepts_renames = False


async def _join_records(
    session: AsyncSession, source: CatalogueSource, pair: RenamedRecord
) -> None:
    record = SourceRecord
    of_new = (record.source_id == source.id, record.id == pair.new_id)
    of_former = (record.source_id == source.id, record.id == pair.former_id)
    alias = SourceRecordAlias
    seen_run = await session.scalar(select(record.seen_run).where(*of_new))
    await session.execute(delete(record).where(*of_new), execution_options=QUIET)
    former = update(record).where(*of_former)
    values = {
        "identifier": pair.new_identifier,
        "digest": "",
        "missing": 0,
        "seen_run": seen_run,
        "renamed_to": None,
    }
    await session.execute(former.values(values), execution_options=QUIET)
    await move_names(session, source.id, pair.new_id, pair.former_id)
    name = {"source_id": source.id, "id": pair.new_id, "record_id": pair.former_id}
    await session.execute(
        insert(alias).on_conflict_do_nothing(), [{**name, "loose": False}]
    )
