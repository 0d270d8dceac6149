"""Proposing that two datasets are one, where a record has much in common with a dataset of another place."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.nodes.sources.import_results import RecordImport
from udi.portal.nodes.sources.likeness import MatchBasis, is_likely
from udi.portal.nodes.sources.models import DatasetMatch, MatchState
from udi.portal.nodes.sources.reconciliation import RecordAction

MOST_OF_ONE = 3
"""Datasets that one record is compared with by a person."""
ORDER = tuple(MatchBasis)


async def propose_matches(
    session: AsyncSession,
    results: Sequence[RecordImport],
    moment: datetime,
) -> None:
    """Propose for each record that is new here the datasets of other places that it may be; what was answered stays."""
    # A record of the same slice may have taken over a dataset meanwhile: it is of another place no more.
    ids = {result.record.id for result in results if result.record}
    rows = []
    for result in results:
        if (
            result.action is not RecordAction.CREATED
            or result.row is not None
            or result.record is None
        ):
            continue
        likely = [
            (id_, bases)
            for id_, bases in result.similarities.items()
            if is_likely(bases) and id_ not in ids
        ]
        likely.sort(key=lambda item: (_strength(item[1]), str(item[0])))
        for id_, bases in likely[:MOST_OF_ONE]:
            first, second = order_pair(result.record.id, id_)
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
