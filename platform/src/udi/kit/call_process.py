"""Calls to addresses that people named, made for a web worker by another process, whose memory is bounded.

What such an address answers can then neither fill nor hold the process that answers everybody: at worst that other
process ends, the calls that it made fail, and the next call starts it anew. `python -m udi.kit.call_process` is that
process; it ends when its web worker does. Frames in both directions: their length in four bytes, then MessagePack.
"""

import asyncio
import os
import resource
import struct
import sys
import threading
from collections.abc import AsyncIterator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import msgspec

from udi.kit.http import (
    MAX_ANSWER,
    OutgoingClient,
    OutgoingError,
    RefusedAddressError,
    StreamedResponse,
)
from udi.kit.library_logs import configure_small_process
from udi.kit.memory import limit_data

MODULE = "udi.kit.call_process"
MEMORY = 384 * 1024**2
"""Bytes of data that the process may hold, the interpreter included."""
CALLS_AT_ONCE = 8
NAME_LOOKUPS_AT_ONCE = 8
THREAD_STACK = 512 * 1024
LENGTH = struct.Struct(">I")
SEARCH_PATH = str(Path(__file__).resolve().parents[2])


class OutgoingCall(msgspec.Struct, kw_only=True):
    """A request to make; `follow_redirects`: as `Outgoing.fetch` does, else as `Outgoing.request`."""

    id: int
    private_hosts: tuple[str, ...]
    method: str
    url: str
    headers: dict[str, str]
    content: bytes | None
    limit: int
    patience: float | None
    follow_redirects: bool


class CallResult(msgspec.Struct, kw_only=True):
    """What a call came to: an answer of the other side, or an error of ours (`error`, with `refused` for the address)."""

    id: int
    status: int | None = None
    headers: list[tuple[str, str]] = []
    body: bytes = b""
    url: str = ""
    lasting: str = ""
    error: str = ""
    refused: bool = False


class CallCommand(msgspec.Struct, kw_only=True):
    """One frame to the process: a call to make, or one to give up."""

    call: OutgoingCall | None = None
    cancelled: int | None = None


class CallProcess:
    """The process of one web worker that makes its calls; started by the first."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._memory = memory
        self._starting = asyncio.Lock()
        self._ids = count()
        self._waiting: dict[int, asyncio.Future[CallResult]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def make(self, call: OutgoingCall) -> CallResult:
        """Have one call made.

        Raises:
            OutgoingError: no answer, or the process ended meanwhile.
            RefusedAddressError: the address may not be reached.
        """
        call.id = next(self._ids)
        process = await self._ensure_started()
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[call.id] = waiting
        try:
            await self._send(process, CallCommand(call=call))
            answer: CallResult = await waiting
        except asyncio.CancelledError:
            with suppress(OutgoingError):
                await asyncio.shield(
                    self._send(process, CallCommand(cancelled=call.id))
                )
            raise
        finally:
            self._waiting.pop(call.id, None)
        if answer.refused:
            raise RefusedAddressError(answer.error)
        if answer.error:
            raise OutgoingError(answer.error, status=answer.status)
        return answer

    async def ping(self, private_hosts: tuple[str, ...]) -> None:
        """Start the process, and wait until it takes calls of a client.

        Raises:
            OutgoingError: it ended.
        """
        with suppress(RefusedAddressError):
            await self.make(
                OutgoingCall(
                    id=0,
                    private_hosts=private_hosts,
                    method="GET",
                    url="none://",
                    headers={},
                    content=None,
                    limit=0,
                    patience=None,
                    follow_redirects=False,
                )
            )

    async def close(self) -> None:
        """End the process."""
        process = self._process
        self._process = None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if self._reading is not None:
            await self._reading

    async def _ensure_started(self) -> asyncio.subprocess.Process:
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-P",
                    "-s",
                    "-m",
                    MODULE,
                    str(self._memory),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    env={**os.environ, "PYTHONPATH": SEARCH_PATH},
                )
                self._reading = asyncio.create_task(self._read_answers(self._process))
            return self._process

    async def _send(
        self, process: asyncio.subprocess.Process, order: CallCommand
    ) -> None:
        frame = msgspec.msgpack.encode(order)
        pipe: asyncio.StreamWriter = process.stdin  # type: ignore[assignment]  # it was started with one
        try:
            pipe.write(LENGTH.pack(len(frame)) + frame)
            await pipe.drain()
        except (ConnectionError, RuntimeError) as error:
            raise OutgoingError("The call could not be made.") from error

    async def _read_answers(self, process: asyncio.subprocess.Process) -> None:
        """Hand answers to who waits for them, until the process ends; who still waits then gets an error."""
        pipe: asyncio.StreamReader = process.stdout  # type: ignore[assignment]  # it was started with one
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                answer = msgspec.msgpack.decode(
                    await _read_frame(pipe), type=CallResult
                )
                waiting = self._waiting.get(answer.id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)
        await process.wait()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(
                    OutgoingError(
                        "The call could not be made: its answer was too much."
                    )
                )


class DelegatedClient(OutgoingClient):
    """`Outgoing` for a web worker: the same calls, made by a `CallProcess`; bodies come whole."""

    def __init__(self, private_hosts: Iterable[str], process: CallProcess) -> None:
        hosts = tuple(private_hosts)
        super().__init__(hosts)
        self._hosts = hosts
        self._process = process

    async def prepare(self) -> None:
        """Start the other process."""
        with suppress(OutgoingError):
            await self._process.ping(self._hosts)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
        data: Mapping[str, str] | None = None,
        limit: int = MAX_ANSWER,
        patience: float | None = None,
    ) -> httpx.Response:
        """As `Outgoing.request`."""
        try:
            request = httpx.Request(
                method, url, headers=headers, content=content, json=json, data=data
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise RefusedAddressError("This is not an address.") from error
        answer = await self._process.make(
            OutgoingCall(
                id=0,
                private_hosts=self._hosts,
                method=method,
                url=url,
                headers=dict(request.headers),
                content=request.read() or None,
                limit=limit,
                patience=patience,
                follow_redirects=False,
            )
        )
        return httpx.Response(
            answer.status or 0,
            headers=answer.headers,
            content=answer.body,
            request=request,
        )

    @asynccontextmanager
    async def fetch(
        self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[StreamedResponse]:
        """As `Outgoing.fetch`, for documents of at most `MAX_ANSWER` bytes."""
        answer = await self._process.make(
            OutgoingCall(
                id=0,
                private_hosts=self._hosts,
                method=method,
                url=url,
                headers=dict(headers or {}),
                content=None,
                limit=MAX_ANSWER,
                patience=None,
                follow_redirects=True,
            )
        )
        yield StreamedResponse(
            answer.status or 0,
            httpx.Headers(answer.headers),
            answer.url,
            _single_piece(answer.body),
            answer.lasting,
        )

    async def close(self) -> None:
        """Close what this process opened itself, and end the other."""
        await super().close()
        await self._process.close()


async def _single_piece(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _read_frame(reader: asyncio.StreamReader) -> bytes:
    (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
    return await reader.readexactly(length)


class CallRunner:
    """The other process: makes the calls that it receives, some at once."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._turn = asyncio.Semaphore(CALLS_AT_ONCE)
        self._clients: dict[tuple[str, ...], OutgoingClient] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def handle_command(self, order: CallCommand) -> None:
        """Begin a call, or give one up."""
        if order.cancelled is not None and order.cancelled in self._tasks:
            self._tasks[order.cancelled].cancel()
        if order.call is not None:
            number = order.call.id
            self._tasks[number] = asyncio.create_task(self._make(order.call))
            self._tasks[number].add_done_callback(
                lambda _: self._tasks.pop(number, None)
            )

    async def _make(self, call: OutgoingCall) -> None:
        client = self._clients.setdefault(
            call.private_hosts, OutgoingClient(call.private_hosts)
        )
        async with self._turn:
            try:
                answer = await (
                    _fetch(client, call)
                    if call.follow_redirects
                    else _request(client, call)
                )
            except RefusedAddressError as error:
                answer = CallResult(id=call.id, error=str(error), refused=True)
            except OutgoingError as error:
                answer = CallResult(id=call.id, error=str(error), status=error.status)
            except MemoryError:
                answer = CallResult(id=call.id, error=f"{call.url} answers too much.")
            except (httpx.InvalidURL, ValueError):
                answer = CallResult(
                    id=call.id, error="This is not an address.", refused=True
                )
            frame = msgspec.msgpack.encode(answer)
            self._writer.write(LENGTH.pack(len(frame)) + frame)
            await self._writer.drain()


async def _request(client: OutgoingClient, call: OutgoingCall) -> CallResult:
    response = await client.request(
        call.method,
        call.url,
        headers=call.headers,
        content=call.content,
        limit=call.limit,
        patience=call.patience,
    )
    return CallResult(
        id=call.id,
        status=response.status_code,
        headers=response.headers.multi_items(),
        body=response.content,
    )


async def _fetch(client: OutgoingClient, call: OutgoingCall) -> CallResult:
    async with client.fetch(
        call.url, method=call.method, headers=call.headers
    ) as fetched:
        body = bytearray()
        async for piece in fetched.pieces:
            body += piece
            if len(body) > call.limit:
                raise OutgoingError(
                    f"{call.url} answered more than {call.limit} bytes.",
                    status=fetched.status,
                )
        headers = list(httpx.Headers(fetched.headers).multi_items())
        return CallResult(
            id=call.id,
            status=fetched.status,
            headers=headers,
            body=bytes(body),
            url=fetched.url,
            lasting=fetched.permanent_url,
        )


async def serve() -> None:
    """Make calls until nobody is there any more to order them."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(NAME_LOOKUPS_AT_ONCE))
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer
    )
    transport, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, sys.stdout.buffer
    )
    caller = CallRunner(asyncio.StreamWriter(transport, protocol, reader, loop))
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            caller.handle_command(
                msgspec.msgpack.decode(await _read_frame(reader), type=CallCommand)
            )


def main() -> None:
    """Bound the memory of this process before anything is read, then serve."""
    configure_small_process()
    limit_data(int(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.stack_size(THREAD_STACK)
    asyncio.run(serve())


if __name__ == "__main__":
    main()
