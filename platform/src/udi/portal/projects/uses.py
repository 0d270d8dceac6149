"""The projects that use a dataset, for its page."""

from uuid import UUID

from sqlalchemy import func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.functions import coalesce

from udi.kit.read_connections import SessionRowReader
from udi.portal.catalogue.dataset_page.reuses import DatasetReuse, DatasetReuseSummary
from udi.portal.organisations.models import Organisation
from udi.portal.projects.listing import PATH
from udi.portal.projects.models import Project, ProjectDataset
from udi.portal.projects.queries import NEWEST_FIRST, PUBLIC_CONDITIONS
from udi.portal.projects.transitions import ProjectState
from udi.portal.projects.translated_texts import join_texts

STATEMENT = str(
    select(
        Project.id,
        Project.title,
        Project.language,
        Project.translations,
        coalesce(Organisation.name, Project.leader_name).label("by"),
        ProjectDataset.thanked,
        Project.organisation_id,
        coalesce(Project.leader_id, Project.reporter_id).label("owner_id"),
        func.count().over().label("total"),
    )
    .select_from(Project)
    .outerjoin(
        Organisation,
        (Organisation.tenant_id == Project.tenant_id)
        & (Organisation.id == Project.organisation_id),
    )
    .join(
        ProjectDataset,
        (ProjectDataset.tenant_id == Project.tenant_id)
        & (ProjectDataset.project_id == Project.id),
    )
    .where(
        ProjectDataset.dataset_id == literal_column("$1::uuid"),
        Project.state != ProjectState.ARCHIVED,
        *PUBLIC_CONDITIONS,
    )
    .order_by(*NEWEST_FIRST)
    .limit(literal_column("$2::bigint"))
    .compile(compile_kwargs={"literal_binds": True})
)
"""For the driver: each page of a dataset asks it."""


async def find_uses(
    session: AsyncSession, dataset: UUID, most: int
) -> DatasetReuseSummary:
    """How many projects that everybody sees use a dataset, and the newest of them."""
    rows = await SessionRowReader(session).fetch(STATEMENT, dataset, most)
    if not rows:
        return DatasetReuseSummary()
    newest = [
        DatasetReuse(
            f"{PATH}/{row['id']}",
            join_texts(row["language"], row["title"], row["translations"], "title"),
            row["by"],
            row["thanked"],
            row["organisation_id"],
            row["owner_id"],
        )
        for row in rows
    ]
    return DatasetReuseSummary(rows[0]["total"], newest)
