"""What projects, calls and data requests keep of a dataset that is one with another, moved to the page that stays."""

from uuid import UUID

from sqlalchemy import delete, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.projects.calls.models import CallDataset
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.projects.models import ProjectDataset

QUIET = {"synchronize_session": False}


async def move_dataset_uses(session: AsyncSession, former: UUID, later: UUID) -> None:
    """Move them; where the later dataset has them already, they stay as they are there."""
    use = ProjectDataset
    uses = select(
        use.tenant_id,
        use.project_id,
        literal(later, use.dataset_id.type),
        use.added_at,
        use.thanked,
        use.thanked_at,
    ).where(use.dataset_id == former)
    columns = [
        "tenant_id",
        "project_id",
        "dataset_id",
        "added_at",
        "thanked",
        "thanked_at",
    ]
    await session.execute(
        insert(use).from_select(columns, uses).on_conflict_do_nothing()
    )
    await session.execute(
        delete(use).where(use.dataset_id == former), execution_options=QUIET
    )
    offer = CallDataset
    offers = select(
        offer.tenant_id, offer.call_id, literal(later, offer.dataset_id.type)
    ).where(offer.dataset_id == former)
    await session.execute(
        insert(offer)
        .from_select(["tenant_id", "call_id", "dataset_id"], offers)
        .on_conflict_do_nothing()
    )
    await session.execute(
        delete(offer).where(offer.dataset_id == former), execution_options=QUIET
    )
    answered = update(DataRequest).where(DataRequest.dataset_id == former)
    await session.execute(answered.values(dataset_id=later), execution_options=QUIET)
