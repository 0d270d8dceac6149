"""`udi` as a process, forked from one that has imported every command; `ansible-playbook` in the same way.

That a command starts from nothing is shown by the tests of the launcher, of `udi up` and of deployed machines.
"""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tests import depth
from tests.forks import Preloaded, Process

OURS = ("UDI_", "PYTHONPATH")
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}


class Commands:
    """Starts commands of a program, all of them under `prefix`, a command that runs the program that it is given.

    What the imports of the program read of the environment is in `imported`.
    """

    def __init__(
        self,
        prefix: Sequence[str] = (),
        *,
        program: str = "udi",
        imported: Mapping[str, str] | None = None,
        is_shared: bool = False,
    ) -> None:
        plain = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(OURS)
        }
        depth_of_run = {depth.SWITCH: "1"} if depth.thorough() else {}
        environment = plain | ONE_THREAD | depth_of_run | dict(imported or {})
        self.preloaded = Preloaded(program, environment, prefix, is_shared=is_shared)

    def start(
        self,
        *arguments: str | Path,
        environment: Mapping[str, str],
        folder: str | Path = "/",
        stdin: IO[Any] | int = subprocess.DEVNULL,
        stdout: IO[Any] | int = subprocess.PIPE,
        stderr: IO[Any] | int = subprocess.PIPE,
        account: str = "",
        new_session: bool = False,
    ) -> Process:
        """Start a command; everything as for `subprocess.Popen`, `account` is the name of that which it runs as."""
        return self.preloaded.start(
            list(map(str, arguments)), environment, folder=folder, stdin=stdin, stdout=stdout, stderr=stderr,
            account=account, new_session=new_session,
        )  # fmt: skip

    def run(
        self,
        *arguments: str | Path,
        environment: Mapping[str, str],
        folder: str | Path = "/",
        timeout: float | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with the text that it wrote.

        Raises:
            TimeoutExpired: it has not ended within so many seconds; it was killed.
        """
        until = None if timeout is None else time.monotonic() + timeout
        process = self.start(*arguments, environment=environment, folder=folder)
        readers = [_Reader(process.stdout), _Reader(process.stderr)]
        try:
            returncode = process.wait(
                None if until is None else max(until - time.monotonic(), 0)
            )
        except BaseException:
            process.kill()
            raise
        finally:
            texts = [reader.finish() for reader in readers]
        return subprocess.CompletedProcess(process.args, returncode, *texts)


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


shared = Commands(is_shared=True)
start = shared.start
run = shared.run
