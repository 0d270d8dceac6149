"""What several processes of one program count together, and what a process that is killed leaves."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress

import pytest

from udi.kit.errors import TooManyRequestsError
from udi.kit.rates import RateLimiter, TimeLimiter
from udi.kit.shared_memory import SharedNumber, SharedSlots, SharedTable

pytestmark = pytest.mark.programs

MOMENT = 90.0


def in_child(work: Callable[[], object], *, end: int = 0) -> None:
    """Do something in a process forked from this one, as a web worker is; `end`: the signal that ends it."""
    pid = os.fork()
    if not pid:
        with suppress(BaseException):
            work()
            if end:
                os.kill(os.getpid(), end)
            os._exit(0)
        os._exit(1)
    _, status = os.waitpid(pid, 0)
    expected = -end if end else 0
    assert os.waitstatus_to_exitcode(status) == expected


def test_a_rate_limit_holds_over_all_workers_together() -> None:
    limiter = RateLimiter("api", limit=5, clock=lambda: MOMENT)
    for _ in range(2):
        in_child(lambda: [limiter.count_request("reader") for _ in range(2)])

    last = limiter.count_request("reader")

    assert last["RateLimit"] == '"api";r=0;t=30'
    with pytest.raises(TooManyRequestsError):
        limiter.count_request("reader")
    assert limiter.count_request("another")["RateLimit"] == '"api";r=4;t=30'


def test_a_window_that_ended_is_over_for_all_workers() -> None:
    moments = [MOMENT]
    limiter = RateLimiter("api", limit=1, clock=lambda: moments[0])
    in_child(lambda: limiter.count_request("reader"))
    with pytest.raises(TooManyRequestsError):
        limiter.count_request("reader")

    moments[0] = 120.0

    assert limiter.count_request("reader")["RateLimit"] == '"api";r=0;t=60'


def test_time_that_was_worked_comes_back_evenly_and_counts_over_all_workers() -> None:
    moments = [MOMENT]
    limiter = TimeLimiter("query-time", limit=30, seconds=60, clock=lambda: moments[0])
    in_child(lambda: limiter.spend("reader", 20))
    before = limiter.seconds_until_free("reader")
    in_child(lambda: limiter.spend("reader", 25))

    seconds = []
    for later in (0, 20, 30, 30.5):
        moments[0] = MOMENT + later
        seconds.append(limiter.seconds_until_free("reader"))

    assert before == 0
    assert seconds == [31, 11, 1, 0]
    assert limiter.seconds_until_free("another") == 0
    moments[0] = MOMENT + 1_000
    limiter.spend("reader", 29)
    assert limiter.seconds_until_free("reader") == 0


def test_many_workers_at_once_lose_no_count() -> None:
    table = SharedTable()
    workers, times = 4, 2000

    def add() -> None:
        for _ in range(times):
            with table.lock():
                number = table.read("x") or SharedNumber(0, 1)
                table.write("x", SharedNumber(number.value + 1, 1))

    pids = []
    for _ in range(workers):
        pid = os.fork()
        if not pid:
            with suppress(BaseException):
                add()
                os._exit(0)
            os._exit(1)
        pids.append(pid)
    statuses = [os.waitpid(pid, 0)[1] for pid in pids]

    assert statuses == [0] * workers
    assert table.read("x") == SharedNumber(workers * times, 1)


def test_a_worker_that_is_killed_holds_no_lock_and_no_place() -> None:
    table = SharedTable()
    slots = SharedSlots()

    def hold() -> None:
        slots.take("space", 1)
        with table.lock():
            os.kill(os.getpid(), signal.SIGKILL)

    in_child(hold, end=signal.SIGKILL)

    with table.lock():
        assert table.read("x") is None
    assert slots.take("space", 1) is not None


def test_places_are_those_of_all_workers_together() -> None:
    slots = SharedSlots()
    first = slots.take("space", 2)

    def take_the_other() -> None:
        assert slots.take("space", 2) is not None
        assert slots.take("space", 2) is None
        assert slots.take("another", 1) is not None

    in_child(take_the_other)
    second = slots.take("space", 2)

    assert first is not None
    assert second is not None
    assert slots.take("space", 2) is None
    slots.release(first)
    assert slots.take("space", 2) == first


def test_what_ends_first_gives_way_and_what_is_cleared_is_gone() -> None:
    table = SharedTable(rows=8)
    for number in range(9):
        table.write(str(number), SharedNumber(number, 10 + number))

    assert table.read("0") is None
    assert [table.read(str(number)) for number in range(1, 9)] == [
        SharedNumber(number, 10 + number) for number in range(1, 9)
    ]
    salt = table.salt
    table.clear()
    assert table.read("8") is None
    assert table.salt != salt
