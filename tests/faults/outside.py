"""A mail relay and another program, on loopback: what a worker sends and calls while it is killed."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from aiosmtpd.smtp import SMTP

from tests.portal.notifications.conftest import Relay

REVISION = 10**6
"""What a node that is told of an agreement says it holds."""


@dataclass
class Outside:
    """A mail relay, and whoever is called: each keeps what it gets and agrees."""

    relay: Relay = field(default_factory=Relay)
    calls: list[str] = field(default_factory=list)
    smtp_port: int = 0
    origin: str = ""

    def forget(self) -> None:
        self.relay.raw.clear()
        self.calls.clear()

    def list_mails(self) -> list[str]:
        """By Message-ID and address: two that are alike are one mail, sent twice."""
        return [f"{mail['Message-ID']} {mail['To']}" for mail in self.relay.mails]


@contextmanager
def _listen(outside: Outside) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            outside.calls.append(f"{self.command} {self.path} {body.decode()}")
            answer = json.dumps({"revision": REVISION, "providerPid": "urn:uuid:7"})
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.encode())

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - names of the standard library

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    outside.origin = f"http://whoever.localhost:{server.server_port}"
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@asynccontextmanager
async def open_outside() -> AsyncIterator[Outside]:
    """Both, on loopback."""
    outside = Outside()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(outside.relay, hostname="relay"), "127.0.0.1", 0
    )
    outside.smtp_port = server.sockets[0].getsockname()[1]
    try:
        with _listen(outside):
            yield outside
    finally:
        server.close()
        await server.wait_closed()
