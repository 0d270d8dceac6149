"""The other places where a dataset is too: named on its page, and no more once a source leaves."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import is_among
from udi.portal.catalogue.actions import lock_datasets
from udi.portal.catalogue.models import Dataset
from udi.portal.nodes.sources.crawl import host_of
from udi.portal.nodes.sources.models import CatalogueSource, SourceRecord
from udi.portal.nodes.sources.recognition import forget_names
from udi.protocol.validators import is_url

QUIET = {"synchronize_session": False}
BATCH = 100
MOST_OTHERS = 20
"""Places that the page of one dataset names."""


def list_other_origin(
    dataset: Dataset,
    source: CatalogueSource,
    *,
    record_id: UUID,
    identifier: str,
    page: str,
    moment: datetime,
) -> None:
    """Have the page of a dataset say that it is also at another source, since a day; what it says already stays."""
    entry: dict[str, Any] = {
        "source": str(source.id),
        "record": str(record_id),
        "site": host_of(source.address),
        "url": page if is_url(page) else "",
        "identifier": identifier,
        "since": moment.date().isoformat(),
    }
    former = [
        other for other in dataset.other_origins if _is_at(other, source.id, record_id)
    ]
    if former:
        entry["since"] = former[0]["since"]
    if former == [entry]:
        return
    others = [other for other in dataset.other_origins if other not in former]
    _set_others(dataset, [*others, entry], moment)


def _is_at(other: Mapping[str, Any], source: UUID, record_id: UUID | None) -> bool:
    return other["source"] == str(source) and record_id in {None, UUID(other["record"])}


def _set_others(
    dataset: Dataset, others: Iterable[dict[str, Any]], moment: datetime
) -> None:
    """In an order of their own, whichever source was read first."""
    ordered = sorted(
        others, key=lambda other: (other["since"], other["site"], other["record"])
    )
    listed_origins = ordered[:MOST_OTHERS]
    if listed_origins != dataset.other_origins:
        dataset.other_origins = listed_origins
        dataset.described_at = moment


def forget_other(
    dataset: Dataset, source: UUID, moment: datetime, record_id: UUID | None = None
) -> None:
    """Have the page of a dataset name a source no more, or one record of it."""
    others = [
        other for other in dataset.other_origins if not _is_at(other, source, record_id)
    ]
    if len(others) < len(dataset.other_origins):
        _set_others(dataset, others, moment)


async def move_other_origins(
    session: AsyncSession, dataset: Dataset, former: Dataset, moment: datetime
) -> None:
    """What other sources say of a dataset, they say from now on of the one that it was before."""
    _set_others(former, [*former.other_origins, *dataset.other_origins], moment)
    same = update(SourceRecord).where(SourceRecord.same_as == dataset.id)
    await session.execute(same.values(same_as=former.id), execution_options=QUIET)


async def lists_elsewhere(session: AsyncSession, source: CatalogueSource) -> bool:
    """Whether datasets are said to be also at this source."""
    query = select(SourceRecord.id).where(
        SourceRecord.source_id == source.id, SourceRecord.same_as.is_not(None)
    )
    return await session.scalar(query.limit(1)) is not None


async def forget_other_origins(
    session: AsyncSession,
    source: CatalogueSource,
    moment: datetime,
    *,
    except_run: UUID | None = None,
) -> bool:
    """Say no more that datasets are also at a source: all of them, or those that a whole reading did not meet.

    A batch of them; whether that was the last.
    """
    conditions: list[Any] = [
        SourceRecord.source_id == source.id,
        SourceRecord.same_as.is_not(None),
    ]
    if except_run is not None:
        conditions.append(
            or_(SourceRecord.seen_run.is_(None), SourceRecord.seen_run != except_run)
        )
    query = (
        select(SourceRecord.id, SourceRecord.same_as)
        .where(*conditions)
        .order_by(SourceRecord.id)
        .limit(BATCH)
    )
    rows = (await session.execute(query)).all()
    datasets = await lock_datasets(
        session, sorted({row.same_as for row in rows if row.same_as})
    )
    for row in rows:
        if dataset := datasets.get(row.same_as):
            forget_other(dataset, source.id, moment, row.id)
    await session.flush()
    ids = [row.id for row in rows]
    await session.execute(
        delete(SourceRecord).where(*conditions, is_among(SourceRecord.id, ids)),
        execution_options=QUIET,
    )
    await forget_names(session, source.id, ids)
    return len(rows) < BATCH
