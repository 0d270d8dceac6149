"""The states of negotiations and transfers (Dataspace Protocol 2025-1, 7.1 and 9.1); docs/reference/dataspace.md shows the same tables."""

from enum import StrEnum

from udi.kit.transitions import Transitions


class DataspaceSide(StrEnum):
    """Who sends a message."""

    PROVIDER = "provider"
    CONSUMER = "consumer"


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


N = NegotiationState
T = TransferState
ENDED = (N.FINALIZED, N.TERMINATED, T.COMPLETED, T.TERMINATED)


class ProcessKind(StrEnum):
    """What a process is about."""

    NEGOTIATION = "negotiation"
    TRANSFER = "transfer"


REASON = "The process is %(state)s: “%(event)s” cannot come from the %(actor)s now."
REMEDY = "Ask for its state before sending again."
NEGOTIATION = Transitions(
    {
        (N.REQUESTED, DataspaceEvent.OFFER): N.OFFERED,
        (N.REQUESTED, DataspaceEvent.AGREE): N.AGREED,
        (N.OFFERED, DataspaceEvent.REQUEST): N.REQUESTED,
        (N.OFFERED, DataspaceEvent.OFFER): N.OFFERED,
        (N.OFFERED, DataspaceEvent.ACCEPT): N.ACCEPTED,
        (N.ACCEPTED, DataspaceEvent.AGREE): N.AGREED,
        (N.AGREED, DataspaceEvent.VERIFY): N.VERIFIED,
        (N.VERIFIED, DataspaceEvent.FINALIZE): N.FINALIZED,
        **{
            (state, DataspaceEvent.TERMINATE): N.TERMINATED
            for state in NegotiationState
            if state not in ENDED
        },
    },
    reason=REASON,
    remedy=REMEDY,
    actors={
        DataspaceSide.PROVIDER: (
            DataspaceEvent.OFFER,
            DataspaceEvent.AGREE,
            DataspaceEvent.FINALIZE,
            DataspaceEvent.TERMINATE,
        ),
        DataspaceSide.CONSUMER: (
            DataspaceEvent.REQUEST,
            DataspaceEvent.ACCEPT,
            DataspaceEvent.VERIFY,
            DataspaceEvent.TERMINATE,
        ),
    },
)
TRANSFER = Transitions(
    {
        (T.REQUESTED, DataspaceEvent.START): T.STARTED,
        (T.STARTED, DataspaceEvent.SUSPEND): T.SUSPENDED,
        (T.STARTED, DataspaceEvent.COMPLETE): T.COMPLETED,
        (T.SUSPENDED, DataspaceEvent.START): T.STARTED,
        **{
            (state, DataspaceEvent.TERMINATE): T.TERMINATED
            for state in TransferState
            if state not in ENDED
        },
    },
    reason=REASON,
    remedy=REMEDY,
    actors={
        DataspaceSide.PROVIDER: (
            DataspaceEvent.START,
            DataspaceEvent.SUSPEND,
            DataspaceEvent.COMPLETE,
            DataspaceEvent.TERMINATE,
        ),
        DataspaceSide.CONSUMER: (
            (T.SUSPENDED, DataspaceEvent.START),
            DataspaceEvent.SUSPEND,
            DataspaceEvent.COMPLETE,
            DataspaceEvent.TERMINATE,
        ),
    },
)


def transitions_of(
    kind: str,
) -> (
    Transitions[NegotiationState, DataspaceEvent]
    | Transitions[TransferState, DataspaceEvent]
):
    """The table of a kind of process."""
    return NEGOTIATION if kind == ProcessKind.NEGOTIATION else TRANSFER
