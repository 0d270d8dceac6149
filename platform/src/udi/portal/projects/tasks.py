"""What the worker does for projects: tells people by mail, unless what it would tell is past."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.jobs import Handlers, Job
from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import IS_PUBLISHED
from udi.portal.catalogue.stewards import STEWARD_ID
from udi.portal.identity.models import Person
from udi.portal.organisations.models import Organisation
from udi.portal.projects.actions.notifications import NOTIFY_PROJECT
from udi.portal.projects.emails import FOR_TEAM, ThankedUse, write_email
from udi.portal.projects.models import Project, ProjectDataset, ProjectMember
from udi.portal.projects.transitions import TeamMemberStage
from udi.ui.emails import EmailRecipient, person_recipient, team_recipient
from udi.ui.site import Site


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name; those of a closed territory wait."""

    async def tell(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        member = job.payload.get("member")
        dataset = job.payload.get("dataset")
        await send_notification(
            site,
            territory,
            UUID(job.payload["project"]),
            job.payload["what"],
            job.payload["revision"],
            UUID(member) if member else None,
            dataset_id=UUID(dataset) if dataset else None,
        )

    return {NOTIFY_PROJECT: tell}


async def send_notification(
    site: Site,
    territory: Territory,
    id_: UUID,
    what: str,
    revision: int,
    member_id: UUID | None = None,
    *,
    dataset_id: UUID | None = None,
) -> None:
    """Tell somebody of something that happened to a project, if it still holds.

    Raises:
        EmailError: the relay did not take it; it is tried again.
    """
    async with site.database.session(territory.id, role="worker") as session:
        project = await session.get(Project, (territory.id, id_))
        if member_id:
            member = await session.get(ProjectMember, (territory.id, member_id))
        else:
            member = None
        use = await _find_thanked_use(session, id_, dataset_id)
        if project is None or not is_still_valid(project, what, member, use):
            return
        if what in FOR_TEAM:
            recipient = team_recipient(territory)
        else:
            recipient = await _find_recipient(session, territory, project, member)
    if recipient.address:
        mail = write_email(
            site, territory, project, what, revision, recipient, member=member, use=use
        )
        await site.send_email(territory, mail)


def is_still_valid(
    project: Project,
    what: str,
    member: ProjectMember | None,
    use: ThankedUse | None = None,
) -> bool:
    """Whether what is to be told is still so."""
    return {
        "invited": member is not None and member.stage == TeamMemberStage.INVITED,
        "added": member is not None and member.stage == TeamMemberStage.JOINED,
        "published": project.listed,
        "reported": project.listed,
        "thanked": project.listed and use is not None,
        "hidden": project.hidden_at is not None,
        "unhidden": project.listed,
    }[what]


async def _find_thanked_use(
    session: AsyncSession, project_id: UUID, dataset_id: UUID | None
) -> ThankedUse | None:
    """The use of a dataset as the mail names it; None where its producer does not thank for it, or no longer."""
    if dataset_id is None:
        return None
    query = (
        select(Dataset.title, Dataset.titles, Organisation.name)
        .join(
            ProjectDataset,
            (ProjectDataset.tenant_id == Dataset.tenant_id)
            & (ProjectDataset.dataset_id == Dataset.id),
        )
        .join(
            Organisation,
            (Organisation.tenant_id == Dataset.tenant_id)
            & (Organisation.id == STEWARD_ID),
        )
        .where(
            ProjectDataset.project_id == project_id,
            ProjectDataset.dataset_id == dataset_id,
            ProjectDataset.thanked,
            IS_PUBLISHED,
        )
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    return ThankedUse(dataset_id, row.title, row.titles, row.name)


async def _find_recipient(
    session: AsyncSession,
    territory: Territory,
    project: Project,
    member: ProjectMember | None,
) -> EmailRecipient:
    """The member, or who answers for the project; an empty address where nobody does."""
    if member is not None:
        return EmailRecipient(member.email, project.language)
    owner = project.leader_id or project.reporter_id
    if owner:
        person = await session.get(Person, (project.tenant_id, owner))
    else:
        person = None
    if person:
        language = project.mail_language(person.locale)
        return person_recipient(territory, person, language)
    return EmailRecipient("", project.language)
