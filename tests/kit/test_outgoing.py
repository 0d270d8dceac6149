"""Calls to the outside: which addresses are reached, that a connection serves one name only, and how much of an answer is held."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.kit.certificates import issue
from udi.kit import http
from udi.kit.http import (
    OutgoingClient,
    OutgoingError,
    PrivateHost,
    RefusedAddressError,
    exact_host,
    is_public,
    open_outgoing_client,
)

PUBLIC = [
    "93.184.215.14",
    "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
    "2a00:1450:4007:80e::200e",
]
NOT_PUBLIC = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::93.184.215.14",
    "::ffff:127.0.0.1",
    "::ffff:93.184.215.14",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "3fff:fff::1",
    "5f00::1",
    "fc00::1",
    "fe80::1",
    "fec0::1",
    "feff::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_is_public_lets_public_addresses_through(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_is_public_refuses_what_leads_inside_or_nowhere(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("pattern", "host", "port", "reachable"),
    [
        ("geo.intra.example:8080", "geo.intra.example", 8080, True),
        ("geo.intra.example:8080", "geo.intra.example", 8081, False),
        ("geo.intra.example:8080", "other.intra.example", 8080, False),
        ("geo.intra.example", "geo.intra.example", 443, True),
        ("geo.intra.example", "geo.intra.example", 5432, False),
        ("*.intra.example:9000", "geo.intra.example", 9000, True),
        ("*.intra.example:9000", "intra.example", 9000, False),
        ("*.intra.example:9000", "a.geo.intra.example", 9000, False),
        ("*.geo.intra.example:9000", "a.geo.intra.example", 9000, True),
        ("*.localhost:9000", "node.demo.localhost", 9000, True),
        ("geo.intra.example:*", "geo.intra.example", 5432, True),
        ("[fd00::1]:8080", "fd00::1", 8080, True),
        ("[fd00::1]", "fd00::1", 443, True),
        ("10.0.0.7:9000", "10.0.0.7", 9000, True),
    ],
)
def test_private_host_matches_host_and_port(
    pattern: str, host: str, port: int, *, reachable: bool
) -> None:
    assert PrivateHost.parse(pattern).matches(host, port) is reachable


@pytest.mark.parametrize(
    "text",
    ["geo.intra.example:", "geo.intra.example:http", "geo.intra.example:0", "a:70000"],
)
def test_private_host_refuses_what_names_no_port(text: str) -> None:
    with pytest.raises(ValueError, match="names no port"):
        PrivateHost.parse(text)


@pytest.mark.parametrize(
    "url",
    ["http://[::1]:9000/a", "https://geo.example/", "http://127.0.0.1:8002/realms/x"],
)
def test_exact_host_names_one_address_and_its_port(url: str) -> None:
    pattern = PrivateHost.parse(exact_host(url))
    parts = httpx.URL(url)
    port = parts.port or 443

    assert pattern.matches(parts.host, port)
    assert not pattern.matches(parts.host, port + 1)
    assert not pattern.matches(f"x{parts.host}", port)


def test_a_star_in_the_name_of_a_host_is_no_pattern() -> None:
    assert not PrivateHost.parse(exact_host("http://*.example/")).matches(
        "geo.example", 80
    )


@asynccontextmanager
async def answering(
    body: bytes, *headers: str, context: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A server that gives everybody the same answer, over a connection that stays open; yields its port."""

    calls: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.add(asyncio.current_task())  # type: ignore[arg-type]  # there is one
        head = "\r\n".join(
            ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
        )
        with suppress(OSError):
            while await reader.readline():
                while (await reader.readline()).strip():
                    pass
                writer.write(head.encode() + body)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]
        server.close()
        await asyncio.gather(*calls)


async def test_nothing_private_is_reached_unless_the_operator_names_its_port() -> None:
    async with (
        answering(b"{}") as port,
        open_outgoing_client() as nobody,
        open_outgoing_client([f"*.localhost:{port}"]) as operator,
    ):
        for url in (
            f"http://metrics.localhost:{port}/",
            f"http://localhost:{port}/",
            f"http://127.0.0.1:{port}/",
        ):
            with pytest.raises(RefusedAddressError):
                await nobody.request("GET", url)
        assert (
            await operator.request("GET", f"http://metrics.localhost:{port}/")
        ).status_code == 200
        with pytest.raises(RefusedAddressError):
            await operator.request("GET", f"http://metrics.localhost:{port + 1}/")


@pytest.mark.parametrize(
    "encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x-gzip"]
)
async def test_a_compressed_answer_is_refused_before_it_is_inflated(
    encoding: str,
) -> None:
    bomb = gzip.compress(gzip.compress(bytes(50_000_000)))
    async with (
        answering(bomb, f"Content-Encoding: {encoding}") as port,
        open_outgoing_client([f"127.0.0.1:{port}"]) as client,
    ):
        with pytest.raises(OutgoingError, match="encoding that was not asked for"):
            await client.request("GET", f"http://127.0.0.1:{port}/")


async def test_request_asks_for_no_compression_and_holds_no_more_than_its_limit() -> (
    None
):
    async with (
        answering(b"x" * 1000) as port,
        open_outgoing_client([f"127.0.0.1:{port}"]) as client,
    ):
        answer = await client.request("GET", f"http://127.0.0.1:{port}/", limit=1000)
        assert answer.request.headers["accept-encoding"] == "identity"
        assert answer.content == b"x" * 1000
        with pytest.raises(OutgoingError, match="more than 999 bytes"):
            await client.request("GET", f"http://127.0.0.1:{port}/", limit=999)


@pytest.fixture
def own_authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate for `one.localhost`, whose authority this process trusts."""
    certificate, key, authority = issue(tmp_path, "one.localhost")
    trusting = ssl.create_default_context(cafile=authority)
    monkeypatch.setattr(http, "_make_tls_context", lambda: trusting)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_a_connection_that_was_opened_for_one_name_serves_no_other(
    own_authority: ssl.SSLContext,
) -> None:
    async with (
        answering(b"{}", context=own_authority) as port,
        open_outgoing_client([f"*.localhost:{port}"]) as client,
    ):
        assert (
            await client.request("GET", f"https://one.localhost:{port}/")
        ).status_code == 200
        with pytest.raises(OutgoingError):
            await client.request("GET", f"https://two.localhost:{port}/")


async def test_the_address_that_was_checked_is_the_one_that_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that leads elsewhere the second time it is looked up is looked up once (DNS rebinding)."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])

    async def resolve(host: str, port: int) -> list[str]:
        return next(answers)

    monkeypatch.setattr(http, "_resolve", resolve)
    async with (
        answering(b"{}") as port,
        open_outgoing_client([f"rebind.example:{port}"]) as client,
    ):
        assert (
            await client.request("GET", f"http://rebind.example:{port}/")
        ).status_code == 200


async def may_be_reached(client: OutgoingClient, url: str) -> bool:
    try:
        await client.check(url)
    except RefusedAddressError:
        return False
    return True


@pytest.mark.parametrize(
    ("addresses", "port", "reached"),
    [
        (["93.184.215.14"], 443, True),
        (["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"], 8443, True),
        (["93.184.215.14", "10.0.0.1"], 443, False),
        (["10.0.0.1", "93.184.215.14"], 443, False),
        (["93.184.215.14"], 5432, False),
    ],
)
async def test_check_looks_at_every_address_of_a_name_and_at_the_port(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str], port: int, *, reached: bool
) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return addresses

    monkeypatch.setattr(http, "_resolve", resolve)
    async with open_outgoing_client() as client:
        assert await may_be_reached(client, f"https://geo.example:{port}/a") == reached


@pytest.mark.parametrize(
    "url", ["ftp://localhost/a", "file:///etc/passwd", "ws://localhost/"]
)
async def test_only_the_web_is_reached_even_where_the_operator_lets_every_port(
    url: str,
) -> None:
    async with open_outgoing_client(["*:*"]) as client:
        with pytest.raises(RefusedAddressError):
            await client.check(url)
        with pytest.raises((RefusedAddressError, OutgoingError)):
            await client.request("GET", url)


@pytest.mark.parametrize(
    "url",
    [
        "https://files..example.org/a.csv",
        f"https://{'a' * 64}.example.org/a.csv",
        "https://1.2.3.999/a.csv",
    ],
)
async def test_a_name_that_no_host_can_have_is_said_in_our_own_words(url: str) -> None:
    client = OutgoingClient()

    with pytest.raises((OutgoingError, RefusedAddressError)):
        await client.request("GET", url)

    await client.close()
