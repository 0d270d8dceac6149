"""What runs for ever beside a worker ends when it is told to, though one cancellation was lost on the way."""

import asyncio

import pytest

from udi.kit import jobs
from udi.kit.db import Database
from udi.kit.jobs import Worker, run_until_stopped


class Idle(Worker):
    """A worker that waits for jobs, and needs no database for it."""

    def __init__(self) -> None:
        """Have nothing to do."""

    async def run(self) -> None:
        await asyncio.Event().wait()


async def lose_a_cancellation(begun: asyncio.Event) -> None:
    """Go on after the first cancellation, as `asyncio.wait_for` does where what it waits for ended at that moment."""
    begun.set()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.Event().wait()


async def test_what_lost_its_cancellation_is_cancelled_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs, "CANCELLED_AGAIN", 0.01)
    begun = asyncio.Event()
    running = asyncio.create_task(run_until_stopped(Idle(), lose_a_cancellation(begun)))
    await begun.wait()

    running.cancel()
    ended, _ = await asyncio.wait({running}, timeout=60)

    assert ended == {running}
    assert running.cancelled()


async def test_the_first_failure_ends_all() -> None:
    async def fail() -> None:
        raise ValueError

    with pytest.RaisesGroup(ValueError):
        await run_until_stopped(Idle(), fail())


async def test_a_worker_that_is_stopped_before_it_is_connected_ends(
    node_database: Database,
) -> None:
    worker = Worker(node_database, {})
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(0)

    worker.stop()
    ended, _ = await asyncio.wait({running}, timeout=60)

    assert ended == {running}
    running.result()
