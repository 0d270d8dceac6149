"""Datasets whose page may not go: an agreement that holds names it, or somebody waits for an answer about it."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select, union
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import is_among
from udi.portal.access.agreements.transitions import AgreementState
from udi.portal.access.models import (
    AccessAgreement,
    AccessRequest,
    AccessRequestState,
)

IN_FORCE = (
    AgreementState.UNCONFIRMED,
    AgreementState.ACTIVE,
    AgreementState.SUSPENDED,
    AgreementState.REVOKING,
)
WAITING = (
    AccessRequestState.SUBMITTED,
    AccessRequestState.QUESTIONED,
    AccessRequestState.COUNTERED,
)


async def find_bound_datasets(
    session: AsyncSession, datasets: Collection[UUID]
) -> set[UUID]:
    """Those of some datasets: what was signed names its dataset for good, and cannot be said of another."""
    agreements = select(AccessAgreement.dataset_id).where(
        is_among(AccessAgreement.dataset_id, datasets),
        AccessAgreement.state.in_(IN_FORCE),
    )
    requests = select(AccessRequest.dataset_id).where(
        is_among(AccessRequest.dataset_id, datasets), AccessRequest.state.in_(WAITING)
    )
    return set(await session.scalars(union(agreements, requests)))
