"""Taking notices of nodes, and acknowledging them for a project."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.access.models import AccessAgreement
from udi.portal.nodes.models import Node
from udi.portal.selfdata.recipients.models import DataChangeNotice
from udi.protocol.recipient_notices import (
    RecipientNoticeReports,
    RecipientNoticeState,
)

NOTIFY_PROJECT = "notify_project_of_change"


async def take_notices(
    session: AsyncSession, node: Node, reports: RecipientNoticeReports
) -> Mapping[UUID, RecipientNoticeState]:
    """Keep what a node tells of its own agreements, once each; where each stands."""
    states = {}
    for report in reports.notices:
        agreement = await session.scalar(
            select(AccessAgreement).where(
                AccessAgreement.id == report.agreement,
                AccessAgreement.node_id == node.id,
                AccessAgreement.dataset_id == report.dataset,
            )
        )
        if agreement is None:
            states[report.id] = RecipientNoticeState.UNKNOWN
            continue
        values = {
            "id": report.id,
            "agreement_id": agreement.id,
            "version": report.version,
            "change": report.change,
            "noticed_on": report.noticed_on,
            "received_at": now(),
        }
        statement = insert(DataChangeNotice).values(values).on_conflict_do_nothing()
        added = await session.scalar(statement.returning(DataChangeNotice.id))
        if added is not None:
            await jobs.enqueue(session, NOTIFY_PROJECT, {"notice": str(report.id)})
        notice = await session.get_one(DataChangeNotice, (node.tenant_id, report.id))
        states[report.id] = _state_of(notice, agreement)
    return states


def _state_of(
    notice: DataChangeNotice, agreement: AccessAgreement
) -> RecipientNoticeState:
    if notice.agreement_id != agreement.id:
        return RecipientNoticeState.UNKNOWN
    if notice.acknowledged_at is None:
        return RecipientNoticeState.WAITING
    return RecipientNoticeState.ACKNOWLEDGED


async def acknowledge_notice(
    session: AsyncSession, actor: Actor, agreement_id: UUID, notice_id: UUID
) -> None:
    """Say for the project that what was read before is corrected or erased; once more changes nothing.

    Raises:
        NotFoundError: the agreement has no such notice.
    """
    query = select(DataChangeNotice).where(
        DataChangeNotice.id == notice_id,
        DataChangeNotice.agreement_id == agreement_id,
    )
    notice = await session.scalar(query.with_for_update())
    if notice is None:
        raise NotFoundError("This agreement has no such notice.")
    if notice.acknowledged_at is not None:
        return
    notice.acknowledged_at = now()
    notice.acknowledged_by = actor.person_id
    audit.record(session, actor, "data_change.acknowledged", agreement_id)
    await session.flush()
