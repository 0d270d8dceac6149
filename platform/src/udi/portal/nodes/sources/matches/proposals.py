"""Proposing that two datasets are one, where a record has much in common with a dataset of another place."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.nodes.sources.import_results import RecordImport
from udi.portal.nodes.sources.likeness import (
    ComparedRecord,
    MatchBasis,
    find_alike,
    is_likely,
)
from udi.portal.nodes.sources.models import CatalogueSource, DatasetMatch, MatchState
from udi.portal.nodes.sources.reconciliation import RecordAction

MOST_OF_ONE = 3
"""Datasets that one record is compared with by a person."""
ORDER = tuple(MatchBasis)


async def propose_matches(
    session: AsyncSession,
    source: CatalogueSource,
    results: Sequence[RecordImport],
    moment: datetime,
) -> None:
    """Propose for each record that is new here the datasets of other places that it may be; what was answered stays."""
    new = [
        ComparedRecord(result.record, result.harvest_record)
        for result in results
        if result.action is RecordAction.CREATED
        and result.row is None
        and result.record
        and result.harvest_record
    ]
    similarities = await find_alike(session, source, new)
    rows = []
    for compared, bases_by_id in zip(new, similarities, strict=True):
        likely = [
            (id_, bases) for id_, bases in bases_by_id.items() if is_likely(bases)
        ]
        likely.sort(key=lambda item: (_strength(item[1]), str(item[0])))
        for id_, bases in likely[:MOST_OF_ONE]:
            first, second = order_pair(compared.record.id, id_)
            rows.append(
                {
                    "first_id": first,
                    "second_id": second,
                    "basis": min(bases, key=ORDER.index).value,
                    "state": MatchState.PROPOSED.value,
                    "proposed_at": moment,
                }
            )
    if rows:
        await session.execute(insert(DatasetMatch).on_conflict_do_nothing(), rows)


def _strength(bases: frozenset[MatchBasis]) -> list[int]:
    return sorted(map(ORDER.index, bases))


def order_pair(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """Two identifiers in the order in which the database compares them."""
    return (one, other) if one.bytes < other.bytes else (other, one)
