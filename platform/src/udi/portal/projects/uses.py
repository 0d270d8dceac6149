"""The projects that use a dataset, for its page."""

from sqlalchemy import func, literal_column, select
from sqlalchemy.sql.functions import coalesce

from udi.portal.catalogue.dataset_page.reuses import (
    MOST,
    DatasetReuse,
    DatasetReuseSummary,
)
from udi.portal.catalogue.related_rows import RelatedRows, Rows
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
    .limit(MOST)
    .compile(compile_kwargs={"literal_binds": True})
)


def _summarise_uses(rows: Rows) -> DatasetReuseSummary:
    """How many projects that everybody sees use a dataset, and the newest of them."""
    if not rows:
        return DatasetReuseSummary()
    newest = []
    for id_, title, language, translations, by, thanked, organisation, owner, _ in rows:
        titles = join_texts(language, title, translations, "title")
        newest.append(
            DatasetReuse(f"{PATH}/{id_}", titles, by, thanked, organisation, owner)
        )
    return DatasetReuseSummary(rows[0][-1], newest)


USES_OF_DATASET = RelatedRows(STATEMENT, _summarise_uses)
