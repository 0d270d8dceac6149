"""Processes without the second of imports: forked from one that has done them, once for each worker of pytest.

Each is a process like any other, with its own environment, account, folder, streams and status.
"""

import atexit
import json
import os
import pwd
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tests.preloaded import Process
from tests.reaper import name_run

ROOT = Path(__file__).resolve().parents[1]
SERVER = ROOT / "tests/preloaded.py"


class Preloaded:
    """The process that forks a program of `tests.preloaded`, started when first asked; `prefix` is a command that runs it."""

    def __init__(
        self, program: str, environment: Mapping[str, str], prefix: Sequence[str] = ()
    ) -> None:
        self._program = program
        self._prefix = prefix
        self._environment = {"PYTHONPATH": str(ROOT / "platform/src"), **environment}
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def start(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        folder: str | Path = "/",
        stdin: IO[Any] | int = subprocess.DEVNULL,
        stdout: IO[Any] | int = subprocess.DEVNULL,
        stderr: IO[Any] | int = subprocess.DEVNULL,
        account: str = "",
        new_session: bool = False,
    ) -> Process:
        """Fork one; streams as for `subprocess.Popen`, those of `PIPE` as text; `account`: that of another name."""
        message = {
            "arguments": list(arguments),
            "environment": dict(environment),
            "folder": str(folder),
            "account": _account(account),
            "new_session": new_session,
        }
        status, reported = os.pipe()
        streams = [
            _Stream(stdin, os.O_RDONLY),
            _Stream(stdout, os.O_WRONLY),
            _Stream(stderr, os.O_WRONLY),
        ]
        try:
            self._send(
                json.dumps(message).encode(),
                [*(stream.descriptor for stream in streams), reported],
            )
        finally:
            for stream in streams:
                stream.hand_over()
            os.close(reported)
        _, output, errors = streams
        return Process(
            [self._program, *arguments], status, output.readable, errors.readable
        )

    def begin(self) -> None:
        """Start the process now, so that it has done its imports when something is to be forked."""
        with self._lock:
            self._launched()

    def kill(self) -> None:
        """End the process, whatever it imports or forked."""
        if self._process is not None:
            self._process.kill()
            self._end()

    def _send(self, message: bytes, descriptors: list[int]) -> None:
        with self._lock:
            socket.send_fds(self._launched(), [message], descriptors)

    def _launched(self) -> socket.socket:
        if self._socket is None:
            self._socket = self._launch()
        return self._socket

    def _launch(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [
                    *self._prefix,
                    sys.executable,
                    "-B",
                    "-P",
                    SERVER,
                    self._program,
                    str(theirs.fileno()),
                ],
                env=self._environment | name_run(),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd="/",
            )
        atexit.register(self._end)
        return ours

    def _end(self) -> None:
        assert self._socket is not None
        assert self._process is not None
        self._socket.close()
        self._process.wait()


class _Stream:
    """What a process reads or writes: a file or a descriptor of ours, nothing at all, or a pipe whose other end we read."""

    def __init__(self, target: IO[Any] | int, mode: int) -> None:
        self.readable: IO[str] | None = None
        self._own = target in {subprocess.PIPE, subprocess.DEVNULL}
        if target == subprocess.PIPE:
            reading, self.descriptor = os.pipe()
            self.readable = os.fdopen(reading, errors="replace")
        elif target == subprocess.DEVNULL:
            self.descriptor = os.open(os.devnull, mode)
        else:
            self.descriptor = target if isinstance(target, int) else target.fileno()

    def hand_over(self) -> None:
        """Close our copy: the process has its own."""
        if self._own:
            os.close(self.descriptor)


def _account(name: str) -> tuple[int, int, str] | None:
    if not name:
        return None
    entry = pwd.getpwnam(name)
    return entry.pw_uid, entry.pw_gid, name
