"""The states of negotiations and transfers (Dataspace Protocol 2025-1, 7.1 and 9.1); docs/reference/dataspace.md shows the same tables."""

from enum import StrEnum

from udi.kit.errors import ConflictError


class Side(StrEnum):
    """Who sends a message."""

    PROVIDER = "provider"
    CONSUMER = "consumer"


EITHER = (Side.PROVIDER, Side.CONSUMER)


class Negotiation(StrEnum):
    """Where a contract negotiation stands, in the protocol's words."""

    REQUESTED = "REQUESTED"
    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    AGREED = "AGREED"
    VERIFIED = "VERIFIED"
    FINALIZED = "FINALIZED"
    TERMINATED = "TERMINATED"


class Transfer(StrEnum):
    """Where a transfer process stands, in the protocol's words."""

    REQUESTED = "REQUESTED"
    STARTED = "STARTED"
    SUSPENDED = "SUSPENDED"
    COMPLETED = "COMPLETED"
    TERMINATED = "TERMINATED"


State = Negotiation | Transfer


class Event(StrEnum):
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


Moves = dict[tuple[State, Event], tuple[State, tuple[Side, ...]]]
"""Where an event leads from a state, and which sides may bring it about."""
N, T = Negotiation, Transfer
ENDED = (N.FINALIZED, N.TERMINATED, T.COMPLETED, T.TERMINATED)
NEGOTIATION: Moves = {
    (N.REQUESTED, Event.OFFER): (N.OFFERED, (Side.PROVIDER,)),
    (N.REQUESTED, Event.AGREE): (N.AGREED, (Side.PROVIDER,)),
    (N.OFFERED, Event.REQUEST): (N.REQUESTED, (Side.CONSUMER,)),
    (N.OFFERED, Event.OFFER): (N.OFFERED, (Side.PROVIDER,)),
    (N.OFFERED, Event.ACCEPT): (N.ACCEPTED, (Side.CONSUMER,)),
    (N.ACCEPTED, Event.AGREE): (N.AGREED, (Side.PROVIDER,)),
    (N.AGREED, Event.VERIFY): (N.VERIFIED, (Side.CONSUMER,)),
    (N.VERIFIED, Event.FINALIZE): (N.FINALIZED, (Side.PROVIDER,)),
    **{(state, Event.TERMINATE): (N.TERMINATED, EITHER) for state in Negotiation if state not in ENDED},
}
TRANSFER: Moves = {
    (T.REQUESTED, Event.START): (T.STARTED, (Side.PROVIDER,)),
    (T.STARTED, Event.SUSPEND): (T.SUSPENDED, EITHER),
    (T.STARTED, Event.COMPLETE): (T.COMPLETED, EITHER),
    (T.SUSPENDED, Event.START): (T.STARTED, EITHER),
    **{(state, Event.TERMINATE): (T.TERMINATED, EITHER) for state in Transfer if state not in ENDED},
}


class Kind(StrEnum):
    """What a process is about."""

    NEGOTIATION = "negotiation"
    TRANSFER = "transfer"


def read_state(kind: str, state: str) -> State:
    """The state that a row names."""
    return Negotiation(state) if kind == Kind.NEGOTIATION else Transfer(state)


def may(kind: str, state: str, event: Event, side: Side) -> bool:
    """Whether a side may bring this about now."""
    found = (NEGOTIATION if kind == Kind.NEGOTIATION else TRANSFER).get((read_state(kind, state), event))
    return found is not None and side in found[1]


def follow(kind: str, state: str, event: Event, side: Side) -> State:
    """The state that a side's message leads to.

    Raises:
        ConflictError: nothing of the kind happens in this state, or the other side does it.
    """
    moves = NEGOTIATION if kind == Kind.NEGOTIATION else TRANSFER
    if not may(kind, state, event, side):
        raise ConflictError(
            "The process is %(state)s: “%(event)s” cannot come from the %(side)s now.",
            remedy="Ask for its state before sending again.",
            values={"state": state, "event": event.value, "side": side.value},
        )
    return moves[read_state(kind, state), event][0]
