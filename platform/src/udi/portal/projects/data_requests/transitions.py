"""The life of a request for data; docs/reference/data-requests.md shows the same table."""

from enum import StrEnum

from udi.kit.transitions import Transitions


class DataRequestState(StrEnum):
    """Where a request stands."""

    ASKED = "asked"
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


OPEN = (DataRequestState.ASKED, DataRequestState.PROMISED)
"""Nobody has given the data yet, and somebody still may."""
DATA_REQUEST = Transitions(
    {
        (DataRequestState.ASKED, DataRequestEvent.CORRECT): DataRequestState.ASKED,
        (DataRequestState.ASKED, DataRequestEvent.WITHDRAW): DataRequestState.WITHDRAWN,
        (DataRequestState.ASKED, DataRequestEvent.PROMISE): DataRequestState.PROMISED,
        (DataRequestState.ASKED, DataRequestEvent.DECLINE): DataRequestState.DECLINED,
        (DataRequestState.ASKED, DataRequestEvent.DELIVER): DataRequestState.DELIVERED,
        (DataRequestState.ASKED, DataRequestEvent.MERGE): DataRequestState.MERGED,
        (DataRequestState.ASKED, DataRequestEvent.HIDE): DataRequestState.HIDDEN,
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
        (DataRequestState.DECLINED, DataRequestEvent.REOPEN): DataRequestState.ASKED,
        (DataRequestState.DECLINED, DataRequestEvent.MERGE): DataRequestState.MERGED,
        (DataRequestState.DECLINED, DataRequestEvent.HIDE): DataRequestState.HIDDEN,
        (DataRequestState.DELIVERED, DataRequestEvent.REOPEN): DataRequestState.ASKED,
        (DataRequestState.DELIVERED, DataRequestEvent.HIDE): DataRequestState.HIDDEN,
        (DataRequestState.HIDDEN, DataRequestEvent.SHOW): DataRequestState.ASKED,
    },
    reason="The state of this request has changed: it was answered, merged or withdrawn.",
    remedy="See its page for its current state.",
)
