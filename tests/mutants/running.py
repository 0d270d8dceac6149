"""Running tests against a changed program: in a copy of the project, on one PostgreSQL and one Keycloak for all."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

import asyncpg

from tests import services
from tests.cluster import RUN
from tests.mutants.catalogue import ROOT, Mutant

LEFT_OUT = (".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "node_modules")
WORKER = "PYTEST_XDIST_WORKER"
"""What the fixtures name a run's own databases by."""
KEPT = ("postgres", "template0", "template1", "udi_portal_template", "udi_node_template", "keycloak", "udi_keycloak")
LEAST_PATIENCE, PATIENCE = 180.0, 10.0
"""Seconds that a mutant's tests have at least, and how many times what they took without it."""
FAILED, NOTHING_RUN = 1, 5
LOOK = 0.1


@dataclass
class TestRun:
    """What became of one run of pytest: results by node id («passed», «failed», «skipped») and seconds."""

    __test__ = False
    status: int | None
    """Of pytest; None where it did not end in time."""
    results: dict[str, str] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    processor: float = 0.0
    output: str = ""

    def of(self, outcome: str) -> list[str]:
        """The tests with this outcome."""
        return [name for name, found in self.results.items() if found == outcome]


class Workshop:
    """A copy of the project whose modules are changed one at a time, with services of its own."""

    def __init__(self, folder: Path) -> None:
        self.project, self._run = folder / "project", folder / "run"
        self._temporary, self._folder = folder / "temporary", folder
        self._number = 0
        self._process: subprocess.Popen[bytes] | None = None
        shutil.copytree(ROOT, self.project, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
        (self.project / ".venv").symlink_to((ROOT / ".venv").resolve())
        self._run.mkdir()
        for each in (folder, self._run):
            each.chmod(0o755)

    @contextmanager
    def changed(self, mutant: Mutant) -> Iterator[None]:
        """Hold the change of a mutant in the copy."""
        path = self.project / mutant.path
        source = path.read_text()
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
        *,
        patience: float | None = None,
        fresh: bool = False,
        alone: bool = False,
        stop: bool = True,
    ) -> TestRun:
        """Run tests in the copy; `stop` at the first that fails, `fresh` on a PostgreSQL of their own.

        `alone`: without the suite's fixtures, whose imports take longer than most tests that need none of them.
        """
        self._number += 1
        report = self._folder / f"report-{self._number}.xml"
        command = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-p", "no:cacheprovider", f"--junit-xml={report}"]
        command += ["-o", "junit_family=xunit1", f"--basetemp={self._temporary}", *(["-x"] if stop else [])]
        command += [*(["--noconftest"] if alone else []), *tests]
        self._process = process = _start(
            command, self.project, self._environment(fresh=fresh), self._folder / "output.txt"
        )
        began = time.monotonic()
        status, processor = _wait(process, patience)
        found = TestRun(status, seconds=time.monotonic() - began, processor=processor)
        found.output = (self._folder / "output.txt").read_text(errors="replace")
        _read_report(report, found)
        self._clear()
        return found

    def _environment(self, *, fresh: bool) -> dict[str, str]:
        environment = {name: value for name, value in os.environ.items() if name not in {RUN, WORKER}}
        environment["PYTHONPATH"] = f"{self.project / 'platform/src'}{os.pathsep}{self.project}"
        environment.setdefault("UDI_SHARED", str(ROOT.parent / "shared"))
        own = {} if fresh else {RUN: str(self._run), WORKER: f"m{self._number}"}
        return environment | own

    def _clear(self) -> None:
        """Drop what the run left: its databases, its folders, the ports it had."""
        facts = self._run / "cluster.json"
        if facts.exists():
            asyncio.run(_drop_databases(json.loads(facts.read_text())["dsn"]))
        for path in (*self._run.glob("ports-*"), self._run / f"m{self._number}", self._temporary):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def interrupt(self) -> None:
        """End the run in hand, if there is one."""
        if self._process is not None and self._process.returncode is None:
            _end_group(self._process.pid)

    def close(self) -> None:
        """Stop the services and delete the copy."""
        services.stop_all(self._run)
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def workshop() -> Iterator[Workshop]:
    """A workshop that is cleared away at the end."""
    made = Workshop(Path(tempfile.mkdtemp(prefix="udi-mutants-")))
    try:
        yield made
    finally:
        made.close()


def _forget_compiled(path: Path) -> None:
    """A change may have the length of what it replaces, in the same second: what was compiled is not believed."""
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def _start(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], output: Path
) -> subprocess.Popen[bytes]:
    with output.open("wb") as file:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait(process: subprocess.Popen[bytes], patience: float | None) -> tuple[int | None, float]:
    """The status of a run, None where its time was over, and the seconds of a processor that it took."""
    until = None if patience is None else time.monotonic() + patience
    status: int | None = None
    while True:
        pid, code, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            status = os.waitstatus_to_exitcode(code)
            break
        if until is not None and time.monotonic() > until:
            _end_group(process.pid)
            _, _, used = os.wait4(process.pid, 0)
            break
        time.sleep(LOOK)
    process.returncode = -1 if status is None else status
    _end_group(process.pid)
    return status, used.ru_utime + used.ru_stime


def _end_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _read_report(report: Path, found: TestRun) -> None:
    if not report.exists():
        return
    for case in ET.parse(report).iter("testcase"):
        file, name = case.get("file", ""), case.get("name", "")
        test = f"{file}::{name}" if file else f"{case.get('classname', '')}::{name}"
        children = {child.tag for child in case}
        outcome = "failed" if children & {"failure", "error"} else "skipped" if "skipped" in children else "passed"
        found.results[test] = outcome if found.results.get(test) != "failed" else "failed"
        found.durations[test] = found.durations.get(test, 0.0) + float(case.get("time", 0))


async def _drop_databases(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("SELECT datname FROM pg_database WHERE NOT datname = ANY($1)", list(KEPT))
        for row in rows:
            await connection.execute(f'DROP DATABASE "{row[0]}" WITH (FORCE)')
    finally:
        await connection.close()
