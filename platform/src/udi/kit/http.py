"""The only client for outgoing requests: addresses are checked before a byte leaves, answers are bounded.

Names under `.localhost` are loopback (RFC 6761, section 6.3). Private addresses are refused unless host and port match
one of the operator's patterns (`PrivateHost`). Redirects are not followed, except to a file, each address checked like
the first. Answers are read as they are sent: no compression is asked for, and a compressed answer is refused, so that
few bytes on the way never become many in memory. A connection that is not of the web (SSH) is opened by the same
checks, on ports of its own.
"""

import asyncio
import glob
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

MOST_REDIRECTS = 3
REDIRECTS = {301, 302, 303, 307, 308}
PERMANENT = {301, 308}
ALLOWED_PORTS = frozenset({80, 443, 8080, 8443})
SSH_PORTS = frozenset({22, 2222})
PORTS = {"http": 80, "https": 443}
REFUSED_NETWORKS = [
    ipaddress.ip_network(network)
    for network in (
        "::/96",  # IPv4-compatible, deprecated (RFC 4291, 2.5.5.1)
        "::ffff:0:0/96",  # IPv4-mapped: nobody has such an address outside
        "::ffff:0:0:0/96",  # IPv4-translated (RFC 2765)
        "64:ff9b::/96",  # NAT64 (RFC 6052)
        "64:ff9b:1::/48",  # NAT64, local use (RFC 8215)
        "2001::/32",  # Teredo (RFC 4380)
        "2002::/16",  # 6to4 (RFC 3056)
        "3fff::/20",  # documentation (RFC 9637)
        "5f00::/16",  # segment routing (RFC 9602)
        "fec0::/10",  # site-local, deprecated (RFC 3879)
    )
]
"""Networks that Python's `is_global` lets through, on some of its versions, and that lead inside or nowhere."""
TIMEOUT = httpx.Timeout(60, connect=10)
LIMITS = httpx.Limits(
    max_connections=100, max_keepalive_connections=20, keepalive_expiry=5
)
MAX_ANSWER = 16 * 1024 * 1024
PIECE = 256 * 1024


class RefusedAddressError(Exception):
    """The address may not be reached: not public, not http(s), or another port."""


class OutgoingError(Exception):
    """The other side did not answer as expected: `status` is None when it did not answer at all."""

    def __init__(
        self, message: str, *, status: int | None = None, body: bytes = b""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = body


@dataclass(frozen=True)
class StreamedResponse:
    """The beginning of an answer, whose body is read piece by piece as it was sent; `url` is where it was found."""

    status: int
    headers: Mapping[str, str]
    url: str
    pieces: AsyncIterator[bytes]
    permanent_url: str = ""
    """Where to ask from now on: the address itself, or what permanent redirects alone lead to."""


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet; forms of IPv6 that hold or tunnel an IPv4 address are not."""
    ip = ipaddress.ip_address(address)
    if any(ip in network for network in REFUSED_NETWORKS):
        return False
    return ip.is_global and not ip.is_multicast


@dataclass(frozen=True)
class PrivateHost:
    """A host that the operator lets be reached at a private address, on one port, the usual ones, or any.

    `*.` at the beginning is one level of names. Below `localhost` it is every level: all of them are this machine.
    """

    pattern: str
    port: int | None = None
    any_port: bool = False

    @classmethod
    def parse(cls, text: str) -> "PrivateHost":
        """Read `HOST`, `HOST:PORT` or `HOST:*`; the host may hold `*` and `?`; an IPv6 address is in brackets.

        Raises:
            ValueError: what follows the colon is no port.
        """
        host, colon, port = text.rpartition(":")
        if not colon or text.endswith("]"):
            return cls(_plain_host(text))
        if port == "*":
            return cls(_plain_host(host), any_port=True)
        if not port.isdecimal() or not 0 < int(port) < 65536:  # noqa: PLR2004 - the largest port, and one
            msg = f"«{text}» names no port: write HOST, HOST:PORT or HOST:*."
            raise ValueError(msg)
        return cls(_plain_host(host), int(port))

    def matches(
        self, host: str, port: int, usual: frozenset[int] = ALLOWED_PORTS
    ) -> bool:
        """Whether this host is reachable at this port; without a port of its own, at the `usual` ones."""
        if not fnmatch(host, self.pattern) or not self._has_levels(host):
            return False
        if self.any_port:
            return True
        if self.port:
            return port == self.port
        return port in usual

    def _has_levels(self, host: str) -> bool:
        is_wildcard = self.pattern.startswith("*.")
        if not is_wildcard or self.pattern.endswith(".localhost"):
            return True
        return host.count(".") == self.pattern.count(".")


def exact_host(url: str) -> str:
    """The pattern of the host and port of one address, and of no other, where the operator names the address.

    Raises:
        ValueError: it is no address.
    """
    parts = urlsplit(url)
    host = glob.escape(parts.hostname or "")
    if ":" in host:
        return f"[{host}]:{_port(url)}"
    return f"{host}:{_port(url)}"


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or PORTS.get(parts.scheme, 0)


def _plain_host(text: str) -> str:
    is_ipv6 = text.startswith("[") and text.endswith("]") and ":" in text
    if is_ipv6:
        return text[1:-1]
    return text


async def _resolve(host: str, port: int) -> list[str]:
    if host == "localhost" or host.endswith(".localhost"):
        return ["127.0.0.1"]
    loop = asyncio.get_running_loop()
    try:
        entries = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        msg = f"The name {host} is not known."
        raise OutgoingError(msg) from error
    return [str(entry[4][0]) for entry in entries]


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections: resolves a name once, checks every address, and connects to what was checked.

    Connections are pooled by scheme, name and port, above this: none that was opened for one name serves another, and
    the certificate is always that of the name asked for.
    """

    def __init__(self, private_hosts: Iterable[str]) -> None:
        self._private = [PrivateHost.parse(text) for text in private_hosts]
        self._sockets = httpcore.AnyIOBackend()

    def is_private(
        self, host: str, port: int, usual: frozenset[int] = ALLOWED_PORTS
    ) -> bool:
        """Whether the operator lets this host be reached at a private address on this port."""
        return any(pattern.matches(host, port, usual) for pattern in self._private)

    async def check(
        self, host: str, port: int, usual: frozenset[int] = ALLOWED_PORTS
    ) -> list[str]:
        """The IP addresses at which a host is reached, if it may be; public ones at the `usual` ports alone.

        Raises:
            RefusedAddressError: it may not.
            OutgoingError: its name is not known.
        """
        private = self.is_private(host, port, usual)
        if not private and port not in usual:
            msg = f"{host}:{port} may not be reached from here."
            raise RefusedAddressError(msg)
        addresses = await _resolve(host, port)
        if not private and not all(is_public(address) for address in addresses):
            msg = f"{host} is not a public address."
            raise RefusedAddressError(msg)
        return addresses

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore calls it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Open a connection to the first address of a host, once all were checked."""
        address = (await self.check(host, port))[0]
        return await self._sockets.connect_tcp(
            address, port, timeout, local_address, socket_options
        )

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - as httpcore calls it
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - likewise
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: nothing outside is reached by a socket of this machine."""
        msg = f"{path} may not be reached from here."
        raise RefusedAddressError(msg)

    async def sleep(self, seconds: float) -> None:
        """Wait, between two tries of httpcore."""
        await self._sockets.sleep(seconds)


@cache
def _make_tls_context() -> ssl.SSLContext:
    """The authorities that this machine trusts, read once a process for all clients: 30 ms of processor each time."""
    return httpx.create_ssl_context()


class GuardedTransport(httpx.AsyncHTTPTransport):
    """The transport of httpx, whose connections are opened by a `CheckedBackend`."""

    def __init__(self, backend: CheckedBackend) -> None:
        context = _make_tls_context()
        super().__init__(verify=context, retries=0)
        # httpx has no door for a backend of one's own; its pool is of httpcore, which has.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=LIMITS.max_connections,
            max_keepalive_connections=LIMITS.max_keepalive_connections,
            keepalive_expiry=LIMITS.keepalive_expiry,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request over http or https, to no other scheme."""
        if request.url.scheme not in PORTS:
            msg = f"{request.url.scheme}:// may not be reached from here."
            raise RefusedAddressError(msg)
        return await super().handle_async_request(request)


class OutgoingClient:
    """One client a process, shared by every part that speaks to another machine; it keeps no cookie."""

    def __init__(self, private_hosts: Iterable[str] = ()) -> None:
        self._backend = CheckedBackend(private_hosts)
        self._client = httpx.AsyncClient(
            transport=GuardedTransport(self._backend),
            headers={"Accept-Encoding": "identity"},
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    def is_private(self, url: str) -> bool:
        """Whether the operator lets the host of an address be reached at a private address, on its port."""
        try:
            parts = httpx.URL(url)
        except httpx.InvalidURL:
            return False
        return self._backend.is_private(parts.host, _port_of(parts))

    async def prepare(self) -> None:
        """Be able to call at once: before a wait that is short."""

    async def check(self, url: str) -> None:
        """Look whether an address may be reached, without reaching it; it is looked at again when it is.

        Raises:
            RefusedAddressError: it may not.
            OutgoingError: its name is not known.
        """
        parts = httpx.URL(url)
        if parts.scheme not in PORTS:
            msg = f"{parts.scheme}:// may not be reached from here."
            raise RefusedAddressError(msg)
        await self._backend.check(parts.host, _port_of(parts))

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
        data: Mapping[str, str] | None = None,
        limit: int = MAX_ANSWER,
        patience: float | None = None,
    ) -> httpx.Response:
        """Send one request and read at most `limit` bytes of the answer; `patience`: seconds for each step.

        Raises:
            RefusedAddressError: the address may not be reached.
            OutgoingError: no answer, one that is too long, or one that is compressed though nobody asked for that.
        """
        timeout = TIMEOUT if patience is None else httpx.Timeout(patience)
        try:
            async with self._client.stream(
                method,
                url,
                headers=headers,
                content=content,
                json=json,
                data=data,
                timeout=timeout,
            ) as response:
                encoding = (
                    response.headers.get("content-encoding", "identity").strip().lower()
                )
                if encoding not in {"", "identity"}:
                    msg = f"{url} answered in an encoding that was not asked for."
                    raise OutgoingError(msg, status=response.status_code)
                body = bytearray()
                async for part in response.aiter_raw(PIECE):
                    body += part
                    if len(body) > limit:
                        msg = f"{url} answered more than {limit} bytes."
                        raise OutgoingError(msg, status=response.status_code)
        except httpx.HTTPError as error:
            msg = f"{url} does not answer ({type(error).__name__})."
            raise OutgoingError(msg) from error
        except httpx.InvalidURL as error:
            msg = "This is not an address."
            raise RefusedAddressError(msg) from error
        response_headers = [
            (k, v)
            for k, v in response.headers.multi_items()
            if k not in {"content-encoding", "content-length"}
        ]
        return httpx.Response(
            response.status_code,
            headers=response_headers,
            content=bytes(body),
            request=response.request,
        )

    @asynccontextmanager
    async def fetch(
        self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[StreamedResponse]:
        """Ask for a file of any size; each of three redirects at most leads to an address that is checked as the first.

        Raises:
            RefusedAddressError: an address may not be reached, or is none.
            OutgoingError: no answer, one that breaks off, or too many redirects.
        """
        request_headers = {
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            **(headers or {}),
        }
        lasting = url
        for _ in range(MOST_REDIRECTS + 1):
            with _translate_errors(url):
                request = self._client.build_request(
                    method, url, headers=request_headers
                )
                response = await self._client.send(request, stream=True)
            try:
                onward = response.headers.get("location")
                if response.status_code not in REDIRECTS or onward is None:
                    yield StreamedResponse(
                        response.status_code,
                        response.headers,
                        url,
                        _read_pieces(response, url),
                        lasting,
                    )
                    return
                with _translate_errors(url):
                    onward = str(httpx.URL(url).join(onward))
                    request_headers = _without_credential(request_headers, url, onward)
                if lasting == url and response.status_code in PERMANENT:
                    lasting = onward
                url = onward
            finally:
                await response.aclose()
        msg = f"{url} leads from one address to another without an end."
        raise OutgoingError(msg)

    async def open_socket(self, host: str, port: int) -> socket.socket:
        """A connection to an SSH server, opened to the first of the addresses that were checked.

        Raises:
            RefusedAddressError: it may not be reached.
            OutgoingError: its name is not known, or nothing listens there.
        """
        address = (await self._backend.check(host, port, SSH_PORTS))[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            async with asyncio.timeout(TIMEOUT.connect):
                loop = asyncio.get_running_loop()
                await loop.sock_connect(connection, (address, port))
        except OSError as error:  # `TimeoutError` is one
            connection.close()
            msg = f"{host}:{port} does not answer ({type(error).__name__})."
            raise OutgoingError(msg) from error
        except BaseException:
            connection.close()
            raise
        return connection

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _without_credential(
    headers: Mapping[str, str], url: str, onward: str
) -> dict[str, str]:
    """The headers for the next address: what authorises at one server is not shown to another."""
    if _origin_of(httpx.URL(url)) == _origin_of(httpx.URL(onward)):
        return dict(headers)
    return {
        name: value
        for name, value in headers.items()
        if name.lower() != "authorization"
    }


def _origin_of(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, _port_of(url)


def _port_of(url: httpx.URL) -> int:
    return url.port or PORTS.get(url.scheme, 0)


async def _read_pieces(response: httpx.Response, url: str) -> AsyncIterator[bytes]:
    with _translate_errors(url):
        async for piece in response.aiter_raw(PIECE):
            yield piece


@contextmanager
def _translate_errors(url: str) -> Iterator[None]:
    """What goes wrong on the way, as our own errors."""
    try:
        yield
    except httpx.HTTPError as error:
        msg = f"{url} does not answer ({type(error).__name__})."
        raise OutgoingError(msg) from error
    except (httpx.InvalidURL, ValueError) as error:
        msg = "This is not an address."
        raise RefusedAddressError(msg) from error


@asynccontextmanager
async def open_outgoing_client(
    private_hosts: Iterable[str] = (),
) -> AsyncIterator[OutgoingClient]:
    """An `Outgoing` closed at the end."""
    client = OutgoingClient(private_hosts)
    try:
        yield client
    finally:
        await client.close()
