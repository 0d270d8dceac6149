"""The parts of `udi up` as supervised children: started, restarted when they crash, stopped in order."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from udi.cli.local import processes
from udi.cli.local.account import SystemAccount
from udi.cli.local.errors import LocalError
from udi.cli.local.interrupts import InterruptHandler
from udi.cli.local.processes import ProcessWatchdog

WATCHER_LOG_PREFIXES = (
    "[INFO] ",
    "[ERROR] Unexpected exit",
    "[ERROR] Worker crash loop",
)
"""What the process that watches over web workers says after the words of the one that ended."""
KEPT_LOGS = 3
LONGEST_PAUSE = 30.0
STEADY = 60.0
"""Seconds after which a restarted part is no longer counted as crashing."""


@dataclass(frozen=True)
class SupervisedProgram:
    """One program to keep running. Parts of a lower `stage` stop first."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    healthy: Callable[[], bool]
    account: SystemAccount | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 90
    stage: int = 0


@dataclass
class SupervisedProcess:
    """A part and its present process; `due` is when to start it again after a crash."""

    part: SupervisedProgram
    process: subprocess.Popen[bytes] | None = None
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = 0
    crashes: int = 0
    due: float = 0


class Supervisor:
    """Owns the children; `changed` is called with what is known of them whenever that changes."""

    def __init__(
        self,
        logs: Path,
        guardian: ProcessWatchdog,
        changed: Callable[[list[dict[str, Any]]], None],
        interrupts: InterruptHandler | None = None,
    ) -> None:
        self._logs = logs
        self._guardian = guardian
        self._changed = changed
        self._interrupts = interrupts
        self._children: dict[str, SupervisedProcess] = {}

    def start(self, part: SupervisedProgram) -> None:
        """Start a part, with a new log; the last three logs are kept."""
        rotate_log(self._log(part))
        child = self._children[part.name] = SupervisedProcess(part)
        self._spawn(child)

    def wait(self, *names: str) -> None:
        """Wait until these parts are healthy.

        Raises:
            LocalError: one stopped, or was not healthy in time.
        """
        for name in names:
            child = self._children[name]
            deadline = time.monotonic() + child.part.patience
            while not child.part.healthy():
                self._require_alive(child)
                if time.monotonic() > deadline:
                    raise self._failure(
                        child.part, f"did not answer within {child.part.patience:.0f} s"
                    )
                time.sleep(0.1)
        for name in names:
            self._require_alive(self._children[name])

    def watch(self, *, pause: float = 0.5, rounds: int | None = None) -> None:
        """Restart what crashes, until `Stopped` is raised or the `rounds` are over."""
        while rounds is None or rounds > 0:
            for child in self._children.values():
                self._check_child(child)
            time.sleep(pause)
            rounds = None if rounds is None else rounds - 1

    def stop_all(self) -> None:
        """Stop every part, programs before identity before the database."""
        if self._interrupts:
            self._interrupts.ignore()
        for stage in sorted({child.part.stage for child in self._children.values()}):
            together = [
                c
                for c in self._children.values()
                if c.part.stage == stage and c.process
            ]
            for child in together:
                if child.process and child.process.poll() is None:
                    child.process.send_signal(child.part.stop_signal)
            for child in together:
                if child.process:
                    processes.stop(
                        child.process, child.part.stop_signal, guardian=self._guardian
                    )
                    child.process = None
            self._report_change()

    def _spawn(self, child: SupervisedProcess) -> None:
        part = child.part
        with self._interrupts.defer_signals() if self._interrupts else nullcontext():
            child.process = processes.spawn(
                part.command,
                log=self._log(part),
                environment=part.environment,
                account=part.account,
                guardian=self._guardian,
            )
            child.since = datetime.now(UTC)
            child.started = time.monotonic()
        self._report_change()

    def _require_alive(self, child: SupervisedProcess) -> None:
        if child.process and child.process.poll() is not None:
            raise self._failure(
                child.part, f"stopped at once (status {child.process.returncode})"
            )

    def _spawn_or_wait(self, child: SupervisedProcess) -> None:
        try:
            self._spawn(child)
        except OSError:
            child.due = time.monotonic() + LONGEST_PAUSE

    def _check_child(self, child: SupervisedProcess) -> None:
        if child.process is None:
            if time.monotonic() >= child.due:
                self._spawn_or_wait(child)
            return
        if child.process.poll() is None:
            return
        lasted = time.monotonic() - child.started
        child.crashes = 1 if lasted > STEADY else child.crashes + 1
        child.due = time.monotonic() + min(2.0 ** (child.crashes - 1), LONGEST_PAUSE)
        self._note(
            child.part,
            f"stopped by itself (status {child.process.returncode}) after {lasted:.0f} s; it is started again",
        )
        processes.stop(child.process, guardian=self._guardian)
        child.process = None
        self._report_change()

    def _report_change(self) -> None:
        self._changed(
            [
                {
                    "name": name,
                    "pid": child.process.pid if child.process else None,
                    "since": child.since.isoformat(timespec="seconds"),
                    "crashes": child.crashes,
                }
                for name, child in self._children.items()
            ]
        )

    def _note(self, part: SupervisedProgram, text: str) -> None:
        with suppress(OSError), self._log(part).open("a") as log:
            log.write(
                f"{datetime.now(UTC).isoformat(timespec='seconds')} udi: {part.name} {text}\n"
            )

    def _failure(self, part: SupervisedProgram, what: str) -> LocalError:
        log_lines = self._log(part).read_text(errors="replace").splitlines()
        lines = [
            line
            for line in log_lines
            if line.strip() and not line.startswith(WATCHER_LOG_PREFIXES)
        ]
        if lines:
            suffix = f"; its last words are «{lines[-1].strip()[:300]}»"
        else:
            suffix = ""
        return LocalError(
            f"The part {part.name} {what}{suffix}",
            f"read {self._log(part)}, correct the cause and run `udi up` again",
        )

    def _log(self, part: SupervisedProgram) -> Path:
        return self._logs / f"{part.name}.log"


def rotate_log(log: Path) -> None:
    """Put the log of the last run aside: `name.log.1` is the most recent of three."""
    if not log.exists() or not log.stat().st_size:
        return
    for number in range(KEPT_LOGS, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        newer = log.with_name(f"{log.name}.{number - 1}") if number > 1 else log
        if newer.exists():
            newer.replace(older)
