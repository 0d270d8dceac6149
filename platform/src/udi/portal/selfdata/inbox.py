"""What waits for managers: to say whether their organisation holds personal data."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.identity import Actor
from udi.portal.identity.inbox import MOST_OF_A_DOMAIN, InboxItem, InboxKind, InboxRole
from udi.portal.organisations.models import Organisation
from udi.portal.selfdata.models import ProcessingStatement

LEFT_ALONE = timedelta(days=7)
"""How long an organisation is here before it is asked."""


async def list_unstated_registers(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """For managers: each of their organisations that has not said, a week after it came."""
    slugs = [slug for slug in actor.memberships if actor.may_manage(slug)]
    if not slugs:
        return []
    stated = select(ProcessingStatement.organisation_id)
    query = (
        select(Organisation)
        .where(
            Organisation.slug.in_(slugs),
            Organisation.producer,
            Organisation.created_at <= now() - LEFT_ALONE,
            Organisation.id.not_in(stated),
        )
        .order_by(Organisation.created_at)
        .limit(MOST_OF_A_DOMAIN)
    )
    return [
        InboxItem(
            kind=InboxKind.PROCESSING,
            role=InboxRole.PRODUCER,
            id=organisation.id,
            title=organisation.name,
            url=f"/my-space/organisations/{organisation.slug}/processing",
            since=organisation.created_at + LEFT_ALONE,
        )
        for organisation in await session.scalars(query)
    ]
