"""Where the kit says what it wants begun: the address of a tiny server, which does it as whoever leads the project would."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

Begin = Callable[[str, dict[str, Any]], Awaitable[None]]


@asynccontextmanager
async def listening(begin: Begin, troubles: list[str]) -> AsyncIterator[str]:
    """Its address; each POST of JSON is given to `begin` with its path, and answered before what it begins leaves."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        status = "200 OK"
        try:
            await begin(first.split()[1], json.loads(body))
        except Exception as error:  # noqa: BLE001 - told to the test, which fails by it
            troubles.append(f"{type(error).__name__}: {error}")
            status = "500 Internal Server Error"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Length: 2\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{{}}".encode()
        )
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
