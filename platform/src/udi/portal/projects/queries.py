"""Reads of projects: public ones for all, confidential ones for their team, hidden ones for those who answer for them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, NotFoundError
from udi.kit.identity import Actor
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import IS_PUBLISHED as DATASET_SHOWN
from udi.portal.identity.models import Person
from udi.portal.projects.models import Project, ProjectMember, TeamRight
from udi.portal.projects.transitions import PRESENT, TeamMemberStage

MOST_LED = 200
PUBLIC_CONDITIONS: tuple[ColumnElement[bool], ...] = (
    Project.confidential.is_(False),
    Project.hidden_at.is_(None),
)
NEWEST_FIRST: tuple[ColumnElement[Any], ...] = (
    Project.origin != "",
    Project.published_at.desc(),
    Project.id.asc(),
)
"""What people of here told of first: a catalogue of others gives thousands at once, all dated when they were read."""


class UnknownProjectError(NotFoundError):
    """There is no such project, or only its team knows of it."""

    def __init__(self) -> None:
        super().__init__("No project has this address here.")


def is_owner(project: Project, actor: Actor | None) -> bool:
    """Whether the person answers for it: who leads it, or reported it where nobody does."""
    if actor is None:
        return False
    owner = project.leader_id or project.reporter_id
    return owner == actor.person_id


async def find_right(
    session: AsyncSession, project: Project, actor: Actor | None
) -> TeamRight | None:
    """What the person may do beyond what strangers do; nothing of an invitation that waits."""
    if actor is None:
        return None
    if is_owner(project, actor):
        return TeamRight.EDIT
    conditions = (
        ProjectMember.project_id == project.id,
        ProjectMember.person_id == actor.person_id,
    )
    right = await session.scalar(
        select(ProjectMember.right).where(
            *conditions, ProjectMember.stage == TeamMemberStage.JOINED
        )
    )
    if right:
        return TeamRight(right)
    return None


async def get_project(
    session: AsyncSession, actor: Actor | None, id_: UUID, *, lock: bool = False
) -> Project:
    """A project that the person may see; the territory's team sees hidden ones too, never confidential ones.

    Raises:
        NotFoundError: there is none, or it is confidential and not theirs, or hidden.
    """
    query = select(Project).where(Project.id == id_)
    project = await session.scalar(query.with_for_update() if lock else query)
    if project is None:
        raise UnknownProjectError
    team = actor is not None and actor.moderator and not project.confidential
    if not (project.listed or team or await find_right(session, project, actor)):
        raise UnknownProjectError
    return project


async def get_editable_project(
    session: AsyncSession, actor: Actor, id_: UUID, *, lock: bool = False
) -> Project:
    """A project that the person may change.

    Raises:
        NotFoundError: there is none, or they may not know of it.
        ForbiddenError: they see it and may not change it.
    """
    project = await get_project(session, actor, id_, lock=lock)
    if await find_right(session, project, actor) is not TeamRight.EDIT:
        raise ForbiddenError(
            "Only those who make this project can change it.",
            remedy="Ask its leader to allow you to edit it.",
        )
    return project


async def get_own_project(
    session: AsyncSession, actor: Actor, id_: UUID, *, lock: bool = False
) -> Project:
    """A project for which the person answers: they lead it, or reported it where nobody leads it.

    Raises:
        NotFoundError: there is none, or they may not know of it.
        ForbiddenError: they see it, and somebody else answers for it.
    """
    project = await get_project(session, actor, id_, lock=lock)
    if not is_owner(project, actor):
        raise ForbiddenError(
            "Only the leader of this project can do this.", remedy="Ask them."
        )
    return project


async def get_led_project(
    session: AsyncSession, actor: Actor, id_: UUID, *, lock: bool = False
) -> Project:
    """A project that the person leads; never a reported reuse.

    Raises:
        NotFoundError: there is none, or they may not know of it.
        ForbiddenError: they see it and do not lead it.
    """
    project = await get_own_project(session, actor, id_, lock=lock)
    if project.leader_id != actor.person_id:
        raise ForbiddenError(
            "Nobody leads this reuse: it was only reported.",
            remedy="Describe your own project.",
        )
    return project


def select_led_projects(actor: Actor) -> Select[UUID]:
    """The projects that the person leads now: who led one before has no right that comes of it."""
    return select(Project.id).where(Project.leader_id == actor.person_id)


async def is_leader(session: AsyncSession, actor: Actor, id_: UUID) -> bool:
    """Whether the person leads a project now."""
    return (
        await session.scalar(select_led_projects(actor).where(Project.id == id_))
        is not None
    )


async def find_leader(session: AsyncSession, id_: UUID) -> Person | None:
    """Who leads a project now; None where nobody does any more."""
    same = (Person.tenant_id == Project.tenant_id) & (Person.id == Project.leader_id)
    return await session.scalar(
        select(Person).join(Project, same).where(Project.id == id_)
    )


async def get_team_project(session: AsyncSession, actor: Actor, id_: UUID) -> Project:
    """A project whose team the person may see: they are in it.

    Raises:
        NotFoundError: there is none, or they are not.
    """
    project = await get_project(session, actor, id_)
    if await find_right(session, project, actor) is None or project.reported:
        raise NotFoundError("The team of a project is shown to its members.")
    return project


async def list_led_projects(session: AsyncSession, actor: Actor) -> Sequence[Project]:
    """The projects that the person leads, the last changed first."""
    query = select(Project).where(Project.leader_id == actor.person_id)
    return (
        await session.scalars(
            query.order_by(Project.changed_at.desc(), Project.id).limit(MOST_LED)
        )
    ).all()


async def list_own_projects(session: AsyncSession, actor: Actor) -> Sequence[Project]:
    """The projects that the person leads, reported or is in the team of, the last changed first."""
    joined = select(ProjectMember.project_id).where(
        ProjectMember.person_id == actor.person_id,
        ProjectMember.stage == TeamMemberStage.JOINED,
    )
    takes_part = or_(
        Project.leader_id == actor.person_id,
        Project.reporter_id == actor.person_id,
        Project.id.in_(joined),
    )
    query = (
        select(Project)
        .where(takes_part)
        .order_by(Project.changed_at.desc(), Project.id)
        .limit(MOST_LED)
    )
    return (await session.scalars(query)).all()


async def list_invitations(
    session: AsyncSession, actor: Actor
) -> list[tuple[ProjectMember, Project]]:
    """Invitations to the person's address that wait, with the project."""
    same = (ProjectMember.tenant_id == Project.tenant_id) & (
        ProjectMember.project_id == Project.id
    )
    mine = (
        ProjectMember.email == actor.verified_email,
        ProjectMember.stage == TeamMemberStage.INVITED,
    )
    query = (
        select(ProjectMember, Project)
        .join(Project, same)
        .where(*mine)
        .order_by(ProjectMember.started_at)
    )
    return [
        (row.ProjectMember, row.Project)
        for row in await session.execute(query.limit(MOST_LED))
    ]


async def list_members(
    session: AsyncSession, project: Project
) -> list[tuple[ProjectMember, str]]:
    """The team, invitations that wait too, with the name of who is in."""
    same = (Person.tenant_id == ProjectMember.tenant_id) & (
        Person.id == ProjectMember.person_id
    )
    query = (
        select(ProjectMember, Person.name)
        .outerjoin(Person, same)
        .where(ProjectMember.project_id == project.id, ProjectMember.stage.in_(PRESENT))
        .order_by(
            ProjectMember.stage.desc(), ProjectMember.started_at, ProjectMember.id
        )
    )
    return [(row.ProjectMember, row.name or "") for row in await session.execute(query)]


async def get_member(
    session: AsyncSession, project: Project, id_: UUID
) -> ProjectMember:
    """Somebody of the team of a project, to change how they stand.

    Raises:
        NotFoundError: nobody of this team has this identifier.
    """
    conditions = (ProjectMember.id == id_, ProjectMember.project_id == project.id)
    member = await session.scalar(
        select(ProjectMember).where(*conditions).with_for_update()
    )
    if member is None:
        raise NotFoundError("Nobody of this team is at this address.")
    return member


async def get_own_member(
    session: AsyncSession, actor: Actor, id_: UUID, *, lock: bool = False
) -> tuple[Project, ProjectMember]:
    """A project into which the person is invited, or in whose team they are, and how they stand with it.

    Raises:
        NotFoundError: they have nothing to do with it.
    """
    invited = (ProjectMember.email == actor.verified_email) & (
        ProjectMember.stage == TeamMemberStage.INVITED
    )
    mine = or_(ProjectMember.person_id == actor.person_id, invited)
    query = select(ProjectMember).where(
        ProjectMember.project_id == id_, mine, ProjectMember.stage.in_(PRESENT)
    )
    ordered = query.order_by(ProjectMember.started_at.desc(), ProjectMember.id).limit(1)
    member = (
        await session.scalars(ordered.with_for_update() if lock else ordered)
    ).first()
    project = await session.scalar(select(Project).where(Project.id == id_))
    if member is None or project is None:
        raise UnknownProjectError
    return project, member


async def find_dataset_title(session: AsyncSession, id_: str) -> str:
    """The title of a dataset that is published; empty without."""
    if not id_:
        return ""
    return (
        await session.scalar(
            select(Dataset.title).where(Dataset.id == UUID(id_), DATASET_SHOWN)
        )
        or ""
    )
