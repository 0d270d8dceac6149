"""Having people notified by mail of a call, once the change is durable."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.portal.projects.calls.models import Call

SEND_CALL_EMAIL = "tell_call"


async def queue_email(
    session: AsyncSession, call: Call, what: str, about: UUID
) -> None:
    """Queue the mail that an event calls for; `about` is the juror, the question or the submission."""
    await jobs.enqueue(
        session,
        SEND_CALL_EMAIL,
        {"call": str(call.id), "what": what, "about": str(about)},
    )
