"""Spaces take turns: none waits while another is served twice, none holds every place, nobody waits for ever."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udi.kit.errors import TooManyRequestsError, UnavailableError
from udi.tabular.queries.fair_queue import FairQueue, QueueFullError, Slot
from udi.tabular.queries.pool import AsyncFairQueue

SPACES = st.sampled_from("ABCD")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), SPACES),
        st.tuples(st.just("leave"), st.integers(0, 30)),
    )
)


class Watched:
    """A line, and for each ticket how often each other space was served while it could have been."""

    def __init__(self, places: int, places_of_space: int) -> None:
        self.turns = FairQueue(places, places_of_space, 1000, 1000)
        self.tickets: list[Slot] = []
        self.overtaken: dict[Slot, Counter[object]] = {}

    def join(self, space: str) -> None:
        before = [ticket for ticket in self.tickets if ticket.served]
        ticket = self.turns.enqueue(space)
        self.tickets.append(ticket)
        self._note(
            [slot for slot in self.tickets if slot.served and slot not in before]
        )

    def leave(self, number: int) -> None:
        if self.tickets:
            ticket = self.tickets.pop(number % len(self.tickets))
            self.overtaken.pop(ticket, None)
            self._note(self.turns.release(ticket))

    def _note(self, served: list[Slot]) -> None:
        firsts = {
            ticket.space: ticket
            for ticket in reversed(self.tickets)
            if not ticket.served
        }
        for ticket in firsts.values():
            if self.held[ticket.space] < self.turns.own_places:
                self.overtaken.setdefault(ticket, Counter()).update(
                    slot.space for slot in served
                )

    @property
    def held(self) -> Counter[object]:
        return Counter(ticket.space for ticket in self.tickets if ticket.served)


@given(STEPS, st.integers(1, 5), st.integers(1, 5))
def test_a_space_is_served_before_another_is_served_twice(
    steps: list[tuple[str, str | int]], places: int, places_of_space: int
) -> None:
    line = Watched(places, places_of_space)
    for step, what in steps:
        if step == "join":
            line.join(str(what))
        else:
            line.leave(int(what))

        assert line.turns.active_count == sum(line.held.values()) <= places
        assert max(line.held.values(), default=0) <= places_of_space
        assert line.turns.waiting == sum(not ticket.served for ticket in line.tickets)
        assert all(
            most <= 1 for counts in line.overtaken.values() for most in counts.values()
        )
        able = {
            ticket.space
            for ticket in line.tickets
            if not ticket.served and line.held[ticket.space] < places_of_space
        }
        assert min(places - line.turns.active_count, len(able)) == 0, (
            "nobody who may be served waits beside a free place"
        )


def test_a_space_that_was_served_goes_behind_the_others() -> None:
    turns = FairQueue(1, 1, 10, 10)
    first, second, third, other = (turns.enqueue(space) for space in "AAAB")

    served = [turns.release(first), turns.release(second), turns.release(other)]

    assert served == [[second], [other], [third]]


def test_a_space_waits_in_its_own_order() -> None:
    turns = FairQueue(1, 1, 10, 10)
    first, second, third = (turns.enqueue("A") for _ in range(3))

    assert turns.release(first) == [second]
    assert turns.release(second) == [third]


def test_a_flood_of_one_space_does_not_keep_another_waiting() -> None:
    turns = FairQueue(3, 2, 1000, 1000)
    flood = [turns.enqueue("flood") for _ in range(500)]

    assert turns.enqueue("quiet").served
    assert sum(ticket.served for ticket in flood) == 2


def test_a_line_has_an_end() -> None:
    turns = FairQueue(1, 1, 3, 2)
    for space in "AAA":
        turns.enqueue(space)
    with pytest.raises(QueueFullError) as space_error:
        turns.enqueue("A")
    turns.enqueue("B")
    with pytest.raises(QueueFullError) as all_of_them:
        turns.enqueue("C")

    assert (space_error.value.of_space, all_of_them.value.of_space) == (True, False)


async def test_whoever_waits_too_long_is_told_when_to_come_back() -> None:
    gate = AsyncFairQueue(FairQueue(1, 1, 10, 1), patience=0.05)
    async with gate.acquire_slot("A"):
        with pytest.raises(UnavailableError) as late:
            async with gate.acquire_slot("B"):
                pass
        waiting = asyncio.create_task(_enter(gate, "A"))
        await asyncio.sleep(0)
        with pytest.raises(TooManyRequestsError) as many:
            async with gate.acquire_slot("A"):
                pass
        waiting.cancel()
    async with gate.acquire_slot("B"):
        pass

    assert (late.value.status, many.value.status) == (503, 429)
    assert late.value.headers["Retry-After"] == many.value.headers["Retry-After"] == "5"


async def test_whoever_has_a_patience_of_their_own_waits_as_long() -> None:
    gate = AsyncFairQueue(FairQueue(1, 1, 10, 10), patience=0)
    async with gate.acquire_slot("A"):
        with pytest.raises(UnavailableError):
            await _enter(gate, "B")
        waiting = asyncio.create_task(_enter(gate, "B", patience=60))
        await asyncio.sleep(0.01)
    await waiting

    assert waiting.exception() is None


async def _enter(
    gate: AsyncFairQueue, space: str, patience: float | None = None
) -> None:
    async with gate.acquire_slot(space, patience):
        pass
