"""Processes without the seconds of imports: forked from one that has done them, which all processes of a run ask.

Each is a process like any other, with its own environment, account, folder, streams and status.
"""

import atexit
import json
import os
import pwd
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tests.preloaded import Process
from tests.reaper import name_run

ROOT = Path(__file__).resolve().parents[1]
SERVER = ROOT / "tests/preloaded.py"
inherited: dict[str, int] = {}
"""By program, where to ask the one process that forks it for the whole run: an open socket of this process."""


class Preloaded:
    """The process that forks a program of `tests.preloaded`, started when first asked; `prefix` is a command that runs it.

    One that `is_shared` is asked by all processes of a run, where there are several.
    """

    def __init__(
        self,
        program: str,
        environment: Mapping[str, str],
        prefix: Sequence[str] = (),
        *,
        is_shared: bool = False,
    ) -> None:
        self.program = program
        self._is_shared = is_shared
        self._prefix = prefix
        self._environment = {"PYTHONPATH": str(ROOT / "platform/src"), **environment}
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._inherited: Collection[int] = ()

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
            [self.program, *arguments], status, output.readable, errors.readable
        )

    def begin(self, inherited_descriptors: Collection[int] = ()) -> None:
        """Start the process now, so that it has done its imports when something is to be forked."""
        self._inherited = inherited_descriptors
        with self._lock:
            self._launched()

    def share(self) -> int:
        """Start the process once somebody asks; return the descriptor by which every process that inherits it may ask."""
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        waiting = threading.Thread(
            target=self._launch_when_asked, args=[theirs], daemon=True
        )
        waiting.start()
        return self._socket.fileno()

    def close(self) -> None:
        """Ask for nothing any more."""
        if self._socket is not None:
            self._socket.close()

    def kill(self) -> None:
        """End the process, whatever it imports or forked."""
        if self._process is not None:
            self._process.kill()
            self._end()

    def _send(self, message: bytes, descriptors: list[int]) -> None:
        with self._lock:
            socket.send_fds(self._launched(), [message], descriptors)

    def _launched(self) -> socket.socket:
        if self._socket is None and self._is_shared and self.program in inherited:
            self._socket = socket.socket(fileno=os.dup(inherited[self.program]))
        if self._socket is None:
            self._socket, theirs = socket.socketpair(
                socket.AF_UNIX, socket.SOCK_SEQPACKET
            )
            self._launch(theirs)
        return self._socket

    def _launch_when_asked(self, theirs: socket.socket) -> None:
        select.select([theirs], [], [])
        if theirs.recv(1, socket.MSG_PEEK):
            self._launch(theirs)

    def _launch(self, theirs: socket.socket) -> None:
        with theirs:
            self._process = subprocess.Popen(
                [
                    *self._prefix,
                    sys.executable,
                    "-B",
                    "-P",
                    SERVER,
                    self.program,
                    str(theirs.fileno()),
                ],
                env=self._environment | name_run(),
                pass_fds=[theirs.fileno(), *self._inherited],
                stdin=subprocess.DEVNULL,
                cwd="/",
            )
        atexit.register(self._end)

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
