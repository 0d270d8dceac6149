"""What follows a change of services: what shows them is made again, and readers of what changed are told of it."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import is_among
from udi.portal.catalogue.services.models import CatalogueService

NOTE = text("""
INSERT INTO ops.search_change (tenant_id, dataset_id)
SELECT app.current_tenant(), id FROM unnest(CAST(:ids AS uuid[])) AS id""")


async def note_changed_services(
    session: AsyncSession, services: Collection[UUID]
) -> None:
    """Have made again what shows them: the catalogue, and the pages of the datasets that they serve."""
    if services:
        await session.execute(NOTE, {"ids": list(services)})
        await session.execute(text("NOTIFY search_change"))


async def date_services(
    session: AsyncSession, services: Collection[UUID], moment: datetime
) -> None:
    """Say when services changed: those who ask for what changed since then read what they serve now."""
    if services:
        changed = update(CatalogueService).where(
            is_among(CatalogueService.id, services)
        )
        await session.execute(
            changed.values(changed_at=moment),
            execution_options={"synchronize_session": False},
        )
