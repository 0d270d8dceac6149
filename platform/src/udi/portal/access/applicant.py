"""The project of a request as its producer reads it: said with the request, since the project itself may be confidential."""

from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.access.models import Applicant
from udi.portal.organisations.models import Organisation
from udi.portal.projects.models import Project
from udi.protocol.policy import Requester


async def describe_applicant(session: AsyncSession, project: Project) -> Applicant:
    """The project as it is now, for who may read it."""
    leads = None
    if project.organisation_id is not None:
        leads = await session.get(
            Organisation, (project.tenant_id, project.organisation_id)
        )
    return Applicant(
        id=project.id,
        title=project.title,
        summary=project.summary,
        requester=Requester(project.requester),
        organisation_id=leads.id if leads else None,
        organisation=leads.name if leads else "",
        confidential=project.confidential,
    )
