"""Having people told by mail, once the change is durable: the worker writes the letters."""

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.portal.projects.models import Project, ProjectMember

TELL = "tell_project"


async def tell(session: AsyncSession, project: Project, what: str, member: ProjectMember | None = None) -> None:
    """Queue the mail that an event calls for; `member` is whom it is about."""
    payload = {"project": str(project.id), "what": what, "revision": project.revision or 1}
    await jobs.enqueue(session, TELL, payload | ({"member": str(member.id)} if member else {}))
