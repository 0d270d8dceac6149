"""Work on untrusted files in a process of its own, with limits, which cannot outlive this one."""

import asyncio
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from types import GenericAlias, TracebackType
from typing import Any, Self, TypeVar, get_args, get_origin, get_type_hints

import msgspec
import psutil

from udi.kit.child_program import HEADER
from udi.kit.disk_space import DiskFullError
from udi.kit.sandbox import ProcessLimits

T = TypeVar("T")
PROGRAM_MODULE = "udi.kit.child_program"
LONGEST_ANSWER = 64 * 1024 * 1024
LOW_MEMORY_ENVIRONMENT = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "RAYON_NUM_THREADS",
        "MALLOC_ARENA_MAX",
    ),
    "1",
)
"""One thread of each library, and one arena of memory for all: DuckDB then takes 190 MB of address space at once, where it took 750."""
END_PAUSES = (0.001, 0.002, 0.004, 0.008, 0.015, 0.02)
"""Seconds between two looks at whether a child has ended of itself: most have after the first."""
CHILD_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", **LOW_MEMORY_ENVIRONMENT}
"""The environment of every child."""


class ChildError(Exception):
    """The work was not done; the child is gone, or failed in a way that its caller did not foresee."""


class ChildTimeoutError(ChildError):
    """It took longer than allowed and was ended; `worked` is the share of that time it had a processor."""

    def __init__(self, worked: float = 1.0) -> None:
        super().__init__()
        self.worked = worked


class ChildMemoryError(ChildError):
    """It needed more memory than allowed."""


class ChildCrashError(ChildError):
    """The child died of itself; the message is the signal's name or its status, never a word of the data."""


class ChildProcess:
    """A process with limits that answers one call after the other; `async with` ends it.

    Its temporary files are in the first of the places that it reaches.
    """

    def __init__(
        self, limits: ProcessLimits, environment: dict[str, str] | None = None
    ) -> None:
        places = limits.places
        if not places and not limits.modules:
            places = (tempfile.gettempdir(),)
        self._limits = replace(limits, places=places)
        temporary = {"TMPDIR": places[0]} if places else {}
        self._environment = temporary | (environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def pid(self) -> int:
        """The process, 0 when there is none."""
        if self._process:
            return self._process.pid
        return 0

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked something."""
        return self._process is not None and self._process.poll() is None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.end()

    async def start(self) -> None:
        """Start the process. It dies with the thread that starts it: call it from the event loop's own."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            self._process = launch(
                json.dumps(asdict(self._limits)), self._environment, theirs.fileno()
            )
            self._streams = await asyncio.open_unix_connection(sock=ours)
        except BaseException:
            ours.close()
            await self.end()
            raise
        finally:
            theirs.close()

    async def call(
        self,
        function: Callable[..., T],
        *args: Any,
        seconds: float,
        raises: tuple[type[Exception], ...] = (),
        **kwargs: Any,
    ) -> T:
        """What an importable function answers in the child; its return annotation says what is accepted of it.

        That may be dataclasses, enumerations, dates, paths, counters and collections of them, not a choice between two
        dataclasses.

        Raises:
            ChildTimeoutError: no answer within `seconds`; the child was killed.
            ChildMemoryError: the work needed more memory than allowed.
            DiskFullError: the disk on which it writes is full.
            ChildCrashError: the child died.
            ChildError: the function raised something that is not in `raises`.
        """
        name = f"{function.__module__}:{function.__qualname__}"
        expected: type[T] = get_type_hints(function).get("return", Any)
        return await self.call_by_name(
            name, expected, (args, kwargs), seconds=seconds, raises=raises
        )

    async def call_by_name(
        self,
        name: str,
        expected: type[T],
        arguments: tuple[tuple[Any, ...], dict[str, Any]],
        *,
        seconds: float,
        raises: tuple[type[Exception], ...] = (),
    ) -> T:
        """The same for a function named `module:function`, which this process need not import."""
        exception_by_name = {
            f"{kind.__module__}:{kind.__qualname__}": kind for kind in raises
        }
        before = _cpu_seconds(self.pid)
        try:
            async with asyncio.timeout(seconds):
                answer = await self._exchange(
                    pickle.dumps((seconds, name, arguments, tuple(exception_by_name)))
                )
        except TimeoutError:
            worked = (_cpu_seconds(self.pid) - before) / seconds
            await self.end()
            raise ChildTimeoutError(worked) from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise _exit_error(await self.end()) from None
        except BaseException:
            await self.end()
            raise
        return _decode_answer(answer, expected, exception_by_name)

    async def end(self) -> int:
        """Kill the process, if it lives, and forget it; its status."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
        process = self._process
        self._process = None
        if process is None:
            return 0
        status = await _wait_briefly(process)
        if status is not None:
            return status
        process.kill()
        return await asyncio.shield(asyncio.to_thread(process.wait))

    async def _exchange(self, request: bytes) -> bytes:
        if self._streams is None:
            raise ConnectionError
        reader, writer = self._streams
        writer.write(HEADER.pack(len(request)) + request)
        await writer.drain()
        length = HEADER.unpack(await reader.readexactly(HEADER.size))[0]
        if length > LONGEST_ANSWER:
            raise ChildMemoryError
        return await reader.readexactly(length)


def launch(
    limits: str, environment: Mapping[str, str], wire: int
) -> subprocess.Popen[bytes]:
    """Start a child that answers on the socket `wire`; the thread that calls this must be its parent as long as it lives."""
    return subprocess.Popen(  # noqa: S603 - our own program
        [
            sys.executable,
            "-B",
            "-P",
            "-s",
            "-m",
            PROGRAM_MODULE,
            str(os.getpid()),
            limits,
        ],
        stdin=wire,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": _search_path(), **CHILD_ENVIRONMENT, **environment},
    )


async def run(
    function: Callable[..., T],
    *args: Any,
    memory_mb: int,
    seconds: float,
    file_bytes: int = 0,
    raises: tuple[type[Exception], ...] = (),
    environment: dict[str, str] | None = None,
    modules: tuple[str, ...] = (),
    **kwargs: Any,
) -> T:
    """What an importable function answers, in a process made for this call and ended after it.

    `memory_mb` is of address space, of which a Python with DuckDB takes 200 at once; `file_bytes` is the longest file
    that it may write, 0 for none; `environment` is set before the first import. It reaches the folders among the
    arguments and those of their files, nothing else: its temporary files are in the first. Where `modules` are named,
    it imports them first, and reaches no file at all.

    Raises:
        ChildTimeoutError: no answer within `seconds`; the child was killed.
        ChildMemoryError: the work needed more memory than allowed.
        DiskFullError: the disk on which it writes is full.
        ChildCrashError: the child died.
        ChildError: the function raised something that is not in `raises`.
    """
    places = _list_folders(*args, *kwargs.values())
    limits = ProcessLimits(memory_mb, file_bytes, places=places, modules=modules)
    async with ChildProcess(limits, environment) as child:
        return await child.call(
            function, *args, seconds=seconds, raises=raises, **kwargs
        )


def _list_folders(*arguments: object) -> tuple[str, ...]:
    """The folders of a call: those that it names, and those of the files that it names or is to make."""
    paths = [argument for argument in arguments if isinstance(argument, Path)]
    return tuple(
        dict.fromkeys(str(path if path.is_dir() else path.parent) for path in paths)
    )


async def _wait_briefly(process: subprocess.Popen[bytes]) -> int | None:
    """The status of a process whose end is under way, None when it has to be killed."""
    for seconds in END_PAUSES:
        status = process.poll()
        if status is not None:
            return status
        await asyncio.sleep(seconds)
    return process.poll()


def _cpu_seconds(pid: int) -> float:
    """Seconds that a process has had a processor."""
    try:
        times = psutil.Process(pid).cpu_times()
    except (psutil.Error, ValueError):
        return 0.0
    return float(times.user + times.system)


def _exit_error(status: int) -> ChildError:
    if status == -signal.SIGXCPU:
        return ChildTimeoutError()
    return ChildCrashError(
        signal.Signals(-status).name if status < 0 else f"status {status}"
    )


def _decode_answer(
    answer: bytes, expected: type[T], exception_by_name: dict[str, type[Exception]]
) -> T:
    """The answer itself; nothing that the child says is run."""
    kind = answer[:1]
    content = answer[1:]
    if kind == b"=":
        try:
            return msgspec.msgpack.decode(
                content, type=expected, dec_hook=_decode_value
            )
        except (msgspec.MsgspecError, NotImplementedError):
            raise ChildError("answer of another kind") from None
    if kind == b"m":
        raise ChildMemoryError
    if kind == b"f":
        raise DiskFullError
    if kind == b"!":
        name, args, state = msgspec.msgpack.decode(content)
        if name in exception_by_name:
            error = exception_by_name[name].__new__(exception_by_name[name], *args)
            error.args = tuple(args)
            vars(error).update(state)
            raise error
    if kind == b"?":
        raise ChildError(*msgspec.msgpack.decode(content, type=tuple[str, str]))
    raise ChildError("unreadable answer")


def _decode_value(expected: Any, value: object) -> object:
    """What msgspec does not read of itself."""
    kind = get_origin(expected) or expected
    if issubclass(kind, Path):
        return Path(str(value))
    if issubclass(kind, Counter):
        counted, *_ = get_args(expected) or (Any,)
        return Counter(msgspec.convert(value, GenericAlias(dict, (counted, int))))
    raise NotImplementedError


def _search_path() -> str:
    return os.pathsep.join(
        str(Path(entry).absolute()) for entry in sys.path if not entry.endswith(".zip")
    )
