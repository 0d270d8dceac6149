"""Each wall of a child by itself: the filter of calls without Landlock, the limits, and what a call may spend."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.node import hostile
from udi.kit import child as children
from udi.kit.child import ChildMemoryError, ChildProcess
from udi.kit.sandbox import ProcessLimits
from udi.tabular.overviews.map_drawing import MapDrawing
from udi.tabular.overviews.overview import _validate_drawing

pytestmark = pytest.mark.programs

MEMORY = 1024
PATIENCE = 60
ROOT = Path(__file__).parents[2]
FILTERED = """
import os, sys
from pathlib import Path
from tests.node import hostile
from udi.kit import sandbox
sandbox.restrict_paths = lambda *_, **__: False
place, file_bytes, operations = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
sandbox.enter_sandbox(sandbox.ProcessLimits(1024, file_bytes, places=(str(place),)), os.getppid())
for operation in operations:
    print(operation, hostile.attempt(operation, place / "table.csv"), sep=": ", flush=True)
"""
REACH_OUT = (
    "connect", "pair", "open a socket", "run", "fork", "become another program", "signal the parent", "limit the parent",
)  # fmt: skip
ASK_THE_KERNEL = tuple(hostile.KERNEL)
MUCH = ("write much",)
WRITE = ("write", "empty", "rename", "delete", "make a folder")


def behind_the_filter(
    place: Path, operations: Sequence[str], *, file_bytes: int = 0
) -> list[str]:
    """What comes of each operation where only calls are filtered: one process tries them all."""
    (place / "table.csv").write_text("kept")
    done = subprocess.run(
        [sys.executable, "-B", "-P", "-c", FILTERED, str(place), str(file_bytes), *operations], capture_output=True, text=True,
        env={"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}, timeout=PATIENCE, check=False,
    )  # fmt: skip
    return done.stdout.splitlines()


def refused(operations: Sequence[str]) -> list[str]:
    return [f"{operation}: PermissionError" for operation in operations]


def test_the_filter_alone_keeps_a_child_from_all_that_is_outside(
    tmp_path: Path,
) -> None:
    assert behind_the_filter(tmp_path, REACH_OUT, file_bytes=1000) == refused(REACH_OUT)


def test_the_filter_refuses_what_no_reading_needs(tmp_path: Path) -> None:
    assert behind_the_filter(tmp_path, ASK_THE_KERNEL, file_bytes=1000) == refused(
        ASK_THE_KERNEL
    )


def test_the_filter_alone_keeps_a_child_from_writing(tmp_path: Path) -> None:
    assert behind_the_filter(tmp_path, WRITE) == refused(WRITE)
    assert (tmp_path / "table.csv").read_text() == "kept"


@pytest.mark.parametrize("operation", WRITE)
def test_a_child_that_may_write_does(tmp_path: Path, operation: str) -> None:
    allowed = behind_the_filter(tmp_path, [operation], file_bytes=1000)

    assert allowed == [f"{operation}: done"]


def test_a_file_that_a_child_writes_has_a_longest_length(tmp_path: Path) -> None:
    assert behind_the_filter(tmp_path, MUCH, file_bytes=10_000) == ["write much: done"]
    assert behind_the_filter(tmp_path, MUCH, file_bytes=1000) == ["write much: OSError"]


async def test_a_child_with_its_modules_reaches_no_file_and_asks_about_none() -> None:
    async with ChildProcess(
        ProcessLimits(MEMORY, modules=("tests.node.hostile",))
    ) as child:
        for operation in ("read", "ask about", "write", "delete", *ASK_THE_KERNEL):
            outcome = await child.call(
                hostile.attempt, operation, Path("/etc/passwd"), seconds=PATIENCE
            )
            assert outcome == "PermissionError", operation
        assert (
            await child.call(hostile.attempt, "list", Path("/etc"), seconds=PATIENCE)
            == "PermissionError"
        )
        assert (
            await child.call(
                hostile.attempt, "read", ROOT / "README.md", seconds=PATIENCE
            )
            == "PermissionError"
        )


async def test_a_child_that_opens_files_can_ask_whether_one_is_there() -> None:
    """No wall of the kernel sees the path of `stat`: what it answers is in the reference of security."""
    async with ChildProcess(ProcessLimits(MEMORY)) as child:
        assert (
            await child.call(
                hostile.attempt, "ask about", Path("/etc/passwd"), seconds=PATIENCE
            )
            == "done"
        )
        assert (
            await child.call(
                hostile.attempt, "read", Path("/etc/passwd"), seconds=PATIENCE
            )
            == "PermissionError"
        )


async def test_memory_of_a_child_is_written_or_run() -> None:
    async with ChildProcess(ProcessLimits(MEMORY)) as child:
        assert (
            await child.call(hostile.make_memory_that_runs, seconds=PATIENCE)
            == "PermissionError"
        )


async def test_a_call_may_use_a_processor_as_long_as_it_may_last() -> None:
    async with ChildProcess(ProcessLimits(MEMORY)) as child:
        for seconds in (PATIENCE, 5):
            left = await child.call(hostile.processor_left, seconds=seconds)
            assert seconds <= left <= seconds + 3


async def test_an_answer_that_is_too_long_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(children, "LONGEST_ANSWER", 100)
    async with ChildProcess(ProcessLimits(MEMORY)) as child:
        assert await child.call(hostile.own_pid, seconds=PATIENCE) == child.pid
        with pytest.raises(ChildMemoryError):
            await child.call(
                hostile.reverse, (Path("/" + "x" * 200),), seconds=PATIENCE
            )


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>", '<path d="M0 0" onclick="x"/>', '<path class="button"/>', "<path/>text", "&lt;",
        '<path style="x"/>',
    ],
)  # fmt: skip
def test_a_drawing_of_a_child_holds_shapes_and_nothing_else(body: str) -> None:
    shapes = '<path class="dots" stroke-width="2.5" d="M0 0L1 1"/><circle class="dot" cx="1" cy="2" r="3"/>'

    assert _validate_drawing(MapDrawing(**drawing(shapes))) is not None
    assert _validate_drawing(MapDrawing(**drawing(shapes + body))) is None


def drawing(body: str) -> dict[str, object]:
    """A map with this body."""
    return dict.fromkeys(MapDrawing.__annotations__) | {"body": body}
