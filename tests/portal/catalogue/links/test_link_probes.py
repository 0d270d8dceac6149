"""One look at an address, against a real machine: polite, bounded, and never taken in."""

import asyncio
import socket
import threading
from datetime import timedelta
from email.utils import format_datetime

import pytest

from tests.portal.catalogue.links.conftest import (
    Machine,
    hangs_up,
    only_get,
    open_machine,
    says,
)
from udi.kit.clock import now
from udi.kit.http import open_outgoing_client
from udi.portal.catalogue.links import probe
from udi.portal.catalogue.links.content import ContentMatch, ExpectedFile
from udi.portal.catalogue.links.probe import (
    ADDRESS,
    SILENT,
    LinkCheck,
    LinkCheckResult,
    probe_link,
    read_retry_after,
)
from udi.portal.catalogue.models import LinkState

ORIGIN = "https://donnees.portelune.example"
PRIVATE = ["*.localhost:*"]
MEGABYTE = 1024 * 1024
PATIENCE = 60
"""Seconds after which what never ends is a failure of the test."""


async def see(url: str, **options: object) -> LinkCheckResult:
    async with open_outgoing_client(PRIVATE) as client:
        return await probe_link(client, LinkCheck(url, **options), ORIGIN)  # type: ignore[arg-type]  # what each test says


async def test_a_file_that_is_there_is_asked_once_for_its_head_by_a_client_that_says_who_it_is(
    machine: Machine,
) -> None:
    machine.answers["/file.csv"] = says(200, b"12345678")

    result = await see(machine.url(), described=(ExpectedFile(8),))

    assert (result.state, result.answer, result.size, result.content) == (
        LinkState.REACHABLE,
        "200",
        8,
        ContentMatch.UNKNOWN,
    )
    assert machine.methods == ["HEAD"]
    assert f"+{ORIGIN}/" in machine.requests[0][3]["user-agent"]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 500, 501])
async def test_a_machine_that_knows_no_head_is_asked_for_one_byte(
    machine: Machine, hurried: None, status: int
) -> None:
    part = says(206, b"1", content_range="bytes 0-0/8")
    machine.answers["/file.csv"] = only_get(part, status)

    result = await see(machine.url())

    assert (result.state, result.answer, result.size) == (LinkState.REACHABLE, "206", 8)
    assert machine.methods == ["HEAD", "GET"]
    assert machine.requests[1][3]["range"] == "bytes=0-0"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (401, LinkState.REFUSED), (403, LinkState.REFUSED), (404, LinkState.GONE), (410, LinkState.GONE), (429, None),
        (500, LinkState.UNREACHABLE), (503, LinkState.UNREACHABLE), (400, LinkState.UNREACHABLE),
        (416, LinkState.REACHABLE), (204, LinkState.REACHABLE), (304, LinkState.UNREACHABLE), (302, LinkState.UNREACHABLE),
    ],
)  # fmt: skip
async def test_what_each_status_says(
    machine: Machine, hurried: None, status: int, state: LinkState | None
) -> None:
    machine.answers["/file.csv"] = says(status)

    result = await see(machine.url())

    assert (result.state, result.answer) == (state, str(status))


async def test_a_service_that_is_asked_nothing_may_say_so(
    machine: Machine, hurried: None
) -> None:
    machine.answers["/file.csv"] = says(400)

    assert (await see(machine.url(), is_service=True)).state == LinkState.REACHABLE


async def test_what_failed_is_asked_for_one_byte_at_once(machine: Machine) -> None:
    machine.answers["/file.csv"] = says(200, b"12345678")

    assert (await see(machine.url(), doubted=True)).state == LinkState.REACHABLE
    assert machine.methods == ["GET"]


async def test_permanent_redirects_say_where_it_moved_and_others_do_not(
    machine: Machine,
) -> None:
    machine.answers |= {
        "/file.csv": says(301, location="/new/"), "/new/": says(308, location="/newer.csv"), "/newer.csv": says(200),
        "/now.csv": says(302, location="/newer.csv"), "/then.csv": says(301, location="/now.csv"),
        "/plain": says(301, location="/plain/"), "/plain/": says(200),
    }  # fmt: skip

    moved, now_there, then, plain = [
        await see(machine.url(path))
        for path in ("/file.csv", "/now.csv", "/then.csv", "/plain")
    ]

    assert (moved.state, moved.moved_to) == (LinkState.MOVED, machine.url("/newer.csv"))
    assert (now_there.state, now_there.moved_to) == (LinkState.REACHABLE, "")
    assert (then.state, then.moved_to) == (LinkState.MOVED, machine.url("/now.csv"))
    assert (plain.state, plain.moved_to) == (LinkState.REACHABLE, "")


async def test_a_redirect_to_a_private_address_is_not_followed(
    machine: Machine,
) -> None:
    inside = Machine()
    server = open_machine(inside)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    machine.answers["/file.csv"] = says(
        302, location=f"http://127.0.0.1:{server.server_port}/secret"
    )

    try:
        result = await see(machine.url())
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    assert (result.state, result.answer) == (LinkState.UNCHECKED, ADDRESS)
    assert inside.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://10.0.0.1/a.csv",
        "http://169.254.169.254/latest",
        "ftp://a.example/",
        "http://[::1]/",
    ],
)
async def test_an_address_that_may_not_be_reached_is_not_known(url: str) -> None:
    async with open_outgoing_client() as client:
        result = await probe_link(client, LinkCheck(url), ORIGIN)

    assert (result.state, result.answer) == (LinkState.UNCHECKED, ADDRESS)


async def test_a_circle_of_redirects_ends(machine: Machine) -> None:
    machine.answers |= {"/a": says(301, location="/b"), "/b": says(301, location="/a")}

    assert (await see(machine.url("/a"))).state == LinkState.UNREACHABLE
    assert len(machine.requests) <= 8


async def test_an_endless_body_is_not_read(machine: Machine, hurried: None) -> None:
    done = threading.Event()

    def pour(handler: object) -> None:
        says(200, content_length=str(10**12))(handler)  # type: ignore[arg-type]  # the machine's
        try:
            while machine.sent < 400 * MEGABYTE:
                handler.wfile.write(b"x" * MEGABYTE)  # type: ignore[attr-defined]  # likewise
                machine.sent += MEGABYTE
        except OSError:
            pass
        finally:
            done.set()

    machine.answers["/file.csv"] = only_get(pour)

    result = await see(machine.url())

    assert (result.state, result.size) == (LinkState.REACHABLE, 10**12)
    assert await asyncio.to_thread(done.wait, 10)
    assert machine.sent < 20 * MEGABYTE


async def test_a_head_that_never_ends_byte_by_byte_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probe, "PATIENCE", 0.6)
    listening = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = listening.accept()
        try:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-A: ")
            while not asked_enough.wait(0.05):
                connection.sendall(b"b")
        except OSError:
            pass
        finally:
            connection.close()

    asked_enough = threading.Event()
    thread = threading.Thread(target=drip)
    thread.start()
    try:
        async with asyncio.timeout(PATIENCE):
            result = await see(
                f"http://slow.localhost:{listening.getsockname()[1]}/", doubted=True
            )
    finally:
        asked_enough.set()
        listening.close()
        thread.join()

    assert (result.state, result.answer) == (LinkState.UNREACHABLE, SILENT)


async def test_no_machine_and_no_answer_are_silence(
    machine: Machine, hurried: None
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    machine.answers["/file.csv"] = hangs_up

    nobody = await see(f"http://gone.localhost:{port}/a.csv")
    mute = await see(machine.url())

    assert (nobody.answer, mute.answer) == (SILENT, SILENT)
    assert nobody.state == mute.state == LinkState.UNREACHABLE


async def test_a_length_that_lies_in_the_head_is_asked_again_and_believed_only_from_a_get(
    machine: Machine, hurried: None
) -> None:
    def lie(handler: object) -> None:
        length = "3" if handler.command == "HEAD" else "8"  # type: ignore[attr-defined]  # the machine's
        says(200, b"12345678", content_length=length)(handler)  # type: ignore[arg-type]  # likewise

    machine.answers["/file.csv"] = lie

    result = await see(machine.url(), described=(ExpectedFile(8),))

    assert (result.size, result.content) == (8, ContentMatch.UNKNOWN)
    assert machine.methods == ["HEAD", "GET"]


async def test_a_length_longer_than_the_body_costs_nothing(
    machine: Machine, hurried: None
) -> None:
    machine.answers["/file.csv"] = says(200, b"1", content_length="5000000")

    result = await see(machine.url(), described=(ExpectedFile(8),))

    assert (result.state, result.content, result.size) == (
        LinkState.REACHABLE,
        ContentMatch.OTHER_SIZE,
        5_000_000,
    )


async def test_two_requests_of_one_look_are_a_second_apart(machine: Machine) -> None:
    machine.answers["/file.csv"] = only_get(says(200))

    await see(machine.url())

    first, second = (moment for moment, _, _, _ in machine.requests)
    assert second - first >= 1


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", timedelta(seconds=120)), (" 0 ", timedelta()), ("", timedelta()), ("soon", timedelta()), ("-5", timedelta()),
        ("9" * 40, timedelta(seconds=10**9)), ("Mon, 02 Mar 2020 08:00:00 GMT", timedelta()),
    ],
)  # fmt: skip
def test_how_long_a_machine_asks_to_be_left_alone(text: str, wait: timedelta) -> None:
    assert read_retry_after(text) == wait


def test_a_machine_may_name_the_moment() -> None:
    later = format_datetime(now() + timedelta(hours=2), usegmt=True)

    assert timedelta(minutes=119) < read_retry_after(later) <= timedelta(hours=2)


async def test_a_busy_machine_is_not_asked_twice(
    machine: Machine, hurried: None
) -> None:
    machine.answers |= {
        "/a": says(503, retry_after="90"),
        "/b": says(429, retry_after="30"),
    }

    away = await see(machine.url("/a"))
    busy = await see(machine.url("/b"))

    assert (away.state, away.wait) == (LinkState.UNREACHABLE, timedelta(seconds=90))
    assert (busy.state, busy.wait) == (None, timedelta(seconds=30))
    assert machine.methods == ["HEAD", "HEAD"]
