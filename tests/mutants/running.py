"""Running tests against a changed program: in a copy of the project, on one PostgreSQL and one Keycloak for all."""

import asyncio
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree as ET

import asyncpg

from tests.commands import ONE_THREAD
from tests.forks import Preloaded, Process
from tests.mutants import warm
from tests.mutants.catalogue import ROOT, Mutant
from tests.reaper import RUN, Reaper

LEFT_OUT = (".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "node_modules")
WORKER = "PYTEST_XDIST_WORKER"
"""What the fixtures name a run's own databases by."""
PERMANENT_DATABASES = (
    "postgres",
    "template0",
    "template1",
    "udi_portal_template",
    "udi_node_template",
    "keycloak",
    "udi_keycloak",
)
PATIENCE = 600.0
"""Seconds that the tests of a mutant have."""
LOOK = 1.0


@dataclass
class TestRun:
    """What became of one run of pytest: the results by node id («passed», «failed», «skipped»)."""

    __test__ = False
    status: int | None
    """Of pytest; None where it did not end in time."""
    forked: bool = True
    results: dict[str, str] = field(default_factory=dict)
    processor: float = 0.0
    """Seconds."""
    output: str = ""

    def of(self, outcome: str) -> list[str]:
        """The tests with this outcome."""
        return [name for name, result in self.results.items() if result == outcome]


class Workshop:
    """A copy of the project whose modules are changed one at a time, with services of its own.

    Tests run in forks of a process that has imported the suite, where a change allows it (`warm.py`).
    """

    def __init__(self, folder: Path, modules: Sequence[str]) -> None:
        folder.chmod(0o755)
        self.project = folder / "project"
        self._temporary = folder / "temporary"
        self._original = folder / "original.py"
        self._folder = folder
        self._reaper = Reaper(folder)
        self._number = 0
        self._process: subprocess.Popen[bytes] | Process | None = None
        shutil.copytree(
            ROOT, self.project, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT)
        )
        (self.project / ".venv").symlink_to((ROOT / ".venv").resolve())
        environment = (
            self._environment(fresh=True)
            | ONE_THREAD
            | {warm.MODULES: " ".join(modules)}
        )
        self._warm = Preloaded("suite", environment)

    def start(self) -> None:
        """Import the suite and start the services, from the program as it is."""
        test_run = self.run(["tests/mutants/started.py"])
        if test_run.status != 0:
            raise RuntimeError(test_run.output)

    @contextmanager
    def changed(self, mutant: Mutant) -> Iterator[None]:
        """Hold the change of a mutant in the copy."""
        path = self.project / mutant.path
        source = path.read_text()
        self._original.write_text(source)
        path.write_text(mutant.apply(source))
        _forget_compiled(path)
        try:
            yield
        finally:
            path.write_text(source)
            _forget_compiled(path)

    def run(
        self,
        tests: Sequence[str],
        mutant: Mutant | None = None,
        *,
        stop: bool = True,
        cold: bool = False,
    ) -> TestRun:
        """Run tests in the copy, where a mutant may be held; `stop` at the first that fails; `cold`: not in a fork.

        Those of a mutant that is `fresh` have a PostgreSQL of their own; those of one that is `alone` have none of the
        suite's fixtures.
        """
        if cold or (mutant is not None and mutant.fresh):
            return self._do(tests, mutant, stop=stop, forked=False)
        test_run = self._do(tests, mutant, stop=stop, forked=True)
        if test_run.status != warm.COLD:
            return test_run
        return self._do(tests, mutant, stop=stop, forked=False)

    def _do(
        self, tests: Sequence[str], mutant: Mutant | None, *, stop: bool, forked: bool
    ) -> TestRun:
        self._number += 1
        report = self._folder / "report.xml"
        usage = self._folder / "usage.txt"
        output = self._folder / "output.txt"
        options = [
            "-q",
            "--tb=line",
            "-p",
            "no:cacheprovider",
            "--assert=plain",
            f"--junit-xml={report}",
        ]
        options += [
            "-o",
            "junit_family=xunit1",
            f"--basetemp={self._temporary}",
            *(["-x"] if stop else []),
        ]
        options += ["--noconftest"] if mutant is not None and mutant.alone else []
        order = {"arguments": [*options, *tests], "usage": str(usage)}
        if forked and mutant is not None:
            order |= {
                "changed": str(self.project / mutant.path),
                "original": str(self._original),
            }
        environment = self._environment(fresh=mutant is not None and mutant.fresh)
        for path in (report, usage):
            path.unlink(missing_ok=True)
        with output.open("wb") as file:
            self._process = process = self._start(
                json.dumps(order), environment, file, forked=forked
            )
        test_run = TestRun(_wait(process, PATIENCE if stop else None), forked=forked)
        test_run.output = output.read_text(errors="replace")
        test_run.processor = float(usage.read_text()) if usage.exists() else 0.0
        _read_report(report, test_run)
        self._clear()
        return test_run

    def _start(
        self,
        order: str,
        environment: Mapping[str, str],
        output: IO[bytes],
        *,
        forked: bool,
    ) -> subprocess.Popen[bytes] | Process:
        streams: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": output,
            "stderr": output,
        }
        if forked:
            return self._warm.start(
                [order], environment, folder=self.project, new_session=True, **streams
            )
        command = [sys.executable, "-m", "tests.mutants.warm", order]
        return subprocess.Popen(
            command,
            cwd=self.project,
            env=dict(environment),
            start_new_session=True,
            **streams,
        )

    def _environment(self, *, fresh: bool) -> dict[str, str]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {RUN, WORKER}
        }
        environment["PYTHONPATH"] = (
            f"{self.project / 'platform/src'}{os.pathsep}{self.project}"
        )
        environment.setdefault("UDI_SHARED", str(ROOT.parent / "shared"))
        if fresh:
            run_variables = {}
        else:
            run_variables = {RUN: str(self._folder), WORKER: f"m{self._number}"}
        return environment | run_variables

    def _clear(self) -> None:
        """Drop what the run left: its databases, its folders, the ports it had."""
        facts = self._folder / "cluster.json"
        if facts.exists():
            asyncio.run(_drop_databases(json.loads(facts.read_text())["dsn"]))
        for path in (
            *self._folder.glob("ports-*"),
            self._folder / f"m{self._number}",
            self._temporary,
        ):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def interrupt(self) -> None:
        """End the run in hand, if there is one."""
        if self._process is not None and self._process.returncode is None:
            _end_group(self._process.pid)

    def close(self) -> None:
        """Stop the services and delete the copy, as is done too if this process is killed."""
        self._reaper.end_run()


@contextmanager
def workshop(modules: Sequence[str]) -> Iterator[Workshop]:
    """A workshop that is cleared away at the end, in which these modules are imported once."""
    new_workshop = Workshop(Path(tempfile.mkdtemp(prefix="udi-mutants-")), modules)
    try:
        new_workshop.start()
        yield new_workshop
    finally:
        new_workshop.close()


def _forget_compiled(path: Path) -> None:
    """A change may have the length of what it replaces, in the same second: what was compiled is not believed."""
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def _wait(
    process: subprocess.Popen[bytes] | Process, patience: float | None
) -> int | None:
    """The status of a run, None where its time was over; what it started is ended.

    Time is counted by looks, so that a machine, or a set of processes, that was halted for a while has lost none.
    """
    if patience is None:
        looks = itertools.count()
    else:
        looks = range(int(patience / LOOK))
    try:
        for _ in looks:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(LOOK)
        return None
    finally:
        _end_group(process.pid)
        process.wait()


def _end_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _read_report(report: Path, test_run: TestRun) -> None:
    if not report.exists():
        return
    for case in ET.parse(report).iter("testcase"):
        file = case.get("file", "")
        name = case.get("name", "")
        if file:
            test = f"{file}::{name}"
        else:
            test = f"{case.get('classname', '')}::{name}"
        children = {child.tag for child in case}
        if children & {"failure", "error"}:
            outcome = "failed"
        else:
            outcome = "skipped" if "skipped" in children else "passed"
        test_run.results[test] = (
            outcome if test_run.results.get(test) != "failed" else "failed"
        )


async def _drop_databases(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "SELECT datname FROM pg_database WHERE NOT datname = ANY($1)",
            list(PERMANENT_DATABASES),
        )
        for row in rows:
            await connection.execute(f'DROP DATABASE "{row[0]}" WITH (FORCE)')
    finally:
        await connection.close()
