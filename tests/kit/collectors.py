"""Receivers of the log for tests, on loopback: what came to them is in a queue, and they can be away, slow or refusing."""

import json
import queue
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST = "127.0.0.1"


@dataclass
class SyslogReceiver:
    """Reads messages of one connection after the other; `listener` is a socket that listens, or takes datagrams."""

    listener: socket.socket
    tls: ssl.SSLContext | None = None
    lines: bool = False
    """Messages end with a line, as on a socket of the machine."""
    reads: threading.Event = field(default_factory=threading.Event)
    received: queue.Queue[bytes] = field(default_factory=queue.Queue)
    hang_up: threading.Event = field(default_factory=threading.Event)
    """After the next message, close the connection."""
    hung_up: threading.Event = field(default_factory=threading.Event)
    connection: socket.socket | None = None

    def serve(self) -> None:
        """Take messages until the listener is closed."""
        with suppress(OSError):
            if self.listener.type == socket.SOCK_DGRAM:
                while message := self.listener.recv(65_536):
                    self.received.put(message)
            while True:
                connection, _ = self.listener.accept()
                self.reads.wait()
                with suppress(OSError):
                    self._read(connection)
                self.hung_up.set()

    def _read(self, connection: socket.socket) -> None:
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_side=True)
        self.connection = connection
        with connection, connection.makefile("rb") as file:
            while message := self._read_message(file):
                self.received.put(message)
                if self.hang_up.is_set():
                    self.hang_up.clear()
                    return

    def _read_message(self, file: Any) -> bytes:
        if self.lines:
            return bytes(file.readline())
        length = b""
        while (sign := file.read(1)) not in {b" ", b""}:
            length += sign
        if not length:
            return b""
        return bytes(file.read(int(length)))


@contextmanager
def serve_syslog(
    kind: socket.SocketKind = socket.SOCK_STREAM,
    *,
    address: Any = None,
    family: socket.AddressFamily = socket.AF_INET,
    tls: ssl.SSLContext | None = None,
    reads: bool = True,
) -> Iterator[tuple[SyslogReceiver, Any]]:
    """A receiver, and its address."""
    listener = socket.socket(family, kind)
    if family == socket.AF_INET:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address or (HOST, 0))
    if kind == socket.SOCK_STREAM:
        listener.listen()
    receiver = SyslogReceiver(listener, tls, lines=family == socket.AF_UNIX)
    if reads:
        receiver.reads.set()
    thread = threading.Thread(target=receiver.serve)
    thread.start()
    try:
        yield receiver, listener.getsockname()
    finally:
        receiver.reads.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        if receiver.connection is not None:
            with suppress(OSError):
                receiver.connection.shutdown(socket.SHUT_RDWR)
        thread.join()


@dataclass
class OtlpCollector:
    """An OpenTelemetry collector that keeps what it is sent; answers come from `answers` first, then 200."""

    received: queue.Queue[tuple[str, dict[str, Any], str]] = field(
        default_factory=queue.Queue
    )
    """Path, body and credential."""
    answers: list[tuple[int, Any]] = field(default_factory=list)
    address: str = ""

    def answer(self, path: str, body: bytes, credential: str) -> tuple[int, Any]:
        """Answer one post."""
        if self.answers:
            return self.answers.pop(0)
        self.received.put((path, json.loads(body), credential))
        return 200, {"partialSuccess": {}}

    def next(self, path: str) -> dict[str, Any]:
        """The next body that came to this path."""
        while True:
            came_to, body, _ = self.received.get()
            if came_to == path:
                return body


@contextmanager
def serve_otlp() -> Iterator[OtlpCollector]:
    """A collector."""
    collector = OtlpCollector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, document = collector.answer(
                self.path, body, self.headers.get("Authorization", "")
            )
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    collector.address = f"http://{HOST}:{server.server_address[1]}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}
    )
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
