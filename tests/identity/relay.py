"""A door on a real port for what Keycloak sends to a program that runs inside the test."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
from litestar import Litestar


@asynccontextmanager
async def relay(app: Litestar, port: int) -> AsyncIterator[list[httpx.Request]]:
    """Pass each request that comes to the port on to the program, and keep it."""
    requests: list[httpx.Request] = []
    transport = httpx.ASGITransport(app=app)

    async def pass_on(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split(" ", 2)
            length = re.search(r"(?i)^content-length: *(\d+)", head, re.MULTILINE)
            kind = re.search(r"(?i)^content-type: *([^\r]+)", head, re.MULTILINE)
            body = await reader.readexactly(int(length[1]) if length else 0)
            headers = {"Content-Type": kind[1] if kind else "text/plain"}
            request = httpx.Request(
                method,
                f"http://127.0.0.1:{port}{target}",
                content=body,
                headers=headers,
            )
            requests.append(request)
            answer = await transport.handle_async_request(request)
            writer.write(
                f"HTTP/1.1 {answer.status_code} Heard\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(pass_on, "127.0.0.1", port)
    async with server:
        yield requests
