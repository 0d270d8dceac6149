"""How somebody comes into an organisation: invited, or on request; docs/reference/joining.md shows the same table."""

from enum import StrEnum

from udi.kit.errors import ConflictError


class Stage(StrEnum):
    """Where it stands."""

    INVITED = "invited"
    REQUESTED = "requested"
    JOINED = "joined"
    DECLINED = "declined"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class Step(StrEnum):
    """What is done: by the person (accept, decline), by an administrator (admit, refuse), by who began (cancel)."""

    ACCEPT = "accept"
    DECLINE = "decline"
    ADMIT = "admit"
    REFUSE = "refuse"
    CANCEL = "cancel"


WAITING = (Stage.INVITED, Stage.REQUESTED)
STEPS = {
    (Stage.INVITED, Step.ACCEPT): Stage.JOINED,
    (Stage.INVITED, Step.DECLINE): Stage.DECLINED,
    (Stage.INVITED, Step.CANCEL): Stage.CANCELLED,
    (Stage.REQUESTED, Step.ADMIT): Stage.JOINED,
    (Stage.REQUESTED, Step.REFUSE): Stage.REFUSED,
    (Stage.REQUESTED, Step.CANCEL): Stage.CANCELLED,
}


def step(stage: str, what: Step) -> Stage:
    """The stage that a step leads to.

    Raises:
        ConflictError: nothing of the kind happens at this stage.
    """
    found = STEPS.get((Stage(stage), what))
    if found is None:
        raise ConflictError(
            "This was answered already, or taken back.", remedy="Look at the page of the organisation again."
        )
    return found
