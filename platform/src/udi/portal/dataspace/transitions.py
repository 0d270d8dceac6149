"""The states of negotiations and transfers (Dataspace Protocol 2025-1, 7.1 and 9.1); docs/reference/dataspace.md shows the same tables."""

from enum import StrEnum

from udi.kit.errors import ConflictError


class DataspaceSide(StrEnum):
    """Who sends a message."""

    PROVIDER = "provider"
    CONSUMER = "consumer"


EITHER = (DataspaceSide.PROVIDER, DataspaceSide.CONSUMER)


class NegotiationState(StrEnum):
    """Where a contract negotiation stands, in the protocol's words."""

    REQUESTED = "REQUESTED"
    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    AGREED = "AGREED"
    VERIFIED = "VERIFIED"
    FINALIZED = "FINALIZED"
    TERMINATED = "TERMINATED"


class TransferState(StrEnum):
    """Where a transfer process stands, in the protocol's words."""

    REQUESTED = "REQUESTED"
    STARTED = "STARTED"
    SUSPENDED = "SUSPENDED"
    COMPLETED = "COMPLETED"
    TERMINATED = "TERMINATED"


State = NegotiationState | TransferState


class DataspaceEvent(StrEnum):
    """What a message brings about."""

    REQUEST = "request"
    OFFER = "offer"
    ACCEPT = "accept"
    AGREE = "agree"
    VERIFY = "verify"
    FINALIZE = "finalize"
    TERMINATE = "terminate"
    START = "start"
    SUSPEND = "suspend"
    COMPLETE = "complete"


Moves = dict[tuple[State, DataspaceEvent], tuple[State, tuple[DataspaceSide, ...]]]
"""Where an event leads from a state, and which sides may bring it about."""
N = NegotiationState
T = TransferState
ENDED = (N.FINALIZED, N.TERMINATED, T.COMPLETED, T.TERMINATED)
NEGOTIATION: Moves = {
    (N.REQUESTED, DataspaceEvent.OFFER): (N.OFFERED, (DataspaceSide.PROVIDER,)),
    (N.REQUESTED, DataspaceEvent.AGREE): (N.AGREED, (DataspaceSide.PROVIDER,)),
    (N.OFFERED, DataspaceEvent.REQUEST): (N.REQUESTED, (DataspaceSide.CONSUMER,)),
    (N.OFFERED, DataspaceEvent.OFFER): (N.OFFERED, (DataspaceSide.PROVIDER,)),
    (N.OFFERED, DataspaceEvent.ACCEPT): (N.ACCEPTED, (DataspaceSide.CONSUMER,)),
    (N.ACCEPTED, DataspaceEvent.AGREE): (N.AGREED, (DataspaceSide.PROVIDER,)),
    (N.AGREED, DataspaceEvent.VERIFY): (N.VERIFIED, (DataspaceSide.CONSUMER,)),
    (N.VERIFIED, DataspaceEvent.FINALIZE): (N.FINALIZED, (DataspaceSide.PROVIDER,)),
    **{
        (state, DataspaceEvent.TERMINATE): (N.TERMINATED, EITHER)
        for state in NegotiationState
        if state not in ENDED
    },
}
TRANSFER: Moves = {
    (T.REQUESTED, DataspaceEvent.START): (T.STARTED, (DataspaceSide.PROVIDER,)),
    (T.STARTED, DataspaceEvent.SUSPEND): (T.SUSPENDED, EITHER),
    (T.STARTED, DataspaceEvent.COMPLETE): (T.COMPLETED, EITHER),
    (T.SUSPENDED, DataspaceEvent.START): (T.STARTED, EITHER),
    **{
        (state, DataspaceEvent.TERMINATE): (T.TERMINATED, EITHER)
        for state in TransferState
        if state not in ENDED
    },
}


class ProcessKind(StrEnum):
    """What a process is about."""

    NEGOTIATION = "negotiation"
    TRANSFER = "transfer"


def read_state(kind: str, state: str) -> State:
    """The state that a row names."""
    if kind == ProcessKind.NEGOTIATION:
        return NegotiationState(state)
    return TransferState(state)


def is_allowed(
    kind: str, state: str, event: DataspaceEvent, side: DataspaceSide
) -> bool:
    """Whether a side may bring this about now."""
    transition = (NEGOTIATION if kind == ProcessKind.NEGOTIATION else TRANSFER).get(
        (read_state(kind, state), event)
    )
    return transition is not None and side in transition[1]


def transition_process(
    kind: str, state: str, event: DataspaceEvent, side: DataspaceSide
) -> State:
    """The state that a side's message leads to.

    Raises:
        ConflictError: nothing of the kind happens in this state, or the other side does it.
    """
    moves = NEGOTIATION if kind == ProcessKind.NEGOTIATION else TRANSFER
    if not is_allowed(kind, state, event, side):
        raise ConflictError(
            "The process is %(state)s: “%(event)s” cannot come from the %(side)s now.",
            remedy="Ask for its state before sending again.",
            values={"state": state, "event": event.value, "side": side.value},
        )
    return moves[read_state(kind, state), event][0]
