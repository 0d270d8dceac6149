"""The life of a project, and of a person in its team; docs/reference/projects.md shows the same tables."""

from enum import StrEnum

from udi.kit.errors import ConflictError


class State(StrEnum):
    """Where a project stands; a reuse that somebody reports is a project that is delivered."""

    IDEA = "idea"
    IN_PROGRESS = "in_progress"
    DELIVERED = "delivered"
    ARCHIVED = "archived"


class Event(StrEnum):
    """What is done with it, by whoever may edit it; to archive and to restore, by whoever answers for it."""

    START = "start"
    DELIVER = "deliver"
    RESUME = "resume"
    ARCHIVE = "archive"
    RESTORE = "restore"


BY_OWNER = (Event.ARCHIVE, Event.RESTORE)
NEXT = {
    (State.IDEA, Event.START): State.IN_PROGRESS,
    (State.IDEA, Event.DELIVER): State.DELIVERED,
    (State.IDEA, Event.ARCHIVE): State.ARCHIVED,
    (State.IN_PROGRESS, Event.DELIVER): State.DELIVERED,
    (State.IN_PROGRESS, Event.ARCHIVE): State.ARCHIVED,
    (State.DELIVERED, Event.RESUME): State.IN_PROGRESS,
    (State.DELIVERED, Event.ARCHIVE): State.ARCHIVED,
    (State.ARCHIVED, Event.RESTORE): State.IN_PROGRESS,
}


def follow(state: str, event: Event) -> State:
    """The state that an event leads to.

    Raises:
        ConflictError: nothing of the kind happens in this state.
    """
    found = NEXT.get((State(state), event))
    if found is None:
        raise ConflictError(
            "The project does not stand there any more.", remedy="Look at its page again, which says where it stands."
        )
    return found


class Stage(StrEnum):
    """Where a person stands with the team of a project."""

    INVITED = "invited"
    JOINED = "joined"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    LEFT = "left"


class Step(StrEnum):
    """What is done with it: by the person (accept, decline, leave), or by the project's leader (cancel, remove)."""

    ACCEPT = "accept"
    DECLINE = "decline"
    CANCEL = "cancel"
    LEAVE = "leave"
    REMOVE = "remove"


PRESENT = (Stage.INVITED, Stage.JOINED)
STEPS = {
    (Stage.INVITED, Step.ACCEPT): Stage.JOINED,
    (Stage.INVITED, Step.DECLINE): Stage.DECLINED,
    (Stage.INVITED, Step.CANCEL): Stage.CANCELLED,
    (Stage.JOINED, Step.LEAVE): Stage.LEFT,
    (Stage.JOINED, Step.REMOVE): Stage.LEFT,
}


def step(stage: str, what: Step) -> Stage:
    """The stage that a step leads to.

    Raises:
        ConflictError: nothing of the kind happens at this stage.
    """
    found = STEPS.get((Stage(stage), what))
    if found is None:
        raise ConflictError(
            "This was answered already, or taken back.", remedy="Look at the team again, which shows how it stands."
        )
    return found
