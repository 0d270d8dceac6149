"""The projects that use a dataset, for its page."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.catalogue.reuses import DatasetReuse, DatasetReuseSummary
from udi.portal.projects.listing import PATH, ProjectSummary, list_projects_using


async def find_uses(
    session: AsyncSession, dataset: UUID, most: int
) -> DatasetReuseSummary:
    """How many projects that everybody sees use a dataset, and the newest of them."""
    total, lines = await list_projects_using(session, dataset, most=most)
    return DatasetReuseSummary(total, [_make_use(line) for line in lines])


def _make_use(line: ProjectSummary) -> DatasetReuse:
    project = line.project
    if line.organisation:
        by = line.organisation.name
    else:
        by = project.leader_name
    return DatasetReuse(f"{PATH}/{project.id}", project.title, project.language, by)
