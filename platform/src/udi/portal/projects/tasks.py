"""What the worker does for projects: tells people by mail, unless what it would tell is past."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.jobs import Handlers, Job
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.portal.projects.actions.notifications import NOTIFY_PROJECT
from udi.portal.projects.emails import FOR_TEAM, write_email
from udi.portal.projects.models import Project, ProjectMember
from udi.portal.projects.transitions import TeamMemberStage
from udi.ui.emails import EmailRecipient, person_recipient, team_recipient
from udi.ui.site import Site


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name; for a territory that is not served any more, they do nothing."""

    async def tell(job: Job) -> None:
        if territory := await site.registry.by_id(job.tenant):
            member = job.payload.get("member")
            await send_notification(
                site,
                territory,
                UUID(job.payload["project"]),
                job.payload["what"],
                job.payload["revision"],
                UUID(member) if member else None,
            )

    return {NOTIFY_PROJECT: tell}


async def send_notification(
    site: Site,
    territory: Territory,
    id_: UUID,
    what: str,
    revision: int,
    member_id: UUID | None = None,
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
        if project is None or not is_still_valid(project, what, member):
            return
        if what in FOR_TEAM:
            recipient = team_recipient(territory)
        else:
            recipient = await _find_recipient(session, territory, project, member)
    if recipient.address:
        mail = write_email(
            site, territory, project, what, revision, recipient, member=member
        )
        await site.send_email(territory, mail)


def is_still_valid(project: Project, what: str, member: ProjectMember | None) -> bool:
    """Whether what is to be told is still so."""
    return {
        "invited": member is not None and member.stage == TeamMemberStage.INVITED,
        "added": member is not None and member.stage == TeamMemberStage.JOINED,
        "published": project.listed,
        "reported": project.listed,
        "thanked": project.listed,
        "hidden": project.hidden_at is not None,
        "unhidden": project.listed,
    }[what]


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
