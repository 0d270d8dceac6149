"""Children for strangers' files: one file each, few at once, and one that stands ready."""

import asyncio
from collections.abc import AsyncIterator

import psutil
import pytest

from tests.node import hostile
from udi.kit.child import ChildCrashError, ChildError
from udi.tabular.queries.readers import FileReaderPool, QueueTimeoutError, ReaderLimits

pytestmark = pytest.mark.programs

SECONDS = 60.0


@pytest.fixture
def standby_seconds() -> float:
    """How long a child stands ready for a file."""
    return SECONDS


@pytest.fixture
async def readers(standby_seconds: float) -> AsyncIterator[FileReaderPool]:
    pool = FileReaderPool(
        hostile.nothing,
        ReaderLimits(
            places=2, own_places=1, patience=0.2, standby_seconds=standby_seconds
        ),
    )
    yield pool
    await pool.close()


async def ready(readers: FileReaderPool) -> int:
    """The process that stands ready."""
    async with asyncio.timeout(SECONDS):
        while readers.standby_pid == 0:  # noqa: ASYNC110 - a child says nothing when it is ready
            await asyncio.sleep(0.02)
    return readers.standby_pid


async def test_a_file_has_a_child_of_its_own_that_ends_with_it(
    readers: FileReaderPool,
) -> None:
    pids = []
    for _ in range(2):
        async with readers.open_reader("a") as reading:
            pids.append(
                [await reading.call(hostile.own_pid, seconds=SECONDS) for _ in range(2)]
            )

    (first, again), (second, _) = pids
    assert first == again != second
    assert not any(psutil.pid_exists(pid) for pid in (first, second))


async def test_the_child_that_stands_ready_serves_one_file(
    readers: FileReaderPool,
) -> None:
    readers.start_standby()
    waiting = await ready(readers)

    async with readers.open_reader("a") as reading:
        served = await reading.call(hostile.own_pid, seconds=SECONDS)
    following = await ready(readers)

    assert served == waiting != following


@pytest.mark.parametrize("standby_seconds", [1.0])
async def test_a_child_that_nobody_needs_goes(readers: FileReaderPool) -> None:
    readers.start_standby()
    waiting = await ready(readers)

    async with asyncio.timeout(SECONDS):
        while psutil.pid_exists(waiting):  # noqa: ASYNC110 - it goes by itself
            await asyncio.sleep(0.05)

    assert readers.standby_pid == 0


async def test_a_file_that_kills_its_child_is_told_and_the_next_question_answered(
    readers: FileReaderPool,
) -> None:
    async with readers.open_reader("a") as reading:
        with pytest.raises(ChildCrashError):
            await reading.call(hostile.abort, seconds=SECONDS)
        with pytest.raises(ChildError):
            await reading.call(hostile.spin, seconds=0.2)
        assert await reading.call(hostile.own_pid, seconds=SECONDS) > 0


async def test_a_space_waits_for_its_own_turn_while_another_is_served(
    readers: FileReaderPool,
) -> None:
    async with (
        readers.open_reader("a") as first,
        readers.open_reader("a") as second,
        readers.open_reader("b") as other,
    ):
        await first.call(hostile.nothing, seconds=SECONDS)
        with pytest.raises(QueueTimeoutError):
            await second.call(hostile.nothing, seconds=SECONDS)
        await other.call(hostile.nothing, seconds=SECONDS)

    async with readers.open_reader("a") as later:
        await later.call(hostile.nothing, seconds=SECONDS)
