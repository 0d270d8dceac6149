import io
import os
import time
from collections.abc import Callable

import pytest
from rich.console import Console

from udi.cli.local.interrupts import InterruptHandler, StopRequest
from udi.cli.local.steps import (
    MEGABYTE,
    PipeReporter,
    StepReporter,
    TerminalReporter,
    relay,
    step,
)


def _download(steps: StepReporter) -> None:
    with step(steps, "Fetching") as current:
        current.note("from the mirror")
        for done in range(0, 20 * MEGABYTE + 1, MEGABYTE // 2):
            current.received(done, 20 * MEGABYTE)
        current.detail = "version [1]"


def _relayed(tell: Callable[[PipeReporter], None]) -> tuple[str | None, str]:
    reading, writing = os.pipe()
    tell(PipeReporter(writing))
    console = Console(file=io.StringIO(), width=120)
    with os.fdopen(reading) as events:
        answer = relay(events, TerminalReporter(console))
    assert isinstance(console.file, io.StringIO)
    return answer, console.file.getvalue()


def test_a_log_gets_a_line_a_step_and_a_line_each_tenth_of_a_download() -> None:
    console = Console(file=io.StringIO(), width=120)

    _download(TerminalReporter(console))

    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert lines[0] == "  Fetching: from the mirror"
    assert lines[1:-1] == [f"  Fetching: {done} of 20 MB" for done in range(2, 21, 2)]
    assert lines[-1].startswith("✓ Fetching version [1] (")


def test_a_terminal_keeps_one_line_a_step() -> None:
    console = Console(
        file=io.StringIO(), width=120, force_terminal=True, color_system=None
    )

    _download(TerminalReporter(console))

    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines()[-1].count("✓ Fetching version [1]") == 1


def test_a_detached_start_is_shown_by_the_process_in_front() -> None:
    def tell(pipe: PipeReporter) -> None:
        _download(pipe)
        pipe.finish()

    answer, output = _relayed(tell)

    assert answer == ""
    assert output.splitlines()[-1].startswith("✓ Fetching version [1] (")


def test_the_error_of_a_detached_start_reaches_the_process_in_front() -> None:
    answer, output = _relayed(lambda pipe: pipe.finish("The disk is full."))

    assert (answer, output) == ("The disk is full.", "")


def test_a_detached_start_that_dies_is_noticed() -> None:
    def die(pipe: PipeReporter) -> None:
        pipe.begin("Fetching")
        pipe._output.close()  # type: ignore[union-attr]

    assert _relayed(die)[0] is None


def test_a_start_goes_on_when_the_process_in_front_has_left() -> None:
    reading, writing = os.pipe()
    os.close(reading)

    pipe = PipeReporter(writing)
    _download(pipe)
    pipe.finish()

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(writing)


def test_a_step_that_fails_leaves_no_tick() -> None:
    console = Console(file=io.StringIO(), width=120)
    msg = "no"

    with pytest.raises(RuntimeError), step(TerminalReporter(console), "Fetching"):
        raise RuntimeError(msg)

    assert isinstance(console.file, io.StringIO)
    assert "✓" not in console.file.getvalue()


def test_a_signal_waits_for_the_end_of_what_must_not_be_cut() -> None:
    reached = []
    with InterruptHandler() as interrupts:
        try:
            with interrupts.defer_signals():
                os.kill(os.getpid(), 15)
                time.sleep(0.05)
                reached.append("end")
        except StopRequest:
            reached.append("stopped")
        os.kill(os.getpid(), 15)
        time.sleep(0.05)
        reached.append("the second signal is ignored")

    assert reached == ["end", "stopped", "the second signal is ignored"]
