"""How somebody comes into an organisation: invited, or on request; docs/reference/joining.md shows the same table."""

from enum import StrEnum

from udi.kit.errors import ConflictError


class MembershipStage(StrEnum):
    """Where it stands."""

    INVITED = "invited"
    REQUESTED = "requested"
    JOINED = "joined"
    DECLINED = "declined"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class MembershipEvent(StrEnum):
    """What is done: by the person (accept, decline), by an administrator (admit, refuse), by who began (cancel)."""

    ACCEPT = "accept"
    DECLINE = "decline"
    ADMIT = "admit"
    REFUSE = "refuse"
    CANCEL = "cancel"


WAITING = (MembershipStage.INVITED, MembershipStage.REQUESTED)
TRANSITIONS = {
    (MembershipStage.INVITED, MembershipEvent.ACCEPT): MembershipStage.JOINED,
    (MembershipStage.INVITED, MembershipEvent.DECLINE): MembershipStage.DECLINED,
    (MembershipStage.INVITED, MembershipEvent.CANCEL): MembershipStage.CANCELLED,
    (MembershipStage.REQUESTED, MembershipEvent.ADMIT): MembershipStage.JOINED,
    (MembershipStage.REQUESTED, MembershipEvent.REFUSE): MembershipStage.REFUSED,
    (MembershipStage.REQUESTED, MembershipEvent.CANCEL): MembershipStage.CANCELLED,
}


def transition_membership(stage: str, what: MembershipEvent) -> MembershipStage:
    """The stage that a step leads to.

    Raises:
        ConflictError: nothing of the kind happens at this stage.
    """
    next_stage = TRANSITIONS.get((MembershipStage(stage), what))
    if next_stage is None:
        raise ConflictError(
            "This was answered already, or withdrawn.",
            remedy="Look at the page of the organisation again.",
        )
    return next_stage
