"""A program of ours behind a real socket on loopback, at the address it says it has, and readers run against it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from litestar import Litestar

from udi.ui.site import Site

FOLDER = Path(__file__).parent
PATIENCE = 240
DROPPED = {"connection", "content-length", "transfer-encoding"}


@asynccontextmanager
async def serving(app: Litestar, *, port_offset: int = 0) -> AsyncIterator[None]:
    """Answer HTTP/1.1 on the portal's port, or on that of another program, one request a connection."""
    site: Site = app.state.site
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://inside"
    ) as program:

        async def answer(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            headers = [
                (name, value.strip())
                for name, _, value in (line.partition(":") for line in head[1:] if line)
            ]
            length = int(
                {name.lower(): value for name, value in headers}.get(
                    "content-length", 0
                )
            )
            body = await reader.readexactly(length)
            request = program.build_request(method, httpx.URL("http://inside", raw_path=target.encode()), content=body,
                                            headers=[header for header in headers if header[0].lower() not in DROPPED])  # fmt: skip
            async with asyncio.timeout(60):
                response = await program.send(request, stream=True)
                content = b"".join([part async for part in response.aiter_raw()])
            lines = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
            lines += [
                f"{name}: {value}"
                for name, value in response.headers.multi_items()
                if name not in DROPPED
            ]
            length_sent = response.headers.get("content-length")
            if method != "HEAD":
                length_sent = str(len(content))
            if length_sent is not None:
                lines.append(f"content-length: {length_sent}")
            lines += ["connection: close", "", ""]
            writer.write(
                "\r\n".join(lines).encode("latin-1")
                + (b"" if method == "HEAD" else content)
            )
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(
            answer, "127.0.0.1", site.settings.port(port_offset)
        ):
            yield


async def read_with(python: Path, script: str, *arguments: str) -> Any:
    """What a reader's script prints, as JSON; its last words when it fails."""
    process = await asyncio.create_subprocess_exec(
        str(python), str(FOLDER / script), *arguments, cwd=FOLDER,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode == 0, err.decode()[-3000:]
    return json.loads(out.decode().splitlines()[-1])
