"""The states of an application and what leads from one to another; docs/reference/joining.md shows the same table."""

from enum import StrEnum

from udi.kit.transitions import Transitions
from udi.portal.organisations.models import ApplicationState


class ApplicationSide(StrEnum):
    """Who does something with it: the person who asked, or the territory's team."""

    APPLICANT = "applicant"
    TEAM = "team"


class ApplicationEvent(StrEnum):
    """What is done with it."""

    CORRECT = "correct"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    REFUSE = "refuse"
    ASK_MORE = "ask_more"


OPEN = (ApplicationState.ASKED, ApplicationState.MORE_WANTED)
"""The team has still to decide."""
APPLICATION = Transitions(
    {
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
    },
    reason="The state of this request has changed: it was decided or withdrawn.",
    remedy="See its page for its current state.",
    actors={
        ApplicationSide.APPLICANT: (
            ApplicationEvent.CORRECT,
            ApplicationEvent.WITHDRAW,
        ),
        ApplicationSide.TEAM: (
            ApplicationEvent.APPROVE,
            ApplicationEvent.REFUSE,
            ApplicationEvent.ASK_MORE,
        ),
    },
)
