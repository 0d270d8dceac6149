"""Lines of the log as syslog messages (RFC 5424): over a socket of this machine, UDP (RFC 5426), TCP (RFC 6587) or TLS (RFC 5425).

The message is the line, one JSON object; what a collector sorts by stands before it as structured data. On TCP and TLS each
message begins with its length, and a connection that the receiver closed is opened anew before a message is lost on it.
"""

import os
import select
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from udi.kit.log_receivers.delivery import PATIENCE, Delivery, ReceiverError

PORTS = {"udp": 514, "tcp": 601, "tls": 6514}
SCHEMES = ("unix", *PORTS)
DAEMON = 3
SECURITY = 10
"""Facilities: of the programs, and of their security stream (authpriv)."""
SEVERITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
NOTICE = 5
NUMBER = 32473
"""The enterprise number of documentation (RFC 5612): the project has none of its own."""
PARAMETERS = (
    "program",
    "territory",
    "request_id",
    "trace_id",
    "span_id",
    "job",
    "schedule",
    "logger",
    "stream",
)
"""Fields of a line that stand as structured data, where the line has them."""
LONGEST_DATAGRAM = 60_000
LONGEST_PARAMETER = 256


@dataclass(frozen=True)
class SyslogAddress:
    """Where a syslog receiver is: `unix:/dev/log`, `udp://host:514`, `tcp://host:601` or `tls://host:6514`."""

    scheme: str
    host: str
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> "SyslogAddress":
        """Read an address.

        Raises:
            ValueError: it is none; the message says what one looks like.
        """
        parts = urlsplit(text)
        if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
            return cls("unix", parts.path)
        if (
            parts.scheme in PORTS
            and parts.hostname
            and not parts.username
            and parts.path in {"", "/"}
        ):
            return cls(parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme])
        msg = f"«{text}» is no address of syslog: write unix:/PATH, udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT."
        raise ValueError(msg)

    @property
    def is_stream(self) -> bool:
        """Whether messages follow one another on a connection."""
        return self.scheme in {"tcp", "tls"}


def format_message(
    event: Mapping[str, Any], line: str, *, application: str, host: str, process: int
) -> bytes:
    """One message: its header, the fields that are sorted by, and the line."""
    facility = SECURITY if event.get("stream") == "security" else DAEMON
    severity = SEVERITIES.get(str(event.get("level")), NOTICE)
    data = "".join(
        f' {name}="{_escape(event[name])}"' for name in PARAMETERS if event.get(name)
    )
    structured = f"[udi@{NUMBER}{data}]" if data else "-"
    moment = str(event.get("timestamp") or "-")
    header = f"<{8 * facility + severity}>1 {moment} {host} {application} {process} -"
    return f"{header} {structured} {line}".encode()


def _escape(value: object) -> str:
    """A value between quotes (section 6.3.3)."""
    text = str(value)[:LONGEST_PARAMETER]
    for sign in ("\\", '"', "]"):
        text = text.replace(sign, f"\\{sign}")
    return text


class SyslogDelivery(Delivery):
    """Sends the messages of this process to one receiver."""

    name = "syslog"
    batch = 100
    _socket: socket.socket | None = None

    def __init__(
        self,
        address: SyslogAddress,
        application: str,
        *,
        tls: ssl.SSLContext | None = None,
        **options: Any,
    ) -> None:
        self._address = address
        self._application = application
        self._tls = tls
        self._host = socket.gethostname() or "-"
        super().__init__(**options)

    def put_line(self, event: Mapping[str, Any], line: str) -> None:
        """Queue a line."""
        message = format_message(
            event,
            line,
            application=self._application,
            host=self._host,
            process=os.getpid(),
        )
        self.put(message)

    def send(self, entries: Sequence[bytes]) -> None:
        """Send some messages; on a connection each begins with its length."""
        if self._socket is not None and self._is_closed(self._socket):
            self.disconnect()
        if self._socket is None:
            self._socket = self._connect()
        if self._address.is_stream or self._socket.type == socket.SOCK_STREAM:
            self._socket.sendall(b"".join(map(self._frame, entries)))
            return
        for message in entries:
            self._socket.send(message[:LONGEST_DATAGRAM])

    def disconnect(self) -> None:
        """Close the descriptor."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
        self._socket = None

    def _frame(self, message: bytes) -> bytes:
        if self._address.is_stream:
            return b"%d %s" % (len(message), message)
        return message.replace(b"\n", b" ") + b"\n"

    def _connect(self) -> socket.socket:
        if self._address.scheme == "unix":
            return self._connect_here()
        host = self._address.host
        port = self._address.port
        if self._address.scheme == "udp":
            kind, *_, target = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            datagrams = socket.socket(kind, socket.SOCK_DGRAM)
            datagrams.connect(target)
            return datagrams
        connection = socket.create_connection((host, port), timeout=PATIENCE)
        if self._address.scheme == "tcp":
            return connection
        context = self._tls or ssl.create_default_context()
        try:
            return context.wrap_socket(connection, server_hostname=host)
        except BaseException:
            connection.close()
            raise

    def _connect_here(self) -> socket.socket:
        """Datagrams, as journald and rsyslog take them; else a connection."""
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            candidate = socket.socket(socket.AF_UNIX, kind)
            candidate.settimeout(PATIENCE)
            try:
                candidate.connect(self._address.host)
            except OSError as error:
                candidate.close()
                failure = error
            else:
                return candidate
        raise ReceiverError from failure

    def _is_closed(self, connection: socket.socket) -> bool:
        """Whether the receiver closed the connection: a receiver says nothing else."""
        if connection.type != socket.SOCK_STREAM:
            return False
        readable, _, _ = select.select([connection], [], [], 0)
        if not readable:
            return False
        connection.settimeout(0)
        try:
            return connection.recv(1024) == b""
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            connection.settimeout(PATIENCE)
