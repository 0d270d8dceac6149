"""The records that another portal may have: every published dataset, with how many files and services it has."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.catalogue.models import Dataset, DatasetState, Distribution
from udi.portal.territory.declaration.outcomes import OwnRecord

MOST = 5_000


async def list_own_records(session: AsyncSession, origin: str) -> Sequence[OwnRecord]:
    """The published datasets of the territory, `MOST` at most, the oldest first."""
    files = (
        select(func.count())
        .select_from(Distribution)
        .where(
            Distribution.tenant_id == Dataset.tenant_id,
            Distribution.dataset_id == Dataset.id,
        )
        .scalar_subquery()
    )
    query = (
        select(
            Dataset.id,
            Dataset.title,
            Dataset.titles,
            Dataset.synopsis,
            Dataset.licence,
            Dataset.local_id,
            Dataset.doi,
            files.label("files"),
        )
        .where(Dataset.state == DatasetState.PUBLISHED)
        .order_by(Dataset.published_at, Dataset.id)
        .limit(MOST)
    )
    return [
        OwnRecord(
            row.id,
            row.title,
            row.titles,
            row.licence,
            row.files,
            f"{origin}/data/{row.id}",
            (row.local_id, row.doi),
            row.synopsis,
        )
        for row in await session.execute(query)
    ]
