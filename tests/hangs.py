"""A pytest plugin: a test that does not end fails, and says what it waits for.

Without it, one test that waits for ever takes the whole run with it, and nobody learns which. The tasks of asyncio that
began in it are cancelled: they would go on in the event loop of the run, in the middle of the tests that follow.
"""

import asyncio
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from tests import depth

LIMIT = "UDI_TEST_LIMIT"
"""Seconds that the set-up, the call or the tear-down of one test may take; 0: as long as it likes."""
USUAL_LIMIT = 900.0
LONGEST_STACK = 12
CANCELLATION = 10.0
"""Seconds that cancelled tasks have to end; one that does not heed is left, as it was before."""
_loops: list[asyncio.AbstractEventLoop] = []
"""The event loop of the run, once it runs."""


class HungError(BaseException):
    """A part of a test took longer than it may; no `except Exception` of what is tested takes it."""


def read_limit() -> float:
    """Seconds that a part of a test may take in this run; a thorough one has none, since machines take their time."""
    usual = 0.0 if depth.thorough() else USUAL_LIMIT
    return float(os.environ.get(LIMIT, usual))


@contextmanager
def limit_time(item: pytest.Item) -> Iterator[None]:
    """End the set-up, the call or the tear-down of a test when its time is over; pytest's own work is never ended."""
    limit = read_limit()
    if not limit or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end_test(_signal: int, _frame: FrameType | None) -> None:
        description = describe_wait()
        signal.setitimer(signal.ITIMER_REAL, limit, limit)
        raise HungError(
            f"{item.nodeid} did not end within {limit:.0f} s\n{description}"
        )

    before = signal.signal(signal.SIGALRM, end_test)
    signal.setitimer(signal.ITIMER_REAL, limit, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session", autouse=True)
async def event_loop_of_run() -> None:
    """Note the event loop in which fixtures and tests run."""
    _loops[:] = [asyncio.get_running_loop()]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[Any]:
    """Count the time of the fixtures of one test."""
    with limit_time(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup() -> Iterator[Any]:
    """Cancel what began in a fixture that does not end, and nothing of those before it."""
    return (yield from _cancel_when_hung())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[Any]:
    """Cancel what began in a test that does not end; what its fixtures began is theirs to end."""
    with limit_time(item):
        return (yield from _cancel_when_hung())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[Any]:
    """Cancel what began in a tear-down that does not end."""
    with limit_time(item):
        return (yield from _cancel_when_hung())


def _cancel_when_hung() -> Iterator[Any]:
    before = _list_tasks()
    try:
        return (yield)
    except HungError:
        signal.setitimer(signal.ITIMER_REAL, 0)
        cancel_tasks(_list_tasks() - before)
        raise


def _list_tasks() -> set[asyncio.Task[Any]]:
    """The tasks of the run's event loop that have not ended."""
    return {
        task
        for loop in _loops
        if not loop.is_closed()
        for task in asyncio.all_tasks(loop)
    }


def cancel_tasks(tasks: set[asyncio.Task[Any]]) -> None:
    """Cancel tasks, and let the event loop run until they have ended."""
    for task in tasks:
        task.cancel()
    for loop in {task.get_loop() for task in tasks}:
        own_tasks = [task for task in tasks if task.get_loop() is loop]
        loop.run_until_complete(asyncio.wait(own_tasks, timeout=CANCELLATION))


def describe_wait() -> str:
    """Where each thread and each task of asyncio stands."""
    parts = []
    for identifier, frame in sys._current_frames().items():
        stack = traceback.format_stack(frame)[-LONGEST_STACK:]
        parts.append(f"thread {identifier}:\n{''.join(stack)}")
    tasks = _list_tasks() | {
        item
        for item in gc.get_objects()
        if isinstance(item, asyncio.Task) and not item.done()
    }
    for task in tasks:
        frames = [
            f"  {frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}"
            for frame in task.get_stack()
        ]
        parts.append(
            "\n".join(
                [
                    f"task {task.get_name()}: {task.get_coro()!r}",
                    *frames[-LONGEST_STACK:],
                ]
            )
        )
    return "\n".join(parts)
