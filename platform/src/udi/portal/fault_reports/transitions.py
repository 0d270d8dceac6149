"""The life of a report of a fault; docs/reference/fault-reports.md shows the same table."""

from enum import StrEnum

from udi.kit.transitions import Transitions


class FaultReportState(StrEnum):
    """Where a report stands."""

    SUBMITTED = "submitted"
    CORRECTED = "corrected"
    CONFIRMED = "confirmed"
    REDIRECTED = "redirected"
    DISCARDED = "discarded"


class FaultReportEvent(StrEnum):
    """What is done with it, by whoever may answer."""

    CORRECT = "correct"
    CONFIRM = "confirm"
    REDIRECT = "redirect"
    DISCARD = "discard"
    REOPEN = "reopen"


ANSWERED = (
    FaultReportState.CORRECTED,
    FaultReportState.CONFIRMED,
    FaultReportState.REDIRECTED,
)
"""Somebody answered, and whoever reported it was told."""
FAULT_REPORT = Transitions(
    {
        (
            FaultReportState.SUBMITTED,
            FaultReportEvent.CORRECT,
        ): FaultReportState.CORRECTED,
        (
            FaultReportState.SUBMITTED,
            FaultReportEvent.CONFIRM,
        ): FaultReportState.CONFIRMED,
        (
            FaultReportState.SUBMITTED,
            FaultReportEvent.REDIRECT,
        ): FaultReportState.REDIRECTED,
        (
            FaultReportState.SUBMITTED,
            FaultReportEvent.DISCARD,
        ): FaultReportState.DISCARDED,
        (
            FaultReportState.CORRECTED,
            FaultReportEvent.REOPEN,
        ): FaultReportState.SUBMITTED,
        (
            FaultReportState.CONFIRMED,
            FaultReportEvent.REOPEN,
        ): FaultReportState.SUBMITTED,
        (
            FaultReportState.REDIRECTED,
            FaultReportEvent.REOPEN,
        ): FaultReportState.SUBMITTED,
        (
            FaultReportState.DISCARDED,
            FaultReportEvent.REOPEN,
        ): FaultReportState.SUBMITTED,
    },
    reason="The state of this report has changed: it was answered, or opened again.",
    remedy="See its page for its current state.",
)
