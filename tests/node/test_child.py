"""Work in a child: what it may not do, what ends it, and that nothing is left of it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.node import hostile
from udi.kit import landlock
from udi.kit.child import (
    ChildCrashError,
    ChildError,
    ChildMemoryError,
    ChildProcess,
    ChildTimeoutError,
    run,
)
from udi.kit.sandbox import ProcessLimits

MEMORY = 1024
PATIENCE = 60
NOBODY = 65534
pytestmark = [pytest.mark.programs, pytest.mark.usefixtures("real_children")]
ROOT = Path(__file__).parents[2]


async def in_child(
    function: Callable[..., Any], *args: Any, seconds: float = PATIENCE, **options: Any
) -> Any:
    return await run(function, *args, memory_mb=MEMORY, seconds=seconds, **options)


@pytest.fixture(scope="module")
async def reader() -> AsyncIterator[ChildProcess]:
    """A child that may write nothing."""
    async with ChildProcess(ProcessLimits(MEMORY)) as child:
        yield child


@pytest.fixture(scope="module")
async def writer() -> AsyncIterator[ChildProcess]:
    """A child that may write short files."""
    async with ChildProcess(
        ProcessLimits(MEMORY, 1000), {"OGR_SKIP": "OGR_VRT"}
    ) as child:
        yield child


@pytest.mark.parametrize(
    "operation", ["connect", "pair", "run", "fork", "signal the parent"]
)
async def test_it_reaches_nothing_outside(
    writer: ChildProcess, tmp_path: Path, operation: str
) -> None:
    assert (
        await writer.call(hostile.attempt, operation, tmp_path / "x", seconds=PATIENCE)
        == "PermissionError"
    )


@pytest.mark.parametrize(
    "operation", ["write", "empty", "rename", "delete", "make a folder"]
)
async def test_it_changes_no_file_unless_it_may(
    reader: ChildProcess, writer: ChildProcess, tmp_path: Path, operation: str
) -> None:
    target = tmp_path / "table.csv"
    target.write_text("kept")

    assert (
        await reader.call(hostile.attempt, operation, target, seconds=PATIENCE)
        == "PermissionError"
    )
    assert target.read_text() == "kept"
    assert (
        await writer.call(hostile.attempt, operation, target, seconds=PATIENCE)
        == "done"
    )


async def test_it_reads_files(reader: ChildProcess, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a;b")

    assert (
        await reader.call(
            hostile.attempt, "read", tmp_path / "table.csv", seconds=PATIENCE
        )
        == "done"
    )


@pytest.fixture
def walled() -> None:
    """Skips where the kernel keeps no files back."""
    if not landlock.version():
        pytest.skip("this kernel has no Landlock")


@pytest.mark.usefixtures("walled")
async def test_it_reaches_only_the_folders_of_its_call(tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    other = tmp_path / "other"
    for folder in (ours, other):
        folder.mkdir()
        (folder / "table.csv").write_text("a;b")
    (ours / "way out").symlink_to(other)

    assert await in_child(hostile.attempt, "read", ours / "table.csv") == "done"
    assert (
        await in_child(hostile.attempt, "write", ours / "new.csv", file_bytes=1000)
        == "done"
    )
    places = (str(ours),)
    async with ChildProcess(ProcessLimits(MEMORY, 1000, places=places)) as child:
        for operation, target in (
            ("read", other / "table.csv"), ("read", ours / "way out" / "table.csv"), ("read", Path("/etc/passwd")),
            ("read", Path(f"/proc/{os.getpid()}/environ")), ("list", tmp_path), ("list", Path("/proc")),
            ("write", other / "new.csv"), ("delete", other / "table.csv"),
        ):  # fmt: skip
            assert (
                await child.call(hostile.attempt, operation, target, seconds=PATIENCE)
                == "PermissionError"
            ), target


ENCLOSED = """
import ctypes, socket, sys
from pathlib import Path
from tests.node import hostile
from udi.kit.landlock import restrict_paths
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
kept = restrict_paths([Path(sys.argv[1])], writes=False)
place = Path(sys.argv[1])
print(kept, hostile.attempt("read", place / "a"), hostile.attempt("write", place / "a"), hostile.attempt("connect", place))
"""


@pytest.mark.usefixtures("walled")
def test_files_and_ports_are_kept_back_where_calls_are_not_filtered(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").write_text("a;b")
    done = subprocess.run(
        [sys.executable, "-B", "-P", "-c", ENCLOSED, str(tmp_path)], capture_output=True, text=True, check=False,
        env={"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}, timeout=PATIENCE,
    )  # fmt: skip

    if landlock.version() >= landlock.PORTS_SINCE:
        ports = "PermissionError"
    else:
        ports = "ConnectionRefusedError"
    assert done.stdout.split() == ["True", "done", "PermissionError", ports], (
        done.stderr
    )


def test_a_kernel_that_keeps_nothing_back_stops_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(landlock, "CREATE", 100_000)

    assert (landlock.version(), landlock.restrict_paths([tmp_path], writes=False)) == (
        0,
        False,
    )


async def test_it_has_no_new_rights_and_a_filter_of_calls(reader: ChildProcess) -> None:
    facts = await reader.call(hostile.measure, seconds=PATIENCE)

    assert (facts["NoNewPrivs"], facts["Seccomp"]) == (1, 2)


async def test_it_has_nothing_of_our_environment(
    monkeypatch: pytest.MonkeyPatch, writer: ChildProcess
) -> None:
    monkeypatch.setenv("UDI_SECRET_OF_THE_TEST", "x")
    theirs = await in_child(hostile.environment)

    assert [name for name in theirs if name.startswith(("UDI_", "HOME", "PATH"))] == []
    assert "OGR_SKIP" in await writer.call(hostile.environment, seconds=PATIENCE)


async def test_values_come_and_go_as_their_types_say(reader: ChildProcess) -> None:
    paths = (Path("/a"), Path("/b"))

    assert await reader.call(hostile.reverse, paths, seconds=PATIENCE) == [
        Path("/b"),
        Path("/a"),
    ]
    assert await reader.call(
        hostile.reverse, paths, seconds=PATIENCE, twice=True
    ) == list(paths)
    assert await reader.call(
        hostile.report, "jour", seconds=PATIENCE
    ) == hostile.report("jour")


async def test_an_answer_of_another_type_is_no_answer(reader: ChildProcess) -> None:
    with pytest.raises(ChildError):
        await reader.call(hostile.lie, seconds=PATIENCE)


@pytest.mark.parametrize(
    ("function", "args", "seconds", "error"),
    [
        (hostile.spin, (), 1, ChildTimeoutError), pytest.param(hostile.wait, (1000,), 1, ChildTimeoutError, marks=pytest.mark.thorough),
        (hostile.swell, (4 << 30,), PATIENCE, ChildMemoryError), (hostile.abort, (), PATIENCE, ChildCrashError),
        pytest.param(hostile.leave, (), PATIENCE, ChildCrashError, marks=pytest.mark.thorough), pytest.param(hostile.recurse, (), PATIENCE, ChildError, marks=pytest.mark.thorough),
    ],
)  # fmt: skip
async def test_what_goes_wrong_has_a_name(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    seconds: float,
    error: type[ChildError],
) -> None:
    with pytest.raises(error) as failed:
        await in_child(function, *args, seconds=seconds)

    is_late = isinstance(failed.value, ChildTimeoutError)
    assert is_late == (error is ChildTimeoutError)


async def test_words_of_a_failure_stay_in_the_child(reader: ChildProcess) -> None:
    with pytest.raises(ChildError) as failed:
        await reader.call(hostile.fail, "a cell of somebody's file", seconds=PATIENCE)

    assert failed.value.args[0] == "ValueError"
    assert "somebody" not in str(failed.value)


async def test_a_foreseen_error_comes_back_whole(reader: ChildProcess) -> None:
    with pytest.raises(hostile.SaidError) as error:
        await reader.call(
            hostile.say, 12, seconds=PATIENCE, raises=(hostile.SaidError,)
        )

    assert (error.value.line, error.value.args) == (12, (12,))


async def test_a_child_answers_many_calls_and_a_killed_one_can_start_again() -> None:
    async with ChildProcess(ProcessLimits(MEMORY)) as child:
        first = child.pid
        for size in (1, 2, 3):
            assert await child.call(hostile.swell, size, seconds=PATIENCE) == size
        assert child.pid == first
        with pytest.raises(ChildTimeoutError) as late:
            await child.call(hostile.wait, 1000, seconds=1)
        assert late.value.worked < 0.5
        assert not psutil.pid_exists(first)
        await child.start()
        assert await child.call(hostile.swell, 4, seconds=PATIENCE) == 4


async def test_a_child_that_nobody_asks_any_more_does_nothing_at_its_end(
    tmp_path: Path,
) -> None:
    """It is gone at once: to take a process with all its modules apart costs more than most calls."""
    note = tmp_path / "note"
    limits = ProcessLimits(MEMORY, 1000, places=(str(tmp_path),))
    async with ChildProcess(limits) as child:
        pid = child.pid
        await child.call(hostile.write_at_exit, note, seconds=PATIENCE)

    assert not psutil.pid_exists(pid)
    assert not note.exists()


async def test_whoever_stops_waiting_ends_the_child() -> None:
    async with ChildProcess(ProcessLimits(MEMORY)) as child:
        pid = child.pid
        task = asyncio.create_task(child.call(hostile.spin, seconds=PATIENCE))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert not psutil.pid_exists(pid)


PARENT = """
import asyncio, sys
from tests.node import hostile
from udi.kit.child import ChildProcess
from udi.kit.sandbox import ProcessLimits

async def main():
    busy, idle = ChildProcess(ProcessLimits(1024)), ChildProcess(ProcessLimits(1024))
    await busy.start()
    await idle.start()
    await idle.call(hostile.swell, 1, seconds=60)
    print(busy.pid, idle.pid, flush=True)
    await busy.call(hostile.spin, seconds=600)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGKILL,
        pytest.param(signal.SIGTERM, marks=pytest.mark.thorough),
        pytest.param(signal.SIGINT, marks=pytest.mark.thorough),
    ],
)
def test_no_child_outlives_its_parent(number: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-P", "-c", PARENT], env={"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert parent.stdout is not None
    children = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(children) == 2
    parent.send_signal(number)
    parent.communicate(timeout=PATIENCE)

    deadline = time.monotonic() + PATIENCE
    while any(psutil.pid_exists(pid) for pid in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)


ALONE = """
import asyncio, os
from pathlib import Path
from tests.node import hostile
from udi.kit.child import run
print(asyncio.run(run(hostile.attempt, "connect", Path("/x"), memory_mb=1024, seconds=60)), os.getuid())
"""


@pytest.fixture
def interpreter() -> str:
    """A Python of our version that an account without rights may run."""
    if os.geteuid() != 0:
        pytest.skip("only root may become somebody else")
    version = [
        "-c",
        f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})",
    ]
    for path in (sys.executable, "/usr/bin/python3"):
        with suppress(OSError):
            if (
                subprocess.run(
                    [path, *version], user=NOBODY, check=False, env={}
                ).returncode
                == 0
            ):
                return path
    pytest.skip("no Python of this version that other accounts may run")


@pytest.mark.thorough
def test_it_works_for_an_account_without_rights(interpreter: str) -> None:
    done = subprocess.run(
        [interpreter, "-B", "-P", "-c", ALONE], env={"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True, check=False, timeout=4 * PATIENCE,
    )  # fmt: skip

    assert done.stdout.split() == ["PermissionError", str(NOBODY)], done.stderr
