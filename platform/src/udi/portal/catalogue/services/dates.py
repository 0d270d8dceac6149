"""When services changed: those who ask for what changed since then read what they serve now."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import is_among
from udi.portal.catalogue.services.models import (
    CatalogueService,
    CatalogueServiceDataset,
)


async def date_services_of(
    session: AsyncSession, datasets: Collection[UUID], moment: datetime
) -> None:
    """Say that the services of some datasets changed: a dataset that they serve came into the catalogue, or left it."""
    if not datasets:
        return
    serving = select(CatalogueServiceDataset.service_id).where(
        is_among(CatalogueServiceDataset.dataset_id, datasets)
    )
    changed = update(CatalogueService).where(
        CatalogueService.id.in_(serving), CatalogueService.withdrawn_at.is_(None)
    )
    await session.execute(
        changed.values(changed_at=moment),
        execution_options={"synchronize_session": False},
    )
