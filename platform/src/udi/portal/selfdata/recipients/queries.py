"""Reads of notices: those of an agreement, and those that wait for who leads its project."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.portal.access.models import AccessAgreement
from udi.portal.identity.inbox import MOST_OF_A_DOMAIN, InboxItem, InboxKind, InboxRole
from udi.portal.projects.queries import select_led_projects
from udi.portal.selfdata.recipients.models import DataChangeNotice
from udi.protocol.agreement import read_agreement

MOST_LISTED = 500


def notices_path(agreement_id: UUID) -> str:
    """Where the two sides of an agreement see its notices."""
    return f"/agreements/{agreement_id}/data-changes"


async def list_notices(
    session: AsyncSession, agreement_id: UUID
) -> Sequence[DataChangeNotice]:
    """The notices of an agreement, the newest first."""
    query = (
        select(DataChangeNotice)
        .where(DataChangeNotice.agreement_id == agreement_id)
        .order_by(DataChangeNotice.received_at.desc(), DataChangeNotice.id)
        .limit(MOST_LISTED)
    )
    return (await session.scalars(query)).all()


async def list_waiting_notices(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """For who leads a project: each notice that it has not acknowledged."""
    query = (
        select(DataChangeNotice, AccessAgreement)
        .join(
            AccessAgreement,
            (AccessAgreement.tenant_id == DataChangeNotice.tenant_id)
            & (AccessAgreement.id == DataChangeNotice.agreement_id),
        )
        .where(
            DataChangeNotice.acknowledged_at.is_(None),
            AccessAgreement.project_id.in_(select_led_projects(actor)),
        )
        .order_by(DataChangeNotice.received_at)
        .limit(MOST_OF_A_DOMAIN)
    )
    return [
        InboxItem(
            kind=InboxKind.DATA_CHANGE,
            role=InboxRole.PERSON,
            id=notice.id,
            title=read_agreement(agreement.document).dataset_title,
            url=notices_path(agreement.id),
            since=notice.received_at,
        )
        for notice, agreement in await session.execute(query)
    ]
