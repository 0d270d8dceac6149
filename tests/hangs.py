"""A pytest plugin: a test that does not end fails, and says what it waits for.

Without it, one test that waits for ever takes the whole run with it, and nobody learns which.
"""

import asyncio
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from types import FrameType

import pytest

from tests import depth

LIMIT = "UDI_TEST_LIMIT"
"""Seconds that one test may take, with its fixtures; 0: as long as it likes."""
USUAL_LIMIT = 900.0
LONGEST_STACK = 12


class HungError(BaseException):
    """A test took longer than it may; no `except Exception` of what is tested takes it."""


def read_limit() -> float:
    """Seconds that a test may take in this run; a thorough one has none, since machines take their time."""
    usual = 0.0 if depth.thorough() else USUAL_LIMIT
    return float(os.environ.get(LIMIT, usual))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Count the time of one test, from its first fixture to its last."""
    limit = read_limit()
    if not limit or threading.current_thread() is not threading.main_thread():
        return (yield)

    def end_test(_signal: int, _frame: FrameType | None) -> None:
        raise HungError(
            f"{item.nodeid} did not end within {limit:.0f} s\n{describe_wait()}"
        )

    before = signal.signal(signal.SIGALRM, end_test)
    signal.setitimer(signal.ITIMER_REAL, limit, limit)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def describe_wait() -> str:
    """Where each thread and each task of asyncio stands."""
    parts = []
    for identifier, frame in sys._current_frames().items():
        stack = traceback.format_stack(frame)[-LONGEST_STACK:]
        parts.append(f"thread {identifier}:\n{''.join(stack)}")
    tasks = [
        item
        for item in gc.get_objects()
        if isinstance(item, asyncio.Task) and not item.done()
    ]
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
