"""A program behind a real port: what a command sends over the wire reaches it whole, and its answer comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
from litestar import Litestar

HOP = {"connection", "transfer-encoding", "content-length"}


@asynccontextmanager
async def served(app: Litestar, port: int) -> AsyncIterator[None]:
    """Answer each request that comes to the port, one a connection."""
    transport = httpx.ASGITransport(app=app)

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            request = await _read(reader, port)
            response = await transport.handle_async_request(request)
            body = await response.aread()
            lines = [
                f"HTTP/1.1 {response.status_code} Answered",
                f"Content-Length: {len(body)}",
                "Connection: close",
            ]
            lines += [
                f"{name}: {value}"
                for name, value in response.headers.items()
                if name not in HOP
            ]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with server:
        yield


async def _read(reader: asyncio.StreamReader, port: int) -> httpx.Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = [
        (name.strip(), value.strip())
        for name, _, value in (line.partition(":") for line in head[1:] if line)
    ]
    length = int(
        {name.lower(): value for name, value in headers}.get("content-length", 0)
    )
    body = await reader.readexactly(length)
    return httpx.Request(
        method, f"http://127.0.0.1:{port}{target}", content=body, headers=headers
    )
