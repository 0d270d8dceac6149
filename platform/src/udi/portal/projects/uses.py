"""The projects that use a dataset, for its page."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.catalogue.uses import Use, Uses
from udi.portal.projects.listing import PATH, Line, list_using


async def find_uses(session: AsyncSession, dataset: UUID, most: int) -> Uses:
    """How many projects that everybody sees use a dataset, and the newest of them."""
    total, lines = await list_using(session, dataset, most=most)
    return Uses(total, [_use(line) for line in lines])


def _use(line: Line) -> Use:
    project = line.project
    by = line.organisation.name if line.organisation else project.leader_name
    return Use(f"{PATH}/{project.id}", project.title, project.language, by)
