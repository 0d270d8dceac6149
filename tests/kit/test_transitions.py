"""State machines: what leads where, who may, and what a refusal says."""

from enum import StrEnum

import pytest

from udi.kit.errors import ConflictError
from udi.kit.transitions import Transitions


class LoanState(StrEnum):
    REQUESTED = "requested"
    LENT = "lent"
    BACK = "back"


class LoanEvent(StrEnum):
    LEND = "lend"
    RENEW = "renew"
    RETURN = "return"


LOAN = Transitions(
    {
        (LoanState.REQUESTED, LoanEvent.LEND): LoanState.LENT,
        (LoanState.REQUESTED, LoanEvent.RENEW): LoanState.REQUESTED,
        (LoanState.LENT, LoanEvent.RENEW): LoanState.LENT,
        (LoanState.LENT, LoanEvent.RETURN): LoanState.BACK,
    },
    reason="The book is %(state)s: no “%(event)s” by the %(actor)s.",
    remedy="Ask at the desk.",
    actors={
        "reader": (LoanEvent.RETURN, (LoanState.LENT, LoanEvent.RENEW)),
        "library": (LoanEvent.LEND, LoanEvent.RENEW),
    },
)


def test_next_state_reads_the_state_of_a_row() -> None:
    assert LOAN.next_state("requested", LoanEvent.LEND) is LoanState.LENT
    assert LOAN.next_state(LoanState.LENT, LoanEvent.RETURN) is LoanState.BACK
    with pytest.raises(ValueError, match="lost"):
        LOAN.next_state("lost", LoanEvent.RETURN)


@pytest.mark.parametrize(
    ("state", "event", "actor", "reason"),
    [
        ("back", LoanEvent.RENEW, None, "The book is back: no “renew” by the ."),
        (
            "requested",
            LoanEvent.RETURN,
            None,
            "The book is requested: no “return” by the .",
        ),
        (
            "requested",
            LoanEvent.RENEW,
            "reader",
            "The book is requested: no “renew” by the reader.",
        ),
        ("lent", LoanEvent.RENEW, "cat", "The book is lent: no “renew” by the cat."),
    ],
)
def test_next_state_refuses_with_reason_and_remedy(
    state: str, event: LoanEvent, actor: str | None, reason: str
) -> None:
    assert not LOAN.is_allowed(state, event, actor)
    with pytest.raises(ConflictError) as refusal:
        LOAN.next_state(state, event, actor)
    assert refusal.value.detail % refusal.value.values == reason
    assert refusal.value.remedy == "Ask at the desk."


def test_an_actor_may_be_limited_to_one_state() -> None:
    assert LOAN.events("requested") == [LoanEvent.LEND, LoanEvent.RENEW]
    assert LOAN.events("requested", "reader") == []
    assert LOAN.events("lent", "reader") == [LoanEvent.RENEW, LoanEvent.RETURN]
    assert LOAN.events("lent", "library") == [LoanEvent.RENEW]
    assert LOAN.events_of("reader") == [LoanEvent.RETURN, LoanEvent.RENEW]
    assert LOAN.next_state("lent", LoanEvent.RENEW, "reader") is LoanState.LENT


def test_iterating_yields_the_rows_with_their_actors() -> None:
    assert list(LOAN) == [
        ("requested", "lend", "lent", ("library",)),
        ("requested", "renew", "requested", ("library",)),
        ("lent", "renew", "lent", ("reader", "library")),
        ("lent", "return", "back", ("reader",)),
    ]
