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
    REQUEST_INFORMATION = "request_information"


OPEN = (ApplicationState.SUBMITTED, ApplicationState.INFORMATION_REQUESTED)
"""The team has still to decide."""
APPLICATION = Transitions(
    {
        **{
            (state, event): to
            for state in OPEN
            for event, to in {
                ApplicationEvent.CORRECT: ApplicationState.SUBMITTED,
                ApplicationEvent.WITHDRAW: ApplicationState.WITHDRAWN,
                ApplicationEvent.APPROVE: ApplicationState.APPROVED,
                ApplicationEvent.REFUSE: ApplicationState.REFUSED,
                ApplicationEvent.REQUEST_INFORMATION: ApplicationState.INFORMATION_REQUESTED,
            }.items()
        },
        (
            ApplicationState.REFUSED,
            ApplicationEvent.CORRECT,
        ): ApplicationState.SUBMITTED,
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
            ApplicationEvent.REQUEST_INFORMATION,
        ),
    },
)
