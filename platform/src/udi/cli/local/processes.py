"""Child processes that never outlive us, even when we are killed without warning."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from udi.cli.local.account import SystemAccount
from udi.cli.local.errors import FULL_WORDS, LocalError, disk_full

BARE_ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8"}
# Reads «add PID» and «del PID»; its input ends when its parent does, however that happens. It then stops the groups left.
GUARD = """
trap '' INT TERM HUP
left=
while read -r verb pid; do
  case $verb in
    add) left="$left $pid" ;;
    del) kept=; for p in $left; do [ "$p" = "$pid" ] || kept="$kept $p"; done; left=$kept ;;
  esac
done
[ -n "$left" ] || exit 0
for p in $left; do kill -s TERM -- "-$p"; done
for _ in 1 2 3 4 5 6 7 8 9 10; do
  alive=; for p in $left; do kill -s 0 -- "-$p" && alive=yes; done
  [ -n "$alive" ] || exit 0
  sleep 1
done
for p in $left; do kill -s KILL -- "-$p"; done
"""


class ProcessWatchdog:
    """A tiny watcher beside us that stops our children's process groups if we disappear."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", GUARD],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )

    def watch(self, pid: int) -> None:
        """Stop this process group if we disappear."""
        self._send(f"add {pid}\n")

    def forget(self, pid: int) -> None:
        """This process group is gone."""
        self._send(f"del {pid}\n")

    def _send(self, line: str) -> None:
        if self._process.stdin:
            with suppress(BrokenPipeError):
                self._process.stdin.write(line)
                self._process.stdin.flush()

    def close(self) -> None:
        """Stop what is still watched, and the watcher."""
        if self._process.stdin:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _at: TracebackType | None,
    ) -> None:
        self.close()


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str] = BARE_ENVIRONMENT,
    account: SystemAccount | None = None,
    guardian: ProcessWatchdog | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, its output added to `log`."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd="/",
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    if guardian:
        guardian.watch(process.pid)
    return process


def stop(
    process: subprocess.Popen[bytes],
    stop_signal: signal.Signals = signal.SIGTERM,
    *,
    patience: float = 15,
    guardian: ProcessWatchdog | None = None,
) -> None:
    """Ask a program to end, wait, then end its whole group by force."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            process.send_signal(stop_signal)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if guardian:
        guardian.forget(process.pid)


def run_tool(
    command: Sequence[str | Path],
    *,
    what: str,
    where: Path,
    environment: Mapping[str, str] = BARE_ENVIRONMENT,
    account: SystemAccount | None = None,
    timeout: float = 300,
) -> str:
    """Run a program to its end and return its output.

    Raises:
        LocalError: it failed; `what` says what was being done, `where` is the folder it fills.
    """
    try:
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd="/",
            start_new_session=True,
            timeout=timeout,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    except subprocess.TimeoutExpired as error:
        raise LocalError(
            f"{what} took more than {timeout:.0f} s",
            "run the same command on a less busy machine",
        ) from error
    output = done.stdout.decode(errors="replace")
    if done.returncode:
        raise failure(what, output, where)
    return output


def failure(what: str, output: str, where: object) -> LocalError:
    """The sentence for a program that failed, from what it wrote."""
    if any(words in output.lower() for words in FULL_WORDS):
        return disk_full(where)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    error_lines = [
        line for line in lines if "error" in line.lower() or "fatal" in line.lower()
    ]
    last = (error_lines or lines or ["it gave no reason"])[-1].rstrip(".")
    return LocalError(f"{what} failed", f"it said «{last}»")
