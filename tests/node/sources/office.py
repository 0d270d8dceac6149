"""A server with the documented addresses of office services: Google Sheets, shares of Nextcloud, Grist's API.

None of these services runs in a test: this one answers at their addresses as their documentation says.
"""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.node.producer import TABLE

API_KEY = "clef-de-grist"
SHEET = "1AbCdEfGhIjKlMnOpQrStUvWxYz"
DOCUMENT = "sW5kCFzDxYqH"
SHARE = "aB3dE6gH9jK2mN5"
LOGIN = b"<!doctype html><title>Log in</title>"
CSV = "text/csv; charset=utf-8"


@dataclass
class Office:
    """Gives `content`; `is_public` decides whether a sheet is shared, `key` whether Grist wants one."""

    content: bytes = TABLE
    is_public: bool = True
    key: str = ""
    updated_at: str = "2026-11-30T08:00:00.000Z"
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}
        )
        self._thread.start()

    @property
    def origin(self) -> str:
        return f"http://docs.localhost:{self._server.server_address[1]}"

    @property
    def grist(self) -> str:
        return f"http://grist.localhost:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, str, bytes]:
        """Status, type and body."""
        self.requests.append((path, headers))
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.startswith("/api/docs/"):
            return self._answer_grist(parts.path, query, headers)
        known = {
            f"/spreadsheets/d/{SHEET}/export": {"format": "csv", "gid": "7"},
            f"/s/{SHARE}/download": {},
        }
        if parts.path not in known or known[parts.path] != query:
            return 404, "text/plain", b"not here"
        if not self.is_public:
            return 200, "text/html; charset=utf-8", LOGIN
        return 200, CSV, self.content

    def _answer_grist(
        self, path: str, query: dict[str, str], headers: dict[str, str]
    ) -> tuple[int, str, bytes]:
        if self.key and headers.get("authorization") != f"Bearer {self.key}":
            return 403, "application/json", b'{"error": "No view access"}'
        if path == f"/api/docs/{DOCUMENT}":
            described = {"id": DOCUMENT, "updatedAt": self.updated_at}
            return 200, "application/json", json.dumps(described).encode()
        if path == f"/api/docs/{DOCUMENT}/download/csv" and query == {
            "tableId": "Associations"
        }:
            return 200, CSV, self.content
        return 404, "application/json", b'{"error": "not found"}'


def _handler(office: Office) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, media_type, body = office.answer(self.path, headers)
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            if media_type == CSV:
                self.send_header(
                    "Content-Disposition", 'attachment; filename="Associations.csv"'
                )
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    return Handler
