"""Having people notified by mail, once the change is durable: the worker writes the emails."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.portal.projects.models import Project, ProjectMember

NOTIFY_PROJECT = "tell_project"


async def queue_notification(
    session: AsyncSession,
    project: Project,
    what: str,
    member: ProjectMember | None = None,
    *,
    dataset: UUID | None = None,
) -> None:
    """Queue the mail that an event calls for; `member` is whom it is about, or `dataset` what."""
    payload = {
        "project": str(project.id),
        "what": what,
        "revision": project.revision or 1,
    }
    if member:
        payload["member"] = str(member.id)
    if dataset:
        payload["dataset"] = str(dataset)
    await jobs.enqueue(session, NOTIFY_PROJECT, payload)
