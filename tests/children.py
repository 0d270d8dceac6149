"""Children for tables, forked from a process that has done their imports: half of what an upload costs.

They put up the same walls after the fork. That a child starts from nothing is shown by `tests/node/test_child.py`, by
`tests/faults` and by every installation that runs as processes.

Most tests upload the same few lines. What a child found in a small file the first time is its answer in this process to
the same question again: two thirds of what was left of the cost. A child that is asked nothing else is not forked at all.
`tests/node/test_repeated_preparations.py` compares both.
"""

import hashlib
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from tests.forks import Preloaded
from udi.kit import child
from udi.node.datasets.versions.preparation import preload_imports, prepare
from udi.tabular.profiles.profile import profile_copy


def name_function(function: Any) -> str:
    """The name under which a child is asked for a function."""
    return f"{function.__module__}:{function.__qualname__}"


PREPARE = name_function(prepare)
PROFILE = name_function(profile_copy)
PRELOAD = name_function(preload_imports)
NOTHING = b"=" + msgspec.msgpack.encode(None)
"""The answer of a function that returns nothing."""
SMALL = 64 * 1024
"""Bytes of the largest file whose preparation is kept."""
OWN = {"TMPDIR"}
"""What a child reads of its environment after its imports."""
tables = Preloaded(
    "tables",
    {**child.CHILD_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(sys.path)},
    is_shared=True,
)
_launch = child.launch
_exchange = child.ChildProcess._exchange


class DeferredChild:
    """A child that is forked when it is asked the first question of which no answer is kept.

    The part of `subprocess.Popen` that `udi.kit.child` uses; until the fork it has no number, and ends when the other
    end of its socket is closed.
    """

    def __init__(self, limits: str, environment: Mapping[str, str], wire: int) -> None:
        self._limits = limits
        self._environment = {**child.CHILD_ENVIRONMENT, **environment}
        self._folder = Path.cwd()
        self._wire = socket.socket(fileno=os.dup(wire))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its number, 0 before the fork."""
        if self._process is None:
            return 0
        return self._process.pid

    def begin(self) -> None:
        """Fork it, unless that was done."""
        if self._process is None:
            forked = tables.start(
                [self._limits],
                self._environment,
                folder=self._folder,
                stdin=self._wire.fileno(),
            )
            self._process = cast("subprocess.Popen[bytes]", forked)
            self._wire.close()

    def poll(self) -> int | None:
        """Its status, None while it lives or may be asked."""
        if self._process is not None:
            return self._process.poll()
        if self._wire.fileno() != -1 and self._is_asked():
            return None
        self._wire.close()
        return 0

    def wait(self, timeout: float | None = None) -> int:
        """Its status, when it has ended; a child that was not forked has ended."""
        if self._process is not None:
            return self._process.wait(timeout)
        self._wire.close()
        return 0

    def kill(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()

    def _is_asked(self) -> bool:
        try:
            return self._wire.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True


def launch(
    limits: str, environment: Mapping[str, str], wire: int
) -> subprocess.Popen[bytes]:
    """Fork a child when it is needed; at once, from nothing, if its environment says something to its imports."""
    if environment.keys() - OWN:
        return _launch(limits, environment, wire)
    return cast("subprocess.Popen[bytes]", DeferredChild(limits, environment, wire))


@dataclass(frozen=True)
class Preparation:
    """What a child answered, and what it wrote: files by their paths in its folder, None for a folder."""

    answer: bytes
    contents: Mapping[Path, bytes | None]

    @classmethod
    def read(cls, answer: bytes, folder: Path) -> "Preparation":
        """Keep an answer with what is in a folder."""
        contents: dict[Path, bytes | None] = {}
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            contents[name] = path.read_bytes() if path.is_file() else None
        return cls(answer, contents)

    def write(self, folder: Path) -> bytes:
        """Put the same into another folder; return the answer."""
        for name, content in self.contents.items():
            if content is None:
                (folder / name).mkdir(exist_ok=True)
            else:
                (folder / name).write_bytes(content)
        return self.answer


_preparations: dict[str, Preparation] = {}
_profiles: dict[str, bytes] = {}


async def exchange(process: child.ChildProcess, request: bytes) -> bytes:
    """Ask a child, unless it is about a small file of which another was asked the same in this process."""
    seconds, name, (arguments, options), _ = pickle.loads(request)  # noqa: S301 - made by the caller
    if not process.is_alive or process._environment.keys() - OWN or options:
        return await ask_child(process, request)
    if name == PRELOAD and process.pid == 0:
        return NOTHING
    if name == PROFILE and arguments[0].stat().st_size <= SMALL:
        return await _answer_profile(process, request, seconds, *arguments)
    if name == PREPARE and arguments[0].stat().st_size <= SMALL:
        return await _answer_preparation(process, request, seconds, *arguments)
    return await ask_child(process, request)


async def ask_child(process: child.ChildProcess, request: bytes) -> bytes:
    """Ask a child, which is forked if it was not yet."""
    if isinstance(process._process, DeferredChild):
        process._process.begin()
    return await _exchange(process, request)


async def _answer_profile(
    process: child.ChildProcess,
    request: bytes,
    seconds: float,
    source: Path,
    *about: Any,
) -> bytes:
    key = _make_key(process, seconds, source, about)
    if key not in _profiles:
        answer = await ask_child(process, request)
        if not answer.startswith(b"="):
            return answer
        _profiles[key] = answer
    return _profiles[key]


async def _answer_preparation(
    process: child.ChildProcess,
    request: bytes,
    seconds: float,
    source: Path,
    file_name: str,
    corrections: Any,
    target: Path,
    schemas: Path | None = None,
) -> bytes:
    about = (file_name, corrections, target.name, _describe_folder(schemas))
    key = _make_key(process, seconds, source, about)
    if key in _preparations:
        with suppress(OSError):  # a full disk is for the child to meet
            return _preparations[key].write(target.parent)
    answer = await ask_child(process, request)
    if answer.startswith(b"="):
        _preparations[key] = Preparation.read(answer, target.parent)
    return answer


def _make_key(
    process: child.ChildProcess, seconds: float, source: Path, about: Any
) -> str:
    limits = process._limits
    question = (
        source.read_bytes(), about, seconds, limits.memory_mb, limits.file_bytes,
    )  # fmt: skip
    return hashlib.sha256(repr(question).encode()).hexdigest()


def _describe_folder(folder: Path | None) -> list[tuple[str, int, int]]:
    """The files of a folder, with their sizes and the moments at which they changed."""
    if folder is None:
        return []
    files = [
        (path, path.stat()) for path in sorted(folder.rglob("*")) if path.is_file()
    ]
    return [(str(path), facts.st_size, facts.st_mtime_ns) for path, facts in files]


@pytest.fixture(scope="session", autouse=True)
def forked_children() -> Iterator[None]:
    """Children are forked, and do not repeat themselves, for the whole run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "launch", launch)
        patch.setattr(child.ChildProcess, "_exchange", exchange)
        yield


@pytest.fixture(scope="module")
def real_children(forked_children: None) -> Iterator[None]:
    """Children start from nothing, for the tests of one module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "launch", _launch)
        patch.setattr(child.ChildProcess, "_exchange", _exchange)
        yield
