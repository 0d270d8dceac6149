"""Somebody else's server, where files are: a real one, whose answers the test decides."""

import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Distant:
    """Gives `content` with its ETag at every address, unless `answers` says otherwise for a path."""

    content: bytes = b"a;b\n1;2\n"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    is_truncated: bool = False
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}
        )
        self._thread.start()

    @property
    def origin(self) -> str:
        return f"http://files.localhost:{self._server.server_address[1]}"

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()[:16]}"'

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(distant: Distant) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            distant.requests.append((self.path, headers))
            if self.path in distant.redirects:
                self._say(302, {"Location": distant.redirects[self.path]}, b"")
            elif distant.status == 200 and headers.get("if-none-match") == distant.etag:
                self._say(304, {"ETag": distant.etag}, b"")
            else:
                self._say(
                    distant.status,
                    {"ETag": distant.etag, **distant.headers},
                    distant.content,
                )

        def _say(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if distant.is_truncated else body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    return Handler
