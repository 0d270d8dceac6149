"""A site of somebody else's on loopback: what it answers, and what it was asked."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Catalogue:
    """What the site answers: pages by path, or what a function says of a path and its query."""

    pages: dict[str, Answer] = field(default_factory=dict)
    live: Callable[[str, dict[str, str]], Answer | None] | None = None
    requests: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    origin: str = ""
    pause: float = 0
    endless: bool = False

    def put(self, path: str, body: Any, *, status: int = 200, **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.pages[path] = (
            status,
            {name.replace("_", "-"): value for name, value in headers.items()},
            content,
        )

    def answer(self, path: str) -> Answer:
        parts = urlsplit(path)
        parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
        live = self.live(parts.path, parameters) if self.live else None
        return live or self.pages.get(parts.path, (404, {}, b""))


@contextmanager
def serve(name: str) -> Iterator[Catalogue]:
    """A site of this name, for the time of a block."""
    catalogue = Catalogue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            catalogue.requests.append(self.path)
            catalogue.headers.append(dict(self.headers.items()))
            status, headers, body = catalogue.answer(self.path)
            etag = headers.get("ETag")
            if etag and self.headers.get("If-None-Match") == etag:
                status = 304
                body = b""
            self.send_response(status)
            for header, value in headers.items():
                self.send_header(header, value)
            self.end_headers()
            try:
                step = 1000 if catalogue.pause else 1_000_000
                for piece in (body[n : n + step] for n in range(0, len(body), step)):
                    self.wfile.write(piece)
                    time.sleep(catalogue.pause)
                while catalogue.endless and status == 200:
                    self.wfile.write(b" " * 65536)
            except OSError:
                return

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    catalogue.origin = f"http://{name}:{server.server_address[1]}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}
    )
    thread.start()
    try:
        yield catalogue
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
