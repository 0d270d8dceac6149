"""The producer of a dataset thanks those who made something with it: one word, beside the reuse."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, ForbiddenError, NotFoundError
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import IS_PUBLISHED
from udi.portal.catalogue.stewards import STEWARD_ID
from udi.portal.organisations.models import Organisation
from udi.portal.projects.actions.notifications import queue_notification
from udi.portal.projects.models import Project, ProjectDataset
from udi.portal.projects.queries import is_owner


async def give_thanks(
    session: AsyncSession, actor: Actor, project: Project, dataset: UUID
) -> None:
    """Show that the producer of a dataset thanks a project for its use; whoever answers for the project is told, once.

    Raises:
        NotFoundError: the project uses no such dataset, or it is not published.
        ForbiddenError: the person does not publish for its producer.
        ConflictError: not everybody sees the project, or it is of the producer or the person.
    """
    use, producer_id = await _get_use(session, actor, project, dataset)
    if is_owner(project, actor) or project.organisation_id == producer_id:
        raise ConflictError(
            "This project is your own or that of your organisation.",
            remedy="Thank those who use your data elsewhere.",
        )
    if not project.listed:
        raise ConflictError(
            "Not everybody sees this project.",
            remedy="Thank for it once its page is public.",
        )
    if use.thanked:
        return
    use.thanked = True
    if use.thanked_at is None:
        use.thanked_at = now()
        await queue_notification(session, project, "thanked", dataset=dataset)
    audit.record(session, actor, "reuse.thanked", project.id, dataset=str(dataset))


async def withdraw_thanks(
    session: AsyncSession, actor: Actor, project: Project, dataset: UUID
) -> None:
    """Show the thanks no more.

    Raises:
        NotFoundError, ForbiddenError: as for `give_thanks`.
    """
    use, _ = await _get_use(session, actor, project, dataset)
    if use.thanked:
        use.thanked = False
        audit.record(
            session, actor, "reuse.unthanked", project.id, dataset=str(dataset)
        )


async def _get_use(
    session: AsyncSession, actor: Actor, project: Project, dataset: UUID
) -> tuple[ProjectDataset, UUID]:
    """That a project uses a dataset, held until the transaction ends; and the organisation that produces it."""
    query = (
        select(ProjectDataset, Organisation.id, Organisation.slug, Organisation.name)
        .join(
            Dataset,
            (Dataset.tenant_id == ProjectDataset.tenant_id)
            & (Dataset.id == ProjectDataset.dataset_id),
        )
        .join(
            Organisation,
            (Organisation.tenant_id == Dataset.tenant_id)
            & (Organisation.id == STEWARD_ID),
        )
        .where(
            ProjectDataset.project_id == project.id,
            ProjectDataset.dataset_id == dataset,
            IS_PUBLISHED,
        )
        .with_for_update(of=ProjectDataset)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFoundError("This project does not use this dataset.")
    use: ProjectDataset = row.ProjectDataset
    if not actor.may_publish(row.slug):
        raise ForbiddenError(
            "Only people who publish for %(name)s can thank in its name.",
            values={"name": row.name},
        )
    return use, row.id
