"""Saying whether two datasets are one."""

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError
from udi.kit.identity import Actor
from udi.portal.audit import record
from udi.portal.catalogue import actions as catalogue
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.nodes.actions.push import lock_records
from udi.portal.nodes.sources.matches.queries import require_team
from udi.portal.nodes.sources.matches.uses import FindBound, queue_move
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    DatasetMatch,
    MatchState,
    SourceRecord,
    SourceState,
)
from udi.portal.nodes.sources.other_origins import (
    forget_other,
    list_other_origin,
    move_other_origins,
)
from udi.protocol.record import restore_record

Translate = Callable[[str, str], str]
"""A message in a language."""


async def decide_match(
    session: AsyncSession,
    actor: Actor,
    match: DatasetMatch,
    *,
    same: bool,
    say: Translate,
    bound: Collection[FindBound] = (),
) -> None:
    """Remember the answer; of two that are one, the page that was there first stays, and says where the dataset is too.

    `bound` tell which pages may not go, whatever came first. Whoever said that two are the same may take it back: the other page comes again with the next reading.

    Raises:
        ForbiddenError: the person is not of the territory's team.
        ConflictError: it was answered, one of them is gone, both are pushed by nodes, or neither page may go.
    """
    require_team(actor)
    if match.state == MatchState.DIFFERENT or (same and match.state == MatchState.SAME):
        raise ConflictError("This question was answered already.")
    moment = now()
    if same:
        await _join(session, match, say, moment, bound)
    elif match.state == MatchState.SAME:
        await _separate(session, match, moment)
    match.state = MatchState.SAME if same else MatchState.DIFFERENT
    match.decided_at = moment
    record(
        session,
        actor,
        "dataset.match_answered",
        match.first_id,
        other=str(match.second_id),
        same=same,
    )


async def _join(
    session: AsyncSession,
    match: DatasetMatch,
    say: Translate,
    moment: datetime,
    bound: Collection[FindBound],
) -> None:
    ids = {match.first_id, match.second_id}
    nodes = select(Dataset.node_id).where(Dataset.id.in_(ids))
    sources = await _lock_sources(session, set(await session.scalars(nodes)))
    await lock_records(session, ids)
    datasets = await catalogue.lock_datasets(session, ids)
    pair = [datasets[id_] for id_ in ids if id_ in datasets]
    if len(pair) < len(ids) or any(
        dataset.state != DatasetState.PUBLISHED for dataset in pair
    ):
        raise ConflictError("One of the two datasets is not published any more.")
    moved = {dataset.node_id for dataset in pair} - sources.keys()
    sources |= await _lock_sources(session, moved)
    held = {id_ for find_bound in bound for id_ in await find_bound(session, ids)}
    # What its node pushes stays: nobody here may take it off.
    pair.sort(
        key=lambda dataset: (
            dataset.node_id in sources,
            dataset.id not in held,
            dataset.published_at,
        )
    )
    stays, goes = pair
    if goes.id in held:
        raise ConflictError(
            "Agreements or requests for access name each of the two datasets.",
            remedy="End or answer those of one of them first.",
        )
    source = sources.get(goes.node_id)
    if source is None:
        raise ConflictError(
            "Both datasets are published by the nodes of their producers.",
            remedy="Ask one of the producers to withdraw theirs.",
        )
    await _list_elsewhere(session, source, stays, goes, moment)
    await move_other_origins(session, goes, stays, moment)
    await catalogue.withdraw_dataset(
        session,
        goes,
        reason=say(
            source.language,
            "It is the same dataset as one that had its page already.",
        ),
    )
    await queue_move(session, goes.id, stays.id)


async def _lock_sources(
    session: AsyncSession, ids: Collection[UUID]
) -> dict[UUID, CatalogueSource]:
    """Those of these ids that are sources: a reading of one waits, as it locks its source before its datasets."""
    query = (
        select(CatalogueSource)
        .where(CatalogueSource.id.in_(ids))
        .order_by(CatalogueSource.id)
        .with_for_update(key_share=True)
    )
    return {source.id: source for source in await session.scalars(query)}


async def _separate(
    session: AsyncSession, match: DatasetMatch, moment: datetime
) -> None:
    """Have the record of the page that went be a dataset again: its source is read at once."""
    one = match.first_id
    other = match.second_id
    query = select(SourceRecord).where(
        or_(
            and_(SourceRecord.id == one, SourceRecord.same_as == other),
            and_(SourceRecord.id == other, SourceRecord.same_as == one),
        )
    )
    holders = await session.scalars(query.with_only_columns(SourceRecord.source_id))
    sources = await _lock_sources(session, set(holders))
    row = await session.scalar(query.limit(1))
    if row is None or row.same_as is None:
        raise ConflictError(
            "This answer cannot be taken back any more: one dataset took the place of the other.",
        )
    datasets = await catalogue.lock_datasets(session, {row.same_as})
    if stays := datasets.get(row.same_as):
        forget_other(stays, row.source_id, moment, row.id)
    row.same_as = None
    row.digest = ""
    if source := sources.get(row.source_id):
        source.etag = source.last_modified = ""
        source.whole_read_at = None
        if source.state == SourceState.ACTIVE and source.lease is None:
            source.next_at = moment


async def _list_elsewhere(
    session: AsyncSession,
    source: CatalogueSource,
    stays: Dataset,
    goes: Dataset,
    moment: datetime,
) -> None:
    """The record of the page that goes describes the other from now on; its source is read on."""
    row = await session.get(SourceRecord, (source.tenant_id, source.id, goes.id))
    if row is None:
        raise ConflictError("One of the two datasets is not published any more.")
    row.withdrawn = True
    row.same_as = stays.id
    row.digest = ""
    list_other_origin(
        stays,
        source,
        record_id=goes.id,
        identifier=row.identifier,
        page=restore_record(goes.record).description.source,
        moment=moment,
    )
    await session.flush()
