"""How somebody comes into an organisation: invited, or on request; docs/reference/joining.md shows the same table."""

from enum import StrEnum

from udi.kit.transitions import Transitions


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
MEMBERSHIP = Transitions(
    {
        (MembershipStage.INVITED, MembershipEvent.ACCEPT): MembershipStage.JOINED,
        (MembershipStage.INVITED, MembershipEvent.DECLINE): MembershipStage.DECLINED,
        (MembershipStage.INVITED, MembershipEvent.CANCEL): MembershipStage.CANCELLED,
        (MembershipStage.REQUESTED, MembershipEvent.ADMIT): MembershipStage.JOINED,
        (MembershipStage.REQUESTED, MembershipEvent.REFUSE): MembershipStage.REFUSED,
        (MembershipStage.REQUESTED, MembershipEvent.CANCEL): MembershipStage.CANCELLED,
    },
    reason="This was answered already, or withdrawn.",
    remedy="Look at the page of the organisation again.",
)
