"""Calls made by the other process of a web worker: the same answers, and a hostile one ends that process alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from tests.kit.test_outgoing import answering
from udi.kit.call_process import CallProcess, DelegatedClient
from udi.kit.http import OutgoingError, RefusedAddressError

pytestmark = pytest.mark.programs

MEGABYTE = 1024 * 1024


@asynccontextmanager
async def delegated(port: int, **options: int) -> AsyncIterator[DelegatedClient]:
    client = DelegatedClient([f"127.0.0.1:{port}"], CallProcess(**options))
    try:
        yield client
    finally:
        await client.close()


async def test_a_request_is_answered_as_it_would_be_here() -> None:
    async with (
        answering(b'{"a": 1}', "Content-Type: application/json") as port,
        delegated(port) as client,
    ):
        url = f"http://127.0.0.1:{port}/x"
        answers = await asyncio.gather(
            *(client.request("POST", url, json={"n": n}) for n in range(20))
        )

        assert [answer.json() for answer in answers] == [{"a": 1}] * 20
        assert answers[0].headers["content-type"] == "application/json"


async def test_a_document_is_fetched_whole() -> None:
    async with answering(b"x" * MEGABYTE) as port, delegated(port) as client:
        url = f"http://127.0.0.1:{port}/x"
        async with client.fetch(url) as fetched:
            body = b"".join([piece async for piece in fetched.pieces])

        assert (fetched.status, fetched.url, len(body)) == (200, url, MEGABYTE)


async def test_an_address_that_may_not_be_reached_is_refused() -> None:
    async with delegated(1) as client:
        for url in ("http://10.0.0.1/", "http://127.0.0.1:2/", "gopher://example.org/"):
            with pytest.raises(RefusedAddressError):
                await client.request("GET", url)


async def test_an_answer_that_is_too_long_or_compressed_is_an_error_of_that_call_alone() -> (
    None
):
    async with (
        answering(b"x" * MEGABYTE, "Content-Encoding: gzip") as port,
        delegated(port) as client,
    ):
        with pytest.raises(OutgoingError, match="encoding"):
            await client.request("GET", f"http://127.0.0.1:{port}/")
    async with answering(b"x" * MEGABYTE) as port, delegated(port) as client:
        with pytest.raises(OutgoingError, match="more than 1000 bytes"):
            await client.request("GET", f"http://127.0.0.1:{port}/", limit=1000)
        assert (
            await client.request("GET", f"http://127.0.0.1:{port}/")
        ).status_code == 200


async def test_what_would_fill_the_memory_fails_there_and_the_next_call_is_made() -> (
    None
):
    """The limit of the call is too high on purpose: what holds then is the limit of the process."""
    async with (
        answering(b"x" * (256 * MEGABYTE)) as port,
        delegated(port, memory=128 * MEGABYTE) as client,
    ):
        with pytest.raises(OutgoingError, match="too much"):
            await client.request(
                "GET", f"http://127.0.0.1:{port}/", limit=1024 * MEGABYTE
            )
    async with (
        answering(b"{}") as port,
        delegated(port, memory=128 * MEGABYTE) as client,
    ):
        assert (
            await client.request("GET", f"http://127.0.0.1:{port}/")
        ).status_code == 200


async def test_calls_fail_when_the_process_ends_and_the_next_starts_it_anew() -> None:
    arrived: asyncio.Queue[None] = asyncio.Queue()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await arrived.put(None)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(wait, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, delegated(port) as client:
        call = asyncio.create_task(client.request("GET", f"http://127.0.0.1:{port}/"))
        await arrived.get()
        (first,) = made_by(client)
        first.kill()
        with pytest.raises(OutgoingError, match="could not be made"):
            await call
        again = asyncio.create_task(client.request("GET", f"http://127.0.0.1:{port}/"))
        await arrived.get()
        (second,) = made_by(client)
        again.cancel()

        assert second.pid != first.pid


async def test_a_call_that_nobody_waits_for_is_given_up() -> None:
    closed = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        closed.set()
        writer.close()

    server = await asyncio.start_server(wait, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, delegated(port) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await client.request("GET", f"http://127.0.0.1:{port}/", patience=60)
        await asyncio.wait_for(closed.wait(), 60)


def made_by(client: DelegatedClient) -> list[psutil.Process]:
    """The living processes that make calls for this client."""
    process = client._process._process
    if process is None or process.returncode is not None:
        return []
    return [psutil.Process(process.pid)]


async def test_the_process_ends_with_its_client() -> None:
    async with answering(b"{}") as port, delegated(port) as client:
        await client.request("GET", f"http://127.0.0.1:{port}/")
        (process,) = made_by(client)

    assert not process.is_running()
