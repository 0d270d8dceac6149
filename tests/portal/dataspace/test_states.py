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


@pytest.mark.parametrize("kind", list(Kind))
def test_every_state_event_and_side_follows_the_table(kind: Kind) -> None:
    table = rows(kind)

    for state, event, side in product(STATES[kind], Event, Side):
        wanted = table.get((state, event, side))
        assert may(kind, state, event, side) == (wanted is not None)
        if wanted is None:
            with pytest.raises(ConflictError):
                follow(kind, state, event, side)
        else:
            assert follow(kind, state, event, side) == wanted


def test_nothing_follows_the_end() -> None:
    for kind, ends in ((Kind.NEGOTIATION, ("FINALIZED", "TERMINATED")), (Kind.TRANSFER, ("COMPLETED", "TERMINATED"))):
        assert not any(state in ends for state, _, _ in rows(kind))
