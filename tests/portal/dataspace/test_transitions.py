"""Negotiations and transfers: each pair of state and event, from each side, against tables written here after the protocol's."""

from itertools import product

import pytest

from udi.kit.errors import ConflictError
from udi.portal.dataspace.transitions import (
    DataspaceEvent,
    DataspaceSide,
    NegotiationState,
    ProcessKind,
    TransferState,
    transitions_of,
)

TABLES = {
    ProcessKind.NEGOTIATION: """
        REQUESTED offer     provider          OFFERED
        REQUESTED agree     provider          AGREED
        REQUESTED terminate provider,consumer TERMINATED
        OFFERED   request   consumer          REQUESTED
        OFFERED   offer     provider          OFFERED
        OFFERED   accept    consumer          ACCEPTED
        OFFERED   terminate provider,consumer TERMINATED
        ACCEPTED  agree     provider          AGREED
        ACCEPTED  terminate provider,consumer TERMINATED
        AGREED    verify    consumer          VERIFIED
        AGREED    terminate provider,consumer TERMINATED
        VERIFIED  finalize  provider          FINALIZED
        VERIFIED  terminate provider,consumer TERMINATED
    """,
    ProcessKind.TRANSFER: """
        REQUESTED start     provider          STARTED
        REQUESTED terminate provider,consumer TERMINATED
        STARTED   suspend   provider,consumer SUSPENDED
        STARTED   complete  provider,consumer COMPLETED
        STARTED   terminate provider,consumer TERMINATED
        SUSPENDED start     provider,consumer STARTED
        SUSPENDED terminate provider,consumer TERMINATED
    """,
}
STATES = {
    ProcessKind.NEGOTIATION: list(NegotiationState),
    ProcessKind.TRANSFER: list(TransferState),
}


def rows(kind: ProcessKind) -> dict[tuple[str, str, str], str]:
    """State, event and side, and where they lead."""
    lines = [line.split() for line in TABLES[kind].strip().splitlines()]
    return {
        (state, event, side): then
        for state, event, sides, then in lines
        for side in sides.split(",")
    }


ENDS = {
    ProcessKind.NEGOTIATION: ("FINALIZED", "TERMINATED"),
    ProcessKind.TRANSFER: ("COMPLETED", "TERMINATED"),
}
ALLOWED = [
    (kind, *way, target) for kind in ProcessKind for way, target in rows(kind).items()
]
REFUSED = [
    (kind, *way)
    for kind in ProcessKind
    for way in product(STATES[kind], DataspaceEvent, DataspaceSide)
    if way not in rows(kind)
]


@pytest.mark.parametrize(("kind", "state", "event", "side", "target"), ALLOWED)
def test_a_row_of_the_table_leads_where_it_says(
    kind: ProcessKind, state: str, event: str, side: str, target: str
) -> None:
    assert transitions_of(kind).is_allowed(
        state, DataspaceEvent(event), DataspaceSide(side)
    )
    assert (
        transitions_of(kind).next_state(
            state, DataspaceEvent(event), DataspaceSide(side)
        )
        == target
    )


@pytest.mark.parametrize(("kind", "state", "event", "side"), REFUSED)
def test_nothing_else_happens(
    kind: ProcessKind, state: str, event: DataspaceEvent, side: DataspaceSide
) -> None:
    assert not transitions_of(kind).is_allowed(state, event, side)
    with pytest.raises(ConflictError):
        transitions_of(kind).next_state(state, event, side)


@pytest.mark.parametrize(
    ("kind", "state", "event", "side"),
    [
        (kind, end, *how)
        for kind in ProcessKind
        for end in ENDS[kind]
        for how in product(DataspaceEvent, DataspaceSide)
    ],
)
def test_nothing_follows_the_end(
    kind: ProcessKind, state: str, event: DataspaceEvent, side: DataspaceSide
) -> None:
    assert not transitions_of(kind).is_allowed(state, event, side)
