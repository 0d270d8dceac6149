"""What waits for producers: questions of projects about data that they hold."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.portal.consents.queries import list_notices_to_accept, notice_of
from udi.portal.identity.inbox import InboxItem, InboxKind, InboxRole


async def list_waiting_notices(
    session: AsyncSession, actor: Actor
) -> Sequence[InboxItem]:
    """For publishers: each notice that waits for their producer."""
    items = []
    for version, organisation in await list_notices_to_accept(session, actor):
        notice = notice_of(version)
        items.append(
            InboxItem(
                kind=InboxKind.CONSENT_NOTICE,
                role=InboxRole.PRODUCER,
                id=version.id,
                title=notice.question,
                titles={notice.language: notice.question},
                url=f"/agreements/{version.agreement_id}/consents",
                since=version.submitted_at,
                who=notice.project_title,
                organisation=organisation.name,
            )
        )
    return items
