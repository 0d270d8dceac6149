"""Each step of `udi up` as it happens: on a terminal, in a log, or told to the process in front."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

MEGABYTE = 1000**2


class StepReporter(Protocol):
    """Where the steps are shown."""

    def begin(self, title: str) -> None:
        """A step starts."""

    def note(self, text: str) -> None:
        """What the step is doing now."""

    def received(self, done: int, total: int) -> None:
        """Bytes of a download."""

    def end(self, detail: str) -> None:
        """The step is done."""

    def abandon(self) -> None:
        """The step failed; the reason is said elsewhere."""


class StartupStep:
    """The step in hand."""

    def __init__(self, steps: StepReporter) -> None:
        self._steps = steps
        self._reported = 0
        self.detail = ""

    def note(self, text: str) -> None:
        """Say what is being done now."""
        self._steps.note(text)

    def received(self, done: int, total: int) -> None:
        """Show a download, a megabyte at a time."""
        if done >= total or done - self._reported >= MEGABYTE:
            self._reported = done
            self._steps.received(done, total)


@contextmanager
def step(steps: StepReporter, title: str) -> Iterator[StartupStep]:
    """Show a step around a block; set `.detail` for the line that stays."""
    steps.begin(title)
    current = StartupStep(steps)
    try:
        yield current
    except BaseException:
        steps.abandon()
        raise
    steps.end(current.detail)


class TerminalReporter:
    """Steps for a person: a moving line while it lasts, one line that stays."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._title = ""
        self._start = 0.0

    def begin(self, title: str) -> None:
        """Show a turning mark, or nothing where lines cannot move."""
        self._title = title
        self._start = time.monotonic()
        self._show(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
        )

    def note(self, text: str) -> None:
        """Add to the moving line, or write a line."""
        if self._progress:
            self._show(
                SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
            )
            self._progress.update(
                self._progress.task_ids[0], description=f"{self._title}: {text}"
            )
        else:
            self._console.print(
                f"  {self._title}: {text}", highlight=False, markup=False
            )

    def received(self, done: int, total: int) -> None:
        """Draw the bar of a download; where lines cannot move, a line each tenth."""
        if self._progress is None:
            if done * 10 // total > (done - MEGABYTE) * 10 // total:
                self._console.print(
                    f"  {self._title}: {done // MEGABYTE} of {total // MEGABYTE} MB",
                    highlight=False,
                )
            return
        if self._progress.tasks[0].total != total:
            self._show(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                DownloadColumn(),
                total=total,
            )
        self._progress.update(self._progress.task_ids[0], completed=done)

    def end(self, detail: str) -> None:
        """Leave one line."""
        self.abandon()
        took = time.monotonic() - self._start
        suffix = f" [dim]{escape(detail)}[/dim]" if detail else ""
        self._console.print(
            f"[green]✓[/green] {escape(self._title)}{suffix} [dim]({took:.1f} s)[/dim]",
            highlight=False,
        )

    def abandon(self) -> None:
        """Take the moving line away."""
        if self._progress:
            self._progress.stop()
            self._progress = None

    def _show(
        self,
        *columns: SpinnerColumn
        | TextColumn
        | BarColumn
        | DownloadColumn
        | TimeElapsedColumn,
        total: int | None = None,
    ) -> None:
        if not self._console.is_terminal:
            return
        self.abandon()
        self._progress = Progress(*columns, console=self._console, transient=True)
        self._progress.add_task(self._title, total=total)
        self._progress.start()


class PipeReporter:
    """Steps told as JSON lines to the process in front of a detached `udi up`."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        self._output: TextIO | None = os.fdopen(descriptor, "w", buffering=1)

    def begin(self, title: str) -> None:
        """A step starts."""
        self._send_event("begin", title)

    def note(self, text: str) -> None:
        """What the step is doing now."""
        self._send_event("note", text)

    def received(self, done: int, total: int) -> None:
        """Bytes of a download."""
        self._send_event("received", done, total)

    def end(self, detail: str) -> None:
        """The step is done."""
        self._send_event("end", detail)

    def abandon(self) -> None:
        """The step failed."""
        self._send_event("abandon")

    def finish(self, error: str = "") -> None:
        """Everything is ready, or nothing is; the process in front may leave."""
        self._send_event("finish", error)
        if self._output:
            with suppress(OSError):
                self._output.close()
            self._output = None

    def _send_event(self, *event: str | int) -> None:
        if self._output:
            with suppress(OSError):
                self._output.write(json.dumps(event) + "\n")


def relay(events: TextIO, steps: StepReporter) -> str | None:
    """Show what a detached `udi up` tells, until it is ready: its error, "" if it is ready, None if it died."""
    for line in events:
        name, *arguments = json.loads(line)
        if name == "finish":
            return str(arguments[0])
        getattr(steps, name)(*arguments)
    return None
