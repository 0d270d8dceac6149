"""Asking an address of the same program as a caller from outside would; what it answers is read up to a limit."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import structlog
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Send

from udi.kit.agent_tokens import Agent
from udi.ui.mcp.authorization import AGENT

log = structlog.get_logger()
SERVER_ERROR = 500


class AnswerTooLargeError(Exception):
    """An address answers more than is read."""


@dataclass(frozen=True)
class InnerResponse:
    """What an address answered."""

    status: int
    content: bytes
    retry_after: int = 0
    """Seconds after which it may be asked again; 0: it does not say."""


@dataclass
class _ResponseReader:
    """The two channels of an ASGI call: nothing is sent, and whoever answers too much is cancelled."""

    limit: int
    task: asyncio.Task[None] | None = None
    status: int = 0
    retry_after: int = 0
    content: bytearray = field(default_factory=bytearray)
    is_too_large: bool = False
    is_sent: bool = False
    end: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self) -> dict[str, Any]:
        """An empty body, then nothing until all is answered."""
        if self.is_sent:
            await self.end.wait()
            return {"type": "http.disconnect"}
        self.is_sent = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        """Take a piece of the answer."""
        event = cast("dict[str, Any]", message)
        if event["type"] == "http.response.start":
            self.status = event["status"]
            seconds = dict(event.get("headers", ())).get(b"retry-after", b"")
            self.retry_after = int(seconds) if seconds.isdigit() else 0
            return
        body = event.get("body", b"")
        if len(self.content) + len(body) > self.limit and self.task is not None:
            self.is_too_large = True
            self.task.cancel()
            await self.end.wait()
        self.content += body
        if not event.get("more_body", False):
            self.end.set()


async def call_address(
    app: ASGIApp,
    address: str,
    *,
    origin: str,
    client: str,
    headers: Mapping[str, str],
    limit: int,
    agent: Agent | None = None,
) -> InnerResponse:
    """GET a path and query of `app` for the caller at the network address `client`, and the person behind `agent`.

    Raises:
        AnswerTooLargeError: it answers more than `limit` bytes; it is stopped then.
    """
    reader = _ResponseReader(limit)
    scope = write_scope(
        address, origin=origin, client=client, headers=headers, agent=agent
    )
    call = app(scope, cast("Receive", reader.receive), cast("Send", reader.send))
    task = asyncio.ensure_future(cast("Any", call))
    reader.task = task
    try:
        await task
    except asyncio.CancelledError:
        if not reader.is_too_large:
            raise
    except Exception:
        log.exception("call of a tool failed")
        return InnerResponse(SERVER_ERROR, b"")
    if reader.is_too_large:
        raise AnswerTooLargeError
    return InnerResponse(reader.status, bytes(reader.content), reader.retry_after)


def write_scope(
    address: str,
    *,
    origin: str,
    client: str,
    headers: Mapping[str, str],
    agent: Agent | None = None,
) -> HTTPScope:
    """The scope of such a request, as a server writes it."""
    path, _, query = address.partition("?")
    server = urlsplit(origin)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": server.scheme,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in headers.items()
        ],
        "server": (server.hostname or "", server.port),
        "client": (client, 0),
        AGENT: agent,
    }
    return cast("HTTPScope", scope)
