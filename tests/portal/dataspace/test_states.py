"""Negotiations and transfers: each pair of state and event, from each side, against tables written here after the protocol's."""

from itertools import product

import pytest

from udi.kit.errors import ConflictError
from udi.portal.dataspace.states import Event, Kind, Negotiation, Side, Transfer, follow, may

TABLES = {
    Kind.NEGOTIATION: """
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
    Kind.TRANSFER: """
        REQUESTED start     provider          STARTED
        REQUESTED terminate provider,consumer TERMINATED
        STARTED   suspend   provider,consumer SUSPENDED
        STARTED   complete  provider,consumer COMPLETED
        STARTED   terminate provider,consumer TERMINATED
        SUSPENDED start     provider,consumer STARTED
        SUSPENDED terminate provider,consumer TERMINATED
    """,
}
STATES = {Kind.NEGOTIATION: list(Negotiation), Kind.TRANSFER: list(Transfer)}


def rows(kind: Kind) -> dict[tuple[str, str, str], str]:
    """State, event and side, and where they lead."""
    lines = [line.split() for line in TABLES[kind].strip().splitlines()]
    return {(state, event, side): then for state, event, sides, then in lines for side in sides.split(",")}


ENDS = {Kind.NEGOTIATION: ("FINALIZED", "TERMINATED"), Kind.TRANSFER: ("COMPLETED", "TERMINATED")}
ALLOWED = [(kind, *way, target) for kind in Kind for way, target in rows(kind).items()]
REFUSED = [(kind, *way) for kind in Kind for way in product(STATES[kind], Event, Side) if way not in rows(kind)]


@pytest.mark.parametrize(("kind", "state", "event", "side", "target"), ALLOWED)
def test_a_row_of_the_table_leads_where_it_says(kind: Kind, state: str, event: str, side: str, target: str) -> None:
    assert may(kind, state, Event(event), Side(side))
    assert follow(kind, state, Event(event), Side(side)) == target


@pytest.mark.parametrize(("kind", "state", "event", "side"), REFUSED)
def test_nothing_else_happens(kind: Kind, state: str, event: Event, side: Side) -> None:
    assert not may(kind, state, event, side)
    with pytest.raises(ConflictError):
        follow(kind, state, event, side)


@pytest.mark.parametrize(
    ("kind", "state", "event", "side"),
    [(kind, end, *how) for kind in Kind for end in ENDS[kind] for how in product(Event, Side)],
)
def test_nothing_follows_the_end(kind: Kind, state: str, event: Event, side: Side) -> None:
    assert not may(kind, state, event, side)
