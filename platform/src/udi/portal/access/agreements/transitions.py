"""The states of an agreement and what leads from one to another; docs/reference/access.md shows the same table."""

from enum import StrEnum

from udi.kit.transitions import Transitions
from udi.portal.access.models import AccessSide


class AgreementState(StrEnum):
    """Where an agreement stands."""

    UNCONFIRMED = "unconfirmed"
    """Signed, and its project's connector has still to confirm it: nothing is read, no node is notified, nobody else sees it."""
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKING = "revoking"
    """The producer gave notice: it is still good, until the notice is over."""
    REVOKED = "revoked"
    GIVEN_UP = "given_up"
    ENDED = "ended"


class AgreementEvent(StrEnum):
    """What is done with it."""

    CONFIRM = "confirm"
    SUSPEND = "suspend"
    RESUME = "resume"
    REVOKE = "revoke"
    GIVE_NOTICE = "give_notice"
    KEEP = "keep"
    """The producer takes its notice back."""
    GIVE_UP = "give_up"
    CLOSE = "close"
    """The notice is over."""
    END = "end"
    """The date agreed is past."""


LIVE = (AgreementState.ACTIVE, AgreementState.SUSPENDED, AgreementState.REVOKING)
UNDER_WAY = (AgreementState.UNCONFIRMED, *LIVE)
"""What is not over."""
RENEWABLE = (AgreementState.ACTIVE, AgreementState.ENDED)
AGREEMENT = Transitions(
    {
        (AgreementState.ACTIVE, AgreementEvent.SUSPEND): AgreementState.SUSPENDED,
        (AgreementState.REVOKING, AgreementEvent.SUSPEND): AgreementState.SUSPENDED,
        (AgreementState.SUSPENDED, AgreementEvent.RESUME): AgreementState.ACTIVE,
        (AgreementState.ACTIVE, AgreementEvent.GIVE_NOTICE): AgreementState.REVOKING,
        (AgreementState.REVOKING, AgreementEvent.KEEP): AgreementState.ACTIVE,
        (AgreementState.REVOKING, AgreementEvent.CLOSE): AgreementState.REVOKED,
        (AgreementState.UNCONFIRMED, AgreementEvent.CONFIRM): AgreementState.ACTIVE,
        **{
            (state, AgreementEvent.REVOKE): AgreementState.REVOKED
            for state in UNDER_WAY
        },
        **{
            (state, AgreementEvent.GIVE_UP): AgreementState.GIVEN_UP
            for state in UNDER_WAY
        },
        **{(state, AgreementEvent.END): AgreementState.ENDED for state in UNDER_WAY},
    },
    reason="The state of this agreement has changed.",
    remedy="See its page for its current state.",
    actors={
        AccessSide.PRODUCER: (
            AgreementEvent.SUSPEND,
            AgreementEvent.RESUME,
            AgreementEvent.REVOKE,
            AgreementEvent.GIVE_NOTICE,
            AgreementEvent.KEEP,
        ),
        AccessSide.REQUESTER: (AgreementEvent.GIVE_UP,),
        AccessSide.CLOCK: (AgreementEvent.CLOSE, AgreementEvent.END),
    },
)
