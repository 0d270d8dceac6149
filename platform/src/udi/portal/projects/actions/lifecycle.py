"""The life of a project: idea, in progress, delivered, archived; hidden by the territory's team, with a reason."""

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, ForbiddenError, InvalidError, Refusal
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.projects.actions.describe import note_change
from udi.portal.projects.actions.notifications import queue_notification
from udi.portal.projects.models import Project
from udi.portal.projects.queries import is_owner
from udi.portal.projects.transitions import PROJECT, ProjectEvent, ProjectRole
from udi.portal.projects.translated_texts import tidy_words

LONGEST_REASON = 1000


async def move_project(
    session: AsyncSession, actor: Actor, project: Project, event: ProjectEvent
) -> None:
    """Take a project to its next state.

    Raises:
        ConflictError: nothing of the kind happens in its state.
        ForbiddenError: only whoever answers for it does this.
    """
    state = PROJECT.next_state(project.state, event)
    for_owner = event not in PROJECT.events_of(ProjectRole.EDITOR)
    if for_owner and not is_owner(project, actor):
        raise ForbiddenError(
            "Only the leader of this project can do this.", remedy="Ask them."
        )
    project.state = state
    await note_change(session, project)
    audit.record(
        session,
        actor,
        "project.moved",
        project.id,
        event=event.value,
        state=state.value,
    )


def require_team(actor: Actor) -> None:
    """The territory's team looks after the public pages.

    Raises:
        ForbiddenError: the person is not of the team.
    """
    if not actor.moderator:
        raise ForbiddenError(
            "Only the territory’s team can do this.",
            remedy="Write to the team, and give the reason.",
        )


async def hide_project(
    session: AsyncSession, actor: Actor, project: Project, reason: str
) -> None:
    """Take a project off the public pages; whoever answers for it is told why.

    Raises:
        ForbiddenError: the person is not of the team.
        ConflictError: nobody sees it but its team.
        InvalidError: no reason is given.
    """
    require_team(actor)
    if not project.listed:
        raise ConflictError("This project is not on the public pages.")
    reason = tidy_words(reason)
    if not reason or len(reason) > LONGEST_REASON:
        refusal = Refusal(
            "reason",
            "The reason is missing, or very long.",
            "Give the reason: the person will read it.",
        )
        raise InvalidError("Nothing was hidden yet.", refusals=[refusal])
    project.hidden_at = now()
    project.hidden_by = actor.person_id
    project.hidden_reason = reason
    await note_change(session, project)
    await queue_notification(session, project, "hidden")
    audit.record(
        session,
        actor,
        "reuse.hidden" if project.reported else "project.hidden",
        project.id,
    )


async def unhide_project(session: AsyncSession, actor: Actor, project: Project) -> None:
    """Put a hidden project back on the public pages; whoever answers for it is told.

    Raises:
        ForbiddenError: the person is not of the team.
        ConflictError: it is not hidden.
    """
    require_team(actor)
    if project.hidden_at is None:
        raise ConflictError("This project is not hidden.")
    project.hidden_at = None
    project.hidden_by = None
    project.hidden_reason = ""
    await note_change(session, project)
    await queue_notification(session, project, "unhidden")
    audit.record(
        session,
        actor,
        "reuse.unhidden" if project.reported else "project.unhidden",
        project.id,
    )
