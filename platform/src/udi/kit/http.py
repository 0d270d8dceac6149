"""The only client for outgoing requests: addresses are checked before a byte leaves, answers are bounded.

Names under `.localhost` are loopback (RFC 6761, section 6.3). Private addresses are refused unless the host matches
one of the operator's patterns (`UDI_PRIVATE_HOSTS`). Redirects are not followed, except to a file, each address checked like the first.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

MOST_REDIRECTS = 3
REDIRECTS = {301, 302, 303, 307, 308}
PERMANENT = {301, 308}
ALLOWED_PORTS = {80, 443, 8080, 8443}
REFUSED_NETWORKS = [
    ipaddress.ip_network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
]
TIMEOUT = httpx.Timeout(60, connect=10)
MAX_ANSWER = 16 * 1024 * 1024
PIECE = 256 * 1024


class RefusedAddressError(Exception):
    """The address may not be reached: not public, not http(s), or another port."""


class OutgoingError(Exception):
    """The other side did not answer as expected: `status` is None when it did not answer at all."""

    def __init__(self, message: str, *, status: int | None = None, body: bytes = b"") -> None:
        super().__init__(message)
        self.status, self.body = status, body


@dataclass(frozen=True)
class Fetched:
    """The beginning of an answer, whose body is read piece by piece as it was sent; `url` is where it was found."""

    status: int
    headers: Mapping[str, str]
    url: str
    pieces: AsyncIterator[bytes]
    lasting: str = ""
    """Where to ask from now on: the address itself, or what permanent redirects alone lead to."""


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet; tunnels to private ones (NAT64, 6to4, Teredo) are not."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in network for network in REFUSED_NETWORKS):
            return False
    return ip.is_global and not ip.is_multicast


async def _resolve(host: str, port: int) -> list[str]:
    if host == "localhost" or host.endswith(".localhost"):
        return ["127.0.0.1"]
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        msg = f"The name {host} is not known."
        raise OutgoingError(msg) from error
    return [str(entry[4][0]) for entry in found]


class GuardedTransport(httpx.AsyncBaseTransport):
    """Resolves once, checks every address, connects to the checked one with the name kept for TLS and Host."""

    def __init__(self, private_hosts: Iterable[str]) -> None:
        self._private = tuple(private_hosts)
        self._inner = httpx.AsyncHTTPTransport(retries=0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        pinned = request.url.copy_with(host=await self.check(request.url))
        extensions = {**request.extensions, "sni_hostname": request.url.host}
        return await self._inner.handle_async_request(
            httpx.Request(request.method, pinned, headers=request.headers, stream=request.stream, extensions=extensions)
        )

    def is_private(self, host: str) -> bool:
        return any(fnmatch(host, pattern) for pattern in self._private)

    async def check(self, url: httpx.URL) -> str:
        """The IP address at which a URL is reached, if it may be."""
        host, port = url.host, url.port or (443 if url.scheme == "https" else 80)
        private = self.is_private(host)
        if url.scheme not in {"http", "https"} or (not private and port not in ALLOWED_PORTS):
            msg = f"{url.scheme}://{host}:{port} may not be reached from here."
            raise RefusedAddressError(msg)
        addresses = await _resolve(host, port)
        if not private and not all(is_public(address) for address in addresses):
            msg = f"{host} is not a public address."
            raise RefusedAddressError(msg)
        return addresses[0]

    async def aclose(self) -> None:
        await self._inner.aclose()


class Outgoing:
    """One client a process, shared by every part that speaks to another machine; it keeps no cookie."""

    def __init__(self, private_hosts: Iterable[str] = ()) -> None:
        self._guard = GuardedTransport(private_hosts)
        self._client = httpx.AsyncClient(
            transport=self._guard,
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    def is_private(self, host: str) -> bool:
        """Whether the operator lets this host be reached at a private address."""
        return self._guard.is_private(host)

    async def check(self, url: str) -> None:
        """Look whether an address may be reached, without reaching it; it is looked at again when it is.

        Raises:
            RefusedAddressError: it may not.
            OutgoingError: its name is not known.
        """
        await self._guard.check(httpx.URL(url))

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
            OutgoingError: no answer, or one that is too long.
        """
        timeout = TIMEOUT if patience is None else httpx.Timeout(patience)
        try:
            async with self._client.stream(
                method, url, headers=headers, content=content, json=json, data=data, timeout=timeout
            ) as response:
                body = bytearray()
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > limit:
                        msg = f"{url} answered more than {limit} bytes."
                        raise OutgoingError(msg, status=response.status_code)
        except httpx.HTTPError as error:
            msg = f"{url} does not answer ({type(error).__name__})."
            raise OutgoingError(msg) from error
        kept = [(k, v) for k, v in response.headers.multi_items() if k not in {"content-encoding", "content-length"}]
        return httpx.Response(response.status_code, headers=kept, content=bytes(body), request=response.request)

    @asynccontextmanager
    async def fetch(
        self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[Fetched]:
        """Ask for a file of any size; each of three redirects at most leads to an address that is checked as the first.

        Raises:
            RefusedAddressError: an address may not be reached, or is none.
            OutgoingError: no answer, one that breaks off, or too many redirects.
        """
        asked = {"Accept": "*/*", "Accept-Encoding": "identity", **(headers or {})}
        lasting = url
        for _ in range(MOST_REDIRECTS + 1):
            with _told(url):
                request = self._client.build_request(method, url, headers=asked)
                response = await self._client.send(request, stream=True)
            try:
                onward = response.headers.get("location")
                if response.status_code not in REDIRECTS or onward is None:
                    yield Fetched(response.status_code, response.headers, url, _pieces(response, url), lasting)
                    return
                with _told(url):
                    onward = str(httpx.URL(url).join(onward))
                lasting = onward if lasting == url and response.status_code in PERMANENT else lasting
                url = onward
            finally:
                await response.aclose()
        msg = f"{url} leads from one address to another without an end."
        raise OutgoingError(msg)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


async def _pieces(response: httpx.Response, url: str) -> AsyncIterator[bytes]:
    with _told(url):
        async for piece in response.aiter_raw(PIECE):
            yield piece


@contextmanager
def _told(url: str) -> Iterator[None]:
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
async def outgoing(private_hosts: Iterable[str] = ()) -> AsyncIterator[Outgoing]:
    """An `Outgoing` closed at the end."""
    client = Outgoing(private_hosts)
    try:
        yield client
    finally:
        await client.close()
