"""The life of a project, and of a person in its team; docs/reference/projects.md shows the same tables."""

from enum import StrEnum

from udi.kit.transitions import Transitions


class ProjectState(StrEnum):
    """Where a project stands; a reuse that somebody reports is a project that is delivered."""

    IDEA = "idea"
    IN_PROGRESS = "in_progress"
    DELIVERED = "delivered"
    ARCHIVED = "archived"


class ProjectEvent(StrEnum):
    """What is done with it, by whoever may edit it; to archive and to restore, by whoever answers for it."""

    START = "start"
    DELIVER = "deliver"
    RESUME = "resume"
    ARCHIVE = "archive"
    RESTORE = "restore"


class ProjectRole(StrEnum):
    """Who may take it further; whoever answers for it is its owner."""

    EDITOR = "editor"
    OWNER = "owner"


PROJECT = Transitions(
    {
        (ProjectState.IDEA, ProjectEvent.START): ProjectState.IN_PROGRESS,
        (ProjectState.IDEA, ProjectEvent.DELIVER): ProjectState.DELIVERED,
        (ProjectState.IDEA, ProjectEvent.ARCHIVE): ProjectState.ARCHIVED,
        (ProjectState.IN_PROGRESS, ProjectEvent.DELIVER): ProjectState.DELIVERED,
        (ProjectState.IN_PROGRESS, ProjectEvent.ARCHIVE): ProjectState.ARCHIVED,
        (ProjectState.DELIVERED, ProjectEvent.RESUME): ProjectState.IN_PROGRESS,
        (ProjectState.DELIVERED, ProjectEvent.ARCHIVE): ProjectState.ARCHIVED,
        (ProjectState.ARCHIVED, ProjectEvent.RESTORE): ProjectState.IN_PROGRESS,
    },
    reason="The stage of the project has changed.",
    remedy="See its page for its current stage.",
    actors={
        ProjectRole.EDITOR: (
            ProjectEvent.START,
            ProjectEvent.DELIVER,
            ProjectEvent.RESUME,
        ),
        ProjectRole.OWNER: tuple(ProjectEvent),
    },
)


class TeamMemberStage(StrEnum):
    """Where a person stands with the team of a project."""

    INVITED = "invited"
    JOINED = "joined"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    LEFT = "left"


class TeamMemberEvent(StrEnum):
    """What is done with it: by the person (accept, decline, leave), or by the project's leader (cancel, remove)."""

    ACCEPT = "accept"
    DECLINE = "decline"
    CANCEL = "cancel"
    LEAVE = "leave"
    REMOVE = "remove"


PRESENT = (TeamMemberStage.INVITED, TeamMemberStage.JOINED)
TEAM_MEMBER = Transitions(
    {
        (TeamMemberStage.INVITED, TeamMemberEvent.ACCEPT): TeamMemberStage.JOINED,
        (TeamMemberStage.INVITED, TeamMemberEvent.DECLINE): TeamMemberStage.DECLINED,
        (TeamMemberStage.INVITED, TeamMemberEvent.CANCEL): TeamMemberStage.CANCELLED,
        (TeamMemberStage.JOINED, TeamMemberEvent.LEAVE): TeamMemberStage.LEFT,
        (TeamMemberStage.JOINED, TeamMemberEvent.REMOVE): TeamMemberStage.LEFT,
    },
    reason="This was answered already, or withdrawn.",
    remedy="See the page of the team again.",
)
