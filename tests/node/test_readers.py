"""Children for strangers' files: one file each, few at once, and one that stands ready."""

import asyncio
from collections.abc import AsyncIterator

import psutil
import pytest

from tests.node import hostile
from udi.kit.child import ChildError, DiedError
from udi.node.tables.readers import NoTurnError, ReaderLimits, Readers

pytestmark = pytest.mark.programs

SECONDS = 30.0


@pytest.fixture
async def readers() -> AsyncIterator[Readers]:
    made = Readers(hostile.nothing, ReaderLimits(places=2, own_places=1, patience=0.2, kept=1.0))
    yield made
    await made.close()


async def ready(readers: Readers) -> int:
    """The process that stands ready."""
    async with asyncio.timeout(SECONDS):
        while readers.ready == 0:  # noqa: ASYNC110 - a child says nothing when it is ready
            await asyncio.sleep(0.02)
    return readers.ready


async def test_a_file_has_a_child_of_its_own_that_ends_with_it(readers: Readers) -> None:
    pids = []
    for _ in range(2):
        async with readers.reading("a") as reading:
            pids.append([await reading.call(hostile.own_pid, seconds=SECONDS) for _ in range(2)])

    (first, again), (second, _) = pids
    assert first == again != second
    assert not any(psutil.pid_exists(pid) for pid in (first, second))


async def test_the_child_that_stands_ready_serves_one_file(readers: Readers) -> None:
    readers.stand_ready()
    waiting = await ready(readers)

    async with readers.reading("a") as reading:
        served = await reading.call(hostile.own_pid, seconds=SECONDS)
    following = await ready(readers)

    assert served == waiting != following


async def test_a_child_that_nobody_needs_goes(readers: Readers) -> None:
    readers.stand_ready()
    waiting = await ready(readers)

    async with asyncio.timeout(SECONDS):
        while psutil.pid_exists(waiting):  # noqa: ASYNC110 - it goes by itself
            await asyncio.sleep(0.05)

    assert readers.ready == 0


async def test_a_file_that_kills_its_child_is_told_and_the_next_question_answered(readers: Readers) -> None:
    async with readers.reading("a") as reading:
        with pytest.raises(DiedError):
            await reading.call(hostile.abort, seconds=SECONDS)
        with pytest.raises(ChildError):
            await reading.call(hostile.spin, seconds=0.2)
        assert await reading.call(hostile.own_pid, seconds=SECONDS) > 0


async def test_a_space_waits_for_its_own_turn_while_another_is_served(readers: Readers) -> None:
    async with readers.reading("a") as first, readers.reading("a") as second, readers.reading("b") as other:
        await first.call(hostile.nothing, seconds=SECONDS)
        with pytest.raises(NoTurnError):
            await second.call(hostile.nothing, seconds=SECONDS)
        await other.call(hostile.nothing, seconds=SECONDS)

    async with readers.reading("a") as later:
        await later.call(hostile.nothing, seconds=SECONDS)
