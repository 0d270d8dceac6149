"""The team of a project: invite, answer, give a right, remove, leave, hand over."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.budgets import spend_budget
from udi.kit.clock import now
from udi.kit.errors import ConflictError, TooManyRequestsError, field_error
from udi.kit.identity import Actor
from udi.kit.mail_addresses import is_mail_address
from udi.portal import audit
from udi.portal.identity.departures import Departure
from udi.portal.identity.models import Membership, Person
from udi.portal.organisations.models import Organisation
from udi.portal.projects.actions.describe import note_change
from udi.portal.projects.actions.notifications import queue_notification
from udi.portal.projects.models import Project, ProjectMember, TeamRight
from udi.portal.projects.transitions import (
    PRESENT,
    TEAM_MEMBER,
    TeamMemberEvent,
    TeamMemberStage,
)
from udi.portal.tenants.budgets import MAILS

MOST_MEMBERS = 50
END_SECRETS = "end_project_secrets"
"""The job that ends the secrets which somebody made for a project that they lead no more."""


def read_right(right: str) -> TeamRight:
    """The right of this name.

    Raises:
        InvalidError: there is none.
    """
    if right not in set(TeamRight):
        raise field_error("right", "There is no such right.", "Choose one of the two.")
    return TeamRight(right)


async def invite_member(
    session: AsyncSession, actor: Actor, project: Project, *, email: str, right: str
) -> ProjectMember:
    """Invite an address. A colleague, of the organisation that leads the project, is in at once; both are notified by mail.

    Raises:
        InvalidError: this is no address, or no right; or the address is in the team, or invited.
        TooManyRequestsError: the team is as large as it may be, or this person had many mails sent today.
    """
    email = email.strip().lower()
    granted_right = read_right(right)
    if not is_mail_address(email):
        raise field_error(
            "email",
            "This is not a mail address.",
            "Write it as name@town.example.",
        )
    colleague = await _find_colleague(session, project, email)
    present = (ProjectMember.project_id == project.id, ProjectMember.stage.in_(PRESENT))
    team_emails = set(
        await session.scalars(select(ProjectMember.email).where(*present))
    )
    if email in team_emails or email == actor.email.lower():
        raise field_error(
            "email", "This address is in the team, or invited already.", "See the list."
        )
    if len(team_emails) >= MOST_MEMBERS:
        raise TooManyRequestsError(
            "A team has %(most)s people at most.",
            remedy="Remove somebody first.",
            values={"most": MOST_MEMBERS},
        )
    await spend_budget(session, MAILS, str(actor.person_id))
    member = ProjectMember(
        project_id=project.id,
        email=email,
        right=granted_right,
        started_by=actor.person_id,
        started_at=now(),
        stage=TeamMemberStage.JOINED if colleague else TeamMemberStage.INVITED,
        person_id=colleague.id if colleague else None,
        answered_at=now() if colleague else None,
    )
    session.add(member)
    await session.flush()
    await queue_notification(
        session, project, "added" if colleague else "invited", member
    )
    audit.record(
        session,
        actor,
        "project.member_added" if colleague else "project.member_invited",
        project.id,
    )
    return member


async def answer_invitation(
    session: AsyncSession,
    actor: Actor,
    project: Project,
    member: ProjectMember,
    what: TeamMemberEvent,
) -> None:
    """Accept or decline one's own invitation, or leave.

    Raises:
        ConflictError: it was answered, or taken back.
    """
    member.stage = TEAM_MEMBER.next_state(member.stage, what)
    member.answered_at = now()
    member.person_id = actor.person_id
    await session.flush()
    if what is TeamMemberEvent.ACCEPT:
        audit.record(session, actor, "project.member_joined", project.id)
    elif what is TeamMemberEvent.DECLINE:
        audit.record(session, actor, "project.member_declined", project.id)
    else:
        audit.record(session, actor, "project.member_left", project.id)


async def remove_member(
    session: AsyncSession,
    actor: Actor,
    project: Project,
    member: ProjectMember,
    what: TeamMemberEvent,
) -> None:
    """Take an invitation back, or somebody off the team.

    Raises:
        ConflictError: it was answered, or taken back.
    """
    member.stage = TEAM_MEMBER.next_state(member.stage, what)
    member.answered_at = now()
    await session.flush()
    audit.record(
        session,
        actor,
        "project.member_cancelled"
        if what is TeamMemberEvent.CANCEL
        else "project.member_removed",
        project.id,
    )


async def give_right(
    session: AsyncSession,
    actor: Actor,
    project: Project,
    member: ProjectMember,
    right: str,
) -> None:
    """Let somebody of the team see, or edit.

    Raises:
        InvalidError: there is no such right.
    """
    member.right = read_right(right)
    await session.flush()
    audit.record(
        session, actor, "project.member_changed", project.id, right=member.right
    )


async def hand_over_project(
    session: AsyncSession, actor: Actor, project: Project, member: ProjectMember
) -> None:
    """Have somebody of the team lead the project, in their own name; who led it stays in the team and may edit.

    The secrets that the former leader made for its machines end.

    Raises:
        ConflictError: this person is not in the team.
    """
    if member.stage != TeamMemberStage.JOINED or member.person_id is None:
        raise ConflictError(
            "This person is not in the team yet.", remedy="Wait for their answer."
        )
    new = member.person_id
    moment = now()
    former = {"project": str(project.id), "person": str(actor.person_id)}
    await jobs.enqueue(session, END_SECRETS, former)
    member.person_id = actor.person_id
    member.email = actor.email.lower()
    member.right = TeamRight.EDIT
    member.started_by = new
    member.answered_at = moment
    await session.flush()
    project.leader_id = new
    if project.organisation_id is not None and not await _belongs(
        session, project, new
    ):
        project.organisation_id = None
        project.requester = "person"
    await note_change(session, project)
    audit.record(session, actor, "project.handed_over", project.id)


async def cancel_invitations(session: AsyncSession, departure: Departure) -> int:
    """Take back the invitations into teams of somebody whose account is gone; how many."""
    if not departure.gone:
        return 0
    theirs = (
        ProjectMember.started_by == departure.person.id,
        ProjectMember.stage == TeamMemberStage.INVITED,
    )
    waiting = (
        await session.scalars(select(ProjectMember).where(*theirs).with_for_update())
    ).all()
    for member in waiting:
        member.stage = TEAM_MEMBER.next_state(member.stage, TeamMemberEvent.CANCEL)
        member.answered_at = now()
        audit.record(session, None, "project.member_cancelled", member.project_id)
    await session.flush()
    return len(waiting)


async def _find_colleague(
    session: AsyncSession, project: Project, email: str
) -> Person | None:
    if project.organisation_id is None:
        return None
    same = (Membership.tenant_id == Person.tenant_id) & (
        Membership.person_id == Person.id
    )
    slug = (
        select(Organisation.slug)
        .where(Organisation.id == project.organisation_id)
        .scalar_subquery()
    )
    query = (
        select(Person)
        .join(Membership, same)
        .where(Membership.organisation_slug == slug)
    )
    proven = (func.lower(Person.email) == email, Person.email_verified)
    return (await session.scalars(query.where(*proven).limit(1))).first()


async def _belongs(session: AsyncSession, project: Project, person: object) -> bool:
    slug = (
        select(Organisation.slug)
        .where(Organisation.id == project.organisation_id)
        .scalar_subquery()
    )
    query = select(func.count()).where(
        Membership.organisation_slug == slug, Membership.person_id == person
    )
    return bool(await session.scalar(query))
