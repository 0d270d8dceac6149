"""Children for tables, forked from a process that has done their imports: half of what an upload costs.

They put up the same walls after the fork. That a child starts from nothing is shown by `tests/node/test_child.py`, by
`tests/faults` and by every installation that runs as processes.

Most tests upload the same few lines. What a child found in a small file the first time is its answer in this process to
the same question again: two thirds of what was left of the cost. `tests/node/test_child.py` compares both.
"""

import hashlib
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from tests.forks import Preloaded
from udi.kit import child
from udi.node.datasets.versions.preparation import prepare

PREPARE = f"{prepare.__module__}:{prepare.__qualname__}"
SMALL = 64 * 1024
"""Bytes of the largest file whose preparation is kept."""
OWN = {"TMPDIR"}
"""What a child reads of its environment after its imports."""
_tables = Preloaded(
    "tables", {**child.CHILD_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(sys.path)}
)
_launch = child.launch
_exchange = child.ChildProcess._exchange


def launch(
    limits: str, environment: Mapping[str, str], wire: int
) -> subprocess.Popen[bytes]:
    """Fork a child, unless its environment says something to its imports."""
    if environment.keys() - OWN:
        return _launch(limits, environment, wire)
    forked = _tables.start(
        [limits],
        {**child.CHILD_ENVIRONMENT, **environment},
        folder=Path.cwd(),
        stdin=wire,
    )
    return cast("subprocess.Popen[bytes]", forked)


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


async def exchange(process: child.ChildProcess, request: bytes) -> bytes:
    """Ask a child, unless it is to prepare a small file that another has prepared in this process."""
    seconds, name, (arguments, options), _ = pickle.loads(request)  # noqa: S301 - made by the caller
    if name != PREPARE or not process.is_alive or process._environment.keys() - OWN:
        return await _exchange(process, request)
    source, file_name, corrections, target, schemas = arguments
    if options or source.stat().st_size > SMALL:
        return await _exchange(process, request)
    question = (
        source.read_bytes(),
        file_name,
        corrections,
        target.name,
        _describe_folder(schemas),
        seconds,
        process._limits.memory_mb,
        process._limits.file_bytes,
    )
    key = hashlib.sha256(repr(question).encode()).hexdigest()
    if key in _preparations:
        with suppress(OSError):  # a full disk is for the child to meet
            return _preparations[key].write(target.parent)
    answer = await _exchange(process, request)
    if answer.startswith(b"="):
        _preparations[key] = Preparation.read(answer, target.parent)
    return answer


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
