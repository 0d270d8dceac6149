"""`udi` as a process, without its second of imports: forked from one process that has done them for the whole worker.

What runs is `python -P -m udi`: a process with its own environment, account, folder, streams and status. That the
command starts from nothing is shown by the tests of the launcher, of `udi up` and of deployed machines.
"""

import atexit
import json
import os
import pwd
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Self

ROOT = Path(__file__).resolve().parents[1]
NUMBER = struct.Struct("i")
_LOCK = threading.Lock()


class Process:
    """A command that runs; the part of `subprocess.Popen` that tests use."""

    def __init__(self, arguments: list[str], status: int) -> None:
        self.args = arguments
        self.stdout: IO[Any] | None = None
        self.stderr: IO[Any] | None = None
        self.returncode: int | None = None
        self._status = status
        self.pid = self._read()

    def poll(self) -> int | None:
        """Its status, None while it runs."""
        return self.wait(0) if self._has_ended(0) else self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its status, when it has ended.

        Raises:
            TimeoutExpired: it has not within so many seconds.
        """
        if self.returncode is None:
            if not self._has_ended(timeout):
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = self._read()
            os.close(self._status)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self.stdout, self.stderr):
            if stream is not None:
                stream.close()
        self.wait()

    def _has_ended(self, timeout: float | None) -> bool:
        return self.returncode is None and bool(select.select([self._status], [], [], timeout)[0])

    def _read(self) -> int:
        content = os.read(self._status, NUMBER.size)
        if len(content) != NUMBER.size:
            msg = "the preloaded process is gone"
            raise RuntimeError(msg)
        return int(NUMBER.unpack(content)[0])


class Preloaded:
    """The process that forks, started when first asked."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def send(self, message: bytes, descriptors: list[int]) -> None:
        """One command with its streams."""
        with _LOCK:
            if self._socket is None:
                self._start()
            assert self._socket is not None
            socket.send_fds(self._socket, [message], descriptors)

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", ROOT / "tests/preloaded.py", str(theirs.fileno())],
                env={**_bare(), "PYTHONPATH": str(ROOT / "platform/src")},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd="/",
            )
        self._socket = ours
        atexit.register(self._end)

    def _end(self) -> None:
        assert self._socket is not None
        assert self._process is not None
        self._socket.close()
        self._process.wait()


_preloaded = Preloaded()


def start(
    *arguments: str | Path,
    environment: Mapping[str, str],
    folder: str | Path = "/",
    stdout: IO[Any] | int = subprocess.PIPE,
    stderr: IO[Any] | int = subprocess.PIPE,
    account: str = "",
    new_session: bool = False,
) -> Process:
    """Start a command; `environment`, `stdout` and `stderr` as for `subprocess.Popen`, with `PIPE` the text can be read.

    `account` is the name of the account that it runs as, for root; empty: the same.
    """
    words = [str(word) for word in arguments]
    command = {
        "arguments": words,
        "environment": dict(environment),
        "folder": str(folder),
        "account": _account(account),
        "new_session": new_session,
    }
    status, told = os.pipe()
    streams = [_Stream(stdout), _Stream(stderr)]
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a device
        descriptors = [nothing.fileno(), *(stream.descriptor for stream in streams), told]
        _preloaded.send(json.dumps(command).encode(), descriptors)
    for stream in streams:
        stream.hand_over()
    os.close(told)
    process = Process(["udi", *words], status)
    process.stdout, process.stderr = (stream.readable for stream in streams)
    return process


def run(
    *arguments: str | Path,
    environment: Mapping[str, str],
    folder: str | Path = "/",
    account: str = "",
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, its text kept.

    Raises:
        TimeoutExpired: it has not ended within so many seconds; it was killed.
    """
    until = None if timeout is None else time.monotonic() + timeout
    process = start(*arguments, environment=environment, folder=folder, account=account)
    kept = [_Reader(process.stdout), _Reader(process.stderr)]
    try:
        returncode = process.wait(None if until is None else max(until - time.monotonic(), 0))
    except BaseException:
        process.kill()
        raise
    finally:
        texts = [reader.finish() for reader in kept]
    return subprocess.CompletedProcess(process.args, returncode, *texts)


class _Stream:
    """Where a command writes: a file, nothing at all, or a pipe that we read."""

    def __init__(self, target: IO[Any] | int) -> None:
        self.readable: IO[str] | None = None
        self._own = isinstance(target, int)
        if not isinstance(target, int):
            self.descriptor = target.fileno()
        elif target == subprocess.PIPE:
            reading, self.descriptor = os.pipe()
            self.readable = os.fdopen(reading, errors="replace")
        else:
            self.descriptor = os.open(os.devnull, os.O_WRONLY)

    def hand_over(self) -> None:
        """Close our copy: the command has its own."""
        if self._own:
            os.close(self.descriptor)


class _Reader(threading.Thread):
    """Reads a pipe to its end, beside another."""

    def __init__(self, stream: IO[str] | None) -> None:
        super().__init__(daemon=True)
        assert stream is not None
        self._stream = stream
        self._text = ""
        self.start()

    def run(self) -> None:
        self._text = self._stream.read()

    def finish(self) -> str:
        self.join()
        self._stream.close()
        return self._text


def _bare() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("UDI_")}


def _account(name: str) -> tuple[int, int, str] | None:
    if not name:
        return None
    found = pwd.getpwnam(name)
    return found.pw_uid, found.pw_gid, name
