"""Whose people look after a dataset: its publisher's; where nobody claimed that, those of the producer that reads it."""

from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from udi.portal.catalogue.models import Dataset
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import find_organisation

Publisher = aliased(Organisation)
IS_UNCLAIMED = (
    select(Publisher.id)
    .where(
        Publisher.tenant_id == Dataset.tenant_id,
        Publisher.id == Dataset.organisation_id,
        Publisher.unclaimed,
    )
    .correlate(Dataset)
    .exists()
)
STEWARD_ID: ColumnElement[UUID] = case(
    (IS_UNCLAIMED, func.coalesce(Dataset.harvester_id, Dataset.organisation_id)),
    else_=Dataset.organisation_id,
)
"""The organisation whose people may act for a dataset, and are told."""
Steward = aliased(Organisation)
IS_STEWARD = (Steward.tenant_id == Dataset.tenant_id) & (Steward.id == STEWARD_ID)


async def find_steward(session: AsyncSession, dataset: Dataset) -> Organisation:
    """The organisation whose people may act for a dataset, and are told."""
    if not dataset.organisation.unclaimed:
        return dataset.organisation
    harvester = await find_organisation(session, dataset.harvester_id)
    return harvester or dataset.organisation
