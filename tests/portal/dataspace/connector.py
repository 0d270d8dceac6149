"""A connector of somebody else's: a small server that takes messages, keeps them, and answers as it is told."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Taken:
    """A message as it arrived."""

    path: str
    token: str
    body: dict[str, Any]

    @property
    def type(self) -> str:
        return str(self.body["@type"])


@dataclass
class Elsewhere:
    """Answers the statuses given, then 200; to a first message, with its own process identifier."""

    statuses: deque[int] = field(default_factory=deque)
    taken: list[Taken] = field(default_factory=list)
    refused: list[Taken] = field(default_factory=list)
    origin: str = ""
    catalogue: object = None
    """What it answers whoever asks for its catalogue; none: it takes the question for a message."""
    pid: str = "urn:uuid:7a2c5a50-3f3f-4a0c-9d5f-3a3b6a4f2a11"

    @property
    def types(self) -> list[str]:
        return [message.type for message in self.taken]


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """Such a server on loopback."""
    state = Elsewhere()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status = state.statuses.popleft() if state.statuses else 200
            (state.taken if status < 300 else state.refused).append(
                Taken(self.path, token, message)
            )
            if self.path.endswith("/request"):
                said_back = {"providerPid": state.pid}
            else:
                said_back = {}
            asks = (
                self.path.endswith("/catalog/request") and state.catalogue is not None
            )
            answer = json.dumps(state.catalogue if asks else said_back).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    state.origin = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
