"""The life of a request for data; docs/reference/data-requests.md shows the same table."""

from enum import StrEnum

from udi.kit.transitions import Transitions


class DataRequestState(StrEnum):
    """Where a request stands."""

    SUBMITTED = "submitted"
    PROMISED = "promised"
    DECLINED = "declined"
    DELIVERED = "delivered"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"


class DataRequestEvent(StrEnum):
    """What is done with it."""

    CORRECT = "correct"
    WITHDRAW = "withdraw"
    PROMISE = "promise"
    DECLINE = "decline"
    DELIVER = "deliver"
    MERGE = "merge"
    REOPEN = "reopen"
    HIDE = "hide"
    SHOW = "show"


OPEN = (DataRequestState.SUBMITTED, DataRequestState.PROMISED)
"""Nobody has given the data yet, and somebody still may."""
DATA_REQUEST = Transitions(
    {
        (
            DataRequestState.SUBMITTED,
            DataRequestEvent.CORRECT,
        ): DataRequestState.SUBMITTED,
        (
            DataRequestState.SUBMITTED,
            DataRequestEvent.WITHDRAW,
        ): DataRequestState.WITHDRAWN,
        (
            DataRequestState.SUBMITTED,
            DataRequestEvent.PROMISE,
        ): DataRequestState.PROMISED,
        (
            DataRequestState.SUBMITTED,
            DataRequestEvent.DECLINE,
        ): DataRequestState.DECLINED,
        (
            DataRequestState.SUBMITTED,
            DataRequestEvent.DELIVER,
        ): DataRequestState.DELIVERED,
        (DataRequestState.SUBMITTED, DataRequestEvent.MERGE): DataRequestState.MERGED,
        (DataRequestState.SUBMITTED, DataRequestEvent.HIDE): DataRequestState.HIDDEN,
        (
            DataRequestState.PROMISED,
            DataRequestEvent.PROMISE,
        ): DataRequestState.PROMISED,
        (
            DataRequestState.PROMISED,
            DataRequestEvent.DECLINE,
        ): DataRequestState.DECLINED,
        (
            DataRequestState.PROMISED,
            DataRequestEvent.DELIVER,
        ): DataRequestState.DELIVERED,
        (DataRequestState.PROMISED, DataRequestEvent.MERGE): DataRequestState.MERGED,
        (DataRequestState.PROMISED, DataRequestEvent.HIDE): DataRequestState.HIDDEN,
        (
            DataRequestState.DECLINED,
            DataRequestEvent.DELIVER,
        ): DataRequestState.DELIVERED,
        (
            DataRequestState.DECLINED,
            DataRequestEvent.REOPEN,
        ): DataRequestState.SUBMITTED,
        (DataRequestState.DECLINED, DataRequestEvent.MERGE): DataRequestState.MERGED,
        (DataRequestState.DECLINED, DataRequestEvent.HIDE): DataRequestState.HIDDEN,
        (
            DataRequestState.DELIVERED,
            DataRequestEvent.REOPEN,
        ): DataRequestState.SUBMITTED,
        (DataRequestState.DELIVERED, DataRequestEvent.HIDE): DataRequestState.HIDDEN,
        (DataRequestState.HIDDEN, DataRequestEvent.SHOW): DataRequestState.SUBMITTED,
    },
    reason="The state of this request has changed: it was answered, merged or withdrawn.",
    remedy="See its page for its current state.",
)
