"""A pytest plugin: where the time of a run goes. `./udi test --times FILE` switches it on.

Each set-up of a fixture, each test and each tear-down is a row of FILE, with the seconds that passed and the processor
seconds of the process that ran it and of the programs that it started and waited for. The servers of the run, which
outlive every test, have a row each at the end. So does a thread beside the first that computed in a file of tests, with
the place where it stood: one that a test forgot takes half a processor until the end of the run.
"""

import csv
import os
import resource
import sys
import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TextIO

import psutil
import pytest

from tests.preloaded import Process
from tests.reaper import RUN

SWITCH = "UDI_TEST_TIMES"
SERVICES = ("postgres", "keycloak")
MOST_ROWS = 25
PARTS = "times-*.tsv"
LONGEST_PLACE = 5
"""Functions that the place of a thread names."""
BUSY = 1.0
"""Seconds of processor in one file of tests from which a thread has a row."""


@dataclass(frozen=True)
class Row:
    """Seconds of one thing: `process` and `children` are of processor, `wall` passed."""

    kind: str
    name: str
    file: str
    wall: float
    process: float
    children: float
    worker: str

    @property
    def processor(self) -> float:
        return self.process + self.children

    @property
    def folder(self) -> str:
        if self.file:
            return str(Path(self.file).parent)
        return "the run"


@dataclass(frozen=True)
class Clock:
    """A moment, in seconds of the wall and of the processor."""

    wall: float
    process: float
    children: float

    @classmethod
    def now(cls) -> "Clock":
        process = resource.getrusage(resource.RUSAGE_SELF)
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(
            time.monotonic(),
            process.ru_utime + process.ru_stime,
            children.ru_utime + children.ru_stime + Process.processor_seconds,
        )


class Threads:
    """What the threads of this process computed, but for the first, since they were asked last."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._spent: dict[int, float] = {}

    def list_busy(self, least: float = BUSY) -> list[tuple[str, float]]:
        """Those that computed for some seconds at least: their name and place, and the seconds."""
        before = self._spent
        self._spent = {
            thread.id: thread.user_time + thread.system_time
            for thread in self._process.threads()
        }
        by_number = {thread.native_id: thread for thread in threading.enumerate()}
        gained = {
            number: seconds - before.get(number, 0)
            for number, seconds in self._spent.items()
            if number != self._process.pid
        }
        return [
            (_describe_thread(by_number.get(number)), seconds)
            for number, seconds in gained.items()
            if seconds >= least
        ]


def _describe_thread(thread: threading.Thread | None) -> str:
    """The name of a thread and the functions that it is in, the innermost last."""
    frame = sys._current_frames().get(thread.ident or 0) if thread else None
    if thread is None or frame is None:
        return "a thread of a library"
    calls = traceback.extract_stack(frame)[-LONGEST_PLACE:]
    places = (f"{Path(call.filename).name}:{call.lineno} {call.name}" for call in calls)
    return f"{thread.name}: {' > '.join(places)}"


class Times:
    """Writes the rows of one process."""

    def __init__(self, folder: Path, worker: str) -> None:
        self.worker = worker
        self.threads = Threads()
        self.file = (folder / f"times-{worker}.tsv").open("w", newline="")
        self.writer = _open_writer(self.file)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Iterator[Any]:
        start = Clock.now()
        try:
            return (yield)
        finally:
            self._add("fixture", fixturedef.argname, request.node.nodeid, start)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[Any]:
        start = Clock.now()
        try:
            return (yield)
        finally:
            self._add("test", item.nodeid, item.nodeid, start)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Iterator[Any]:
        start = Clock.now()
        try:
            return (yield)
        finally:
            self._add("teardown", item.nodeid, item.nodeid, start)
            if nextitem is None or nextitem.path != item.path:
                self._add_threads(item.nodeid.partition("::")[0])

    def _add(self, kind: str, name: str, node: str, start: Clock) -> None:
        end = Clock.now()
        file = node.partition("::")[0]
        seconds = (
            end.wall - start.wall,
            end.process - start.process,
            end.children - start.children,
        )
        self._write(Row(kind, name, file, *seconds, self.worker))

    def _add_threads(self, file: str) -> None:
        for name, seconds in self.threads.list_busy():
            self._write(Row("thread", name, file, 0.0, seconds, 0.0, self.worker))

    def _write(self, row: Row) -> None:
        self.writer.writerow(asdict(row))
        self.file.flush()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Write the rows of this process, unless it only hands tests to others."""
    if SWITCH in os.environ:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        config.pluginmanager.register(Times(Path(os.environ[RUN]), worker))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The process that speaks joins the rows of all, and prints the sums."""
    if SWITCH not in os.environ:
        return
    run = Path(os.environ[RUN])
    rows = [*read_rows(run.glob(PARTS)), *list_services(run)]
    target = Path(os.environ[SWITCH])
    with target.open("w", newline="") as file:
        writer = _open_writer(file)
        writer.writerows(asdict(row) for row in rows)
    terminalreporter.section("where the time went")
    for line in describe(rows):
        terminalreporter.line(line)
    terminalreporter.line(f"Every row: {target}")


def read_rows(paths: Iterator[Path]) -> list[Row]:
    """The rows of some files."""
    rows = []
    for path in paths:
        with path.open(newline="") as file:
            lines = csv.reader(file, delimiter="\t")
            next(lines, None)
            for kind, name, test_file, wall, process, children, worker in lines:
                rows.append(
                    Row(
                        kind,
                        name,
                        test_file,
                        float(wall),
                        float(process),
                        float(children),
                        worker,
                    )
                )
    return rows


def list_services(run: Path) -> list[Row]:
    """Processor seconds of the servers of the run until now, with their own processes."""
    rows = []
    for name in SERVICES:
        path = run / f"{name}.pid"
        if path.exists() and psutil.pid_exists(int(path.read_text())):
            process = psutil.Process(int(path.read_text()))
            family = [
                member.cpu_times()
                for member in (process, *process.children(recursive=True))
            ]
            server_seconds = sum(times.user + times.system for times in family)
            ended = process.cpu_times()
            wall = time.time() - process.create_time()
            rows.append(
                Row(
                    "service",
                    name,
                    "",
                    wall,
                    server_seconds,
                    ended.children_user + ended.children_system,
                    "main",
                )
            )
    return rows


def describe(rows: Sequence[Row]) -> list[str]:
    """The sums by folder and by fixture, the dearest first."""
    tests = [row for row in rows if row.kind in {"test", "teardown"}]
    set_ups = [row for row in rows if row.kind == "fixture"]
    services = [row for row in rows if row.kind == "service"]
    threads = [row for row in rows if row.kind == "thread"]
    return [
        *_table("tests and tear-downs, by folder", tests, lambda row: row.folder),
        *_table("tests and tear-downs, by file", tests, lambda row: row.file),
        *_table("set-ups, by fixture", set_ups, lambda row: row.name),
        *_table("servers of the run", services, lambda row: row.name),
        *_table("threads beside the first, by place", threads, lambda row: row.name),
    ]


def _table(title: str, rows: Sequence[Row], key: Callable[[Row], str]) -> list[str]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    ordered = sorted(
        groups.items(), key=lambda group: -sum(row.wall for row in group[1])
    )
    lines = [f"{'passed':>9} {'processor':>10} {'times':>6}  {title}"]
    for name, group in [*ordered[:MOST_ROWS], ("all", list(rows))]:
        wall = sum(row.wall for row in group)
        processor = sum(row.processor for row in group)
        lines.append(f"{wall:9.1f} {processor:10.1f} {len(group):6}  {name}")
    return [*lines, ""]


def _open_writer(file: TextIO) -> "csv.DictWriter[str]":
    writer = csv.DictWriter(
        file, [field.name for field in fields(Row)], delimiter="\t", lineterminator="\n"
    )
    writer.writeheader()
    return writer
