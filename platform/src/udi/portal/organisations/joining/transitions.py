"""The states of an application and what leads from one to another; docs/reference/joining.md shows the same table."""

from enum import StrEnum

from udi.kit.errors import ConflictError
from udi.portal.organisations.models import ApplicationState


class ApplicationEvent(StrEnum):
    """What is done with it: by the person who asked (correct, withdraw), or by the territory's team."""

    CORRECT = "correct"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    REFUSE = "refuse"
    ASK_MORE = "ask_more"


OPEN = (ApplicationState.ASKED, ApplicationState.MORE_WANTED)
"""The team has still to decide."""
BY_TEAM = (ApplicationEvent.APPROVE, ApplicationEvent.REFUSE, ApplicationEvent.ASK_MORE)
TRANSITIONS = {
    **{
        (state, event): to
        for state in OPEN
        for event, to in {
            ApplicationEvent.CORRECT: ApplicationState.ASKED,
            ApplicationEvent.WITHDRAW: ApplicationState.WITHDRAWN,
            ApplicationEvent.APPROVE: ApplicationState.APPROVED,
            ApplicationEvent.REFUSE: ApplicationState.REFUSED,
            ApplicationEvent.ASK_MORE: ApplicationState.MORE_WANTED,
        }.items()
    },
    (ApplicationState.REFUSED, ApplicationEvent.CORRECT): ApplicationState.ASKED,
}


def transition_application(state: str, event: ApplicationEvent) -> ApplicationState:
    """The state that an event leads to.

    Raises:
        ConflictError: nothing of the kind happens in this state.
    """
    next_state = TRANSITIONS.get((ApplicationState(state), event))
    if next_state is None:
        raise ConflictError(
            "The state of this request has changed: it was decided or withdrawn.",
            remedy="See its page for its current state.",
        )
    return next_state
