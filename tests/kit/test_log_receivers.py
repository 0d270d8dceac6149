"""Lines go to the town's collector as it wants them; one that is away, slow or refusing holds up nobody."""

import json
import multiprocessing
import os
import queue
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.cluster import free_ports
from tests.kit.certificates import issue
from tests.kit.collectors import serve_otlp, serve_syslog
from udi.kit import logs, traces
from udi.kit.log_receivers.delivery import AWAY, BACK, FAILED, REFUSED, Delivery
from udi.kit.log_receivers.otlp import LOGS, Collector, OtlpDelivery, make_record
from udi.kit.log_receivers.syslog import (
    LONGEST_DATAGRAM,
    SyslogAddress,
    SyslogDelivery,
    format_message,
)
from udi.kit.traces import SpanKind
from udi.settings import Settings

MESSAGE = re.compile(
    rb"<(?P<priority>\d+)>1 (?P<moment>\S+Z) \S+ udi-portal (?P<process>\d+) - (?P<data>\[.*?[^\\]\]) (?P<line>\{.*\})\n?"
)
EVENT = {
    "event": "request", "level": "info", "timestamp": "2026-11-30T10:00:00.250000Z", "territory": "demo",
    "request_id": 'a"]\\', "status": 200,
}  # fmt: skip
Changes = queue.Queue[tuple[str, str, int]]


@pytest.fixture
def changes() -> Changes:
    """What a delivery tells of its receiver."""
    return queue.Queue()


@pytest.fixture
def note(changes: Changes) -> Callable[[str, str, int], None]:
    """Keeps what a delivery tells."""
    return lambda *change: changes.put(change)


@pytest.fixture(autouse=True)
def restored_logs() -> Iterator[None]:
    """The log of the tests, afterwards."""
    yield
    logs.close_receivers()
    logs.configure("text")


def parse(message: bytes) -> dict[str, Any]:
    """What a message says, once it is one."""
    match = MESSAGE.fullmatch(message)
    assert match is not None, message
    return {
        "priority": int(match["priority"]),
        "data": match["data"].decode(),
        **json.loads(match["line"]),
    }


@pytest.mark.parametrize("scheme", ["udp", "tcp", "tls", "unix", "unix stream"])
def test_syslog_takes_each_line_with_its_data_by_every_way(
    scheme: str, tmp_path: Path
) -> None:
    certificate, key, authority = issue(tmp_path, "localhost")
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_tls.load_cert_chain(certificate, key)
    socket_path = str(tmp_path / "log")
    options: dict[str, Any] = {
        "udp": {"kind": socket.SOCK_DGRAM},
        "tcp": {},
        "tls": {"tls": server_tls},
        "unix": {
            "kind": socket.SOCK_DGRAM,
            "family": socket.AF_UNIX,
            "address": socket_path,
        },
        "unix stream": {"family": socket.AF_UNIX, "address": socket_path},
    }[scheme]
    with serve_syslog(**options) as (receiver, address):
        written = f"unix:{socket_path}"
        if not scheme.startswith("unix"):
            written = f"{scheme}://localhost:{address[1]}"
        delivery = SyslogDelivery(
            SyslogAddress.parse(written),
            "udi-portal",
            tls=ssl.create_default_context(cafile=authority),
        )
        for status in (200, 500):
            event = {**EVENT, "status": status}
            delivery.put_line(event, json.dumps(event))
        received = [parse(receiver.received.get()) for _ in range(2)]
        delivery.close()

    assert [line["status"] for line in received] == [200, 500]
    assert received[0]["priority"] == 3 * 8 + 6
    assert received[0]["data"] == (
        '[udi@32473 territory="demo" request_id="a\\"\\]\\\\"]'
    )


def test_the_security_stream_has_a_facility_of_its_own() -> None:
    event = {**EVENT, "level": "warning", "stream": "security"}

    message = format_message(
        event, "{}", application="udi-portal", host="h", process=os.getpid()
    )

    assert parse(message)["priority"] == 10 * 8 + 4


def test_a_datagram_is_no_longer_than_one_can_be() -> None:
    with serve_syslog(socket.SOCK_DGRAM) as (receiver, address):
        delivery = SyslogDelivery(SyslogAddress("udp", *address), "udi-portal")
        delivery.put(b"x" * 100_000)
        message = receiver.received.get()
        delivery.close()

    assert len(message) == LONGEST_DATAGRAM


def test_a_connection_that_the_receiver_closed_loses_no_line() -> None:
    with serve_syslog() as (receiver, address):
        delivery = SyslogDelivery(SyslogAddress("tcp", *address), "udi-portal")
        receiver.hang_up.set()
        delivery.put(b"first")
        first = receiver.received.get()
        receiver.hung_up.wait()
        delivery.put(b"second")
        second = receiver.received.get()
        delivery.close()

    assert (first, second, delivery.dropped) == (b"first", b"second", 0)


def test_lines_wait_for_a_receiver_that_is_away(
    changes: Changes, note: Callable[[str, str, int], None]
) -> None:
    port = free_ports(1)
    address = SyslogAddress("tcp", "127.0.0.1", port)
    delivery = SyslogDelivery(address, "udi-portal", on_change=note, size=2)
    delivery.put(b"first")
    away = changes.get()
    for number in range(4):
        delivery.put(b"%d" % number)
    with serve_syslog(address=("127.0.0.1", port)) as (receiver, _):
        received = [receiver.received.get() for _ in range(3)]
        back = changes.get()
        delivery.close()

    assert away == ("syslog", AWAY, 0)
    assert received == [b"first", b"0", b"1"]
    assert back == ("syslog", BACK, 2)
    assert delivery.dropped == 2


def test_a_receiver_that_reads_nothing_holds_up_nobody_and_what_is_too_much_is_counted() -> (
    None
):
    counted: list[int] = []
    with serve_syslog(reads=False) as (receiver, address):
        delivery = SyslogDelivery(
            SyslogAddress("tcp", *address),
            "udi-portal",
            size=10,
            on_drop=lambda _, number: counted.append(number),
        )
        for _ in range(20_000):
            delivery.put(b"x" * 10_000)
        receiver.reads.set()
        delivery.close()

    assert delivery.dropped == sum(counted)
    assert 0 < delivery.dropped < 20_000


def test_a_certificate_of_nobody_is_not_believed(
    tmp_path: Path, changes: Changes, note: Callable[[str, str, int], None]
) -> None:
    certificate, key, _ = issue(tmp_path, "localhost")
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_tls.load_cert_chain(certificate, key)
    with serve_syslog(tls=server_tls) as (receiver, address):
        delivery = SyslogDelivery(
            SyslogAddress("tls", "localhost", address[1]),
            "udi-portal",
            tls=ssl.create_default_context(),
            on_change=note,
        )
        delivery.put(b"secret")
        change = changes.get()
        delivery.close()

    assert change == ("syslog", AWAY, 0)
    assert receiver.received.empty()


@pytest.mark.parametrize(
    "address",
    ["http://h:1", "udp://", "tcp://h:1/path", "tls://u@h:1", "unix://host/x", "/dev/log", "tcp://h:x"],
)  # fmt: skip
def test_what_is_no_address_of_syslog_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"address of syslog|[Pp]ort"):
        SyslogAddress.parse(address)


class Blocked(Delivery):
    """Sends nothing until it may."""

    def __init__(self, **options: Any) -> None:
        self.began = threading.Event()
        self.may_go_on = threading.Event()
        self.sent: list[bytes] = []
        super().__init__(**options)

    def send(self, entries: Sequence[bytes]) -> None:
        self.began.set()
        self.may_go_on.wait()
        self.sent += entries


def test_a_full_queue_leaves_out_what_comes_and_says_how_much_later(
    changes: Changes, note: Callable[[str, str, int], None]
) -> None:
    delivery = Blocked(size=2, on_change=note)
    delivery.put(b"0")
    delivery.began.wait()

    for number in range(1, 6):
        delivery.put(b"%d" % number)
    delivery.may_go_on.set()
    change = changes.get()
    delivery.close()

    assert change == ("receiver", BACK, 3)
    assert delivery.sent == [b"0", b"1", b"2"]


def test_the_queue_holds_no_more_bytes_than_it_may() -> None:
    delivery = Blocked(size=100, most_bytes=10)
    delivery.put(b"first")
    delivery.began.wait()

    for entry in (b"12345678", b"123", b"12", b"1"):
        delivery.put(entry)
    delivery.may_go_on.set()
    delivery.close()

    assert delivery.sent == [b"first", b"12345678", b"12"]
    assert delivery.dropped == 2


def test_what_cannot_be_sent_before_the_end_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("udi.kit.log_receivers.delivery.LAST_SECONDS", 0.0)
    delivery = Blocked()
    delivery.put(b"first")
    delivery.began.wait()
    delivery.put(b"second")

    delivery.close()
    delivery.may_go_on.set()

    assert delivery.dropped == 2


class Broken(Delivery):
    """Fails as nobody foresaw, twice, then sends."""

    def __init__(self, **options: Any) -> None:
        self.failures = 2
        self.sent: queue.Queue[bytes] = queue.Queue()
        super().__init__(**options)

    def send(self, entries: Sequence[bytes]) -> None:
        self.failures -= 1
        if self.failures >= 0:
            raise LookupError
        for entry in entries:
            self.sent.put(entry)


def test_a_failure_that_nobody_foresaw_ends_no_sending(
    changes: Changes, note: Callable[[str, str, int], None]
) -> None:
    delivery = Broken(on_change=note)
    for entry in (b"1", b"2", b"3"):
        delivery.put(entry)
    sent = delivery.sent.get(timeout=30)
    noted = [changes.get(timeout=30) for _ in range(2)]
    delivery.close()

    assert sent == b"3"
    assert noted == [("receiver", FAILED, 1), ("receiver", BACK, 1)]
    assert delivery.dropped == 2


@pytest.mark.parametrize(
    "address",
    ["collector:4318", "http://collector:43x8", "ftp://collector", "http://", f"http://{'a' * 64}.org", ""],
)  # fmt: skip
def test_what_is_no_address_of_a_collector_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="address of a collector"):
        Collector(address, "udi-portal")


def send_and_end(address: str) -> None:
    """Write one line and end, as a web worker does: without `atexit`."""
    delivery = OtlpDelivery(Collector(address, "udi-portal"), LOGS)
    delivery.put_line({**EVENT, "event": "last"}, "")


def test_a_process_that_makes_its_receivers_itself_sends_its_last_lines() -> None:
    with serve_otlp() as collector:
        context = multiprocessing.get_context("fork")
        process = context.Process(target=send_and_end, args=(collector.address,))
        process.start()
        process.join()
        received = collector.received.get(timeout=30)

    [resource] = received[1]["resourceLogs"]
    [record] = resource["scopeLogs"][0]["logRecords"]
    assert record["body"] == {"stringValue": "last"}


def test_a_fork_begins_with_nothing_and_sends_its_own() -> None:
    with serve_syslog() as (receiver, address):
        delivery = SyslogDelivery(SyslogAddress("tcp", *address), "udi-portal")
        delivery.put(b"parent")
        first = receiver.received.get()
        receiver.hang_up.set()
        delivery.put(b"last")
        receiver.received.get()
        child = os.fork()
        if child == 0:  # pragma: no cover - in the fork
            delivery.put(b"child")
            delivery.close()
            os._exit(0)
        second = receiver.received.get()
        os.waitpid(child, 0)
        delivery.close()

    assert (first, second) == (b"parent", b"child")


def test_a_collector_receives_lines_and_spans_of_one_trace(tmp_path: Path) -> None:
    (tmp_path / logs.OTLP_SECRET).write_text("Bearer of the town\n")
    with serve_otlp() as collector:
        settings = Settings(
            otlp=collector.address, secrets=tmp_path, log_error_stream=False
        )
        logs.configure_program(settings, "udi-portal")
        with traces.open_span("push", SpanKind.SERVER) as span:
            structlog.get_logger().warning("told", number=3, share=0.5, late=True)
        body = collector.received.get()
        other = collector.received.get()
        logs.close_receivers()

    paths = {path: sent for path, sent, _ in (body, other)}
    [resource] = paths["/v1/logs"]["resourceLogs"]
    [record] = resource["scopeLogs"][0]["logRecords"]
    [sent] = paths["/v1/traces"]["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert body[2] == other[2] == "Bearer of the town"
    assert {
        "key": "service.name",
        "value": {"stringValue": "udi-portal"},
    } in resource["resource"]["attributes"]
    assert record["body"] == {"stringValue": "told"}
    assert (record["severityNumber"], record["severityText"]) == (13, "warning")
    assert record["traceId"] == sent["traceId"] == span.context.trace_id
    assert record["spanId"] == sent["spanId"]
    assert record["attributes"] == [
        {"key": "number", "value": {"intValue": "3"}},
        {"key": "share", "value": {"doubleValue": 0.5}},
        {"key": "late", "value": {"boolValue": True}},
    ]
    assert int(sent["startTimeUnixNano"]) <= int(sent["endTimeUnixNano"])


def test_a_traceback_is_an_attribute_and_the_moment_is_exact() -> None:
    frame = {"module": "m", "function": "f", "line": 1}
    event = {**EVENT, "traceback": [{"type": "ValueError", "frames": [frame]}]}

    record = make_record(event)

    [traceback] = [a for a in record["attributes"] if a["key"] == "traceback"]
    [described] = traceback["value"]["arrayValue"]["values"]
    assert described["kvlistValue"]["values"][0]["value"] == {
        "stringValue": "ValueError"
    }
    assert record["timeUnixNano"].endswith("250000000")


def test_whatever_a_line_holds_can_be_queued() -> None:
    delivery = Blocked()
    delivery.may_go_on.set()
    otlp = OtlpDelivery(Collector("http://127.0.0.1:9", "udi-portal"), LOGS)
    otlp.put = delivery.put  # type: ignore[method-assign]  # it is not to be sent
    otlp.put_line({**EVENT, "by_key": {b"\xff": {1, 2}, None: object()}}, "")
    delivery.close()

    [entry] = delivery.sent
    assert json.loads(entry)["body"] == {"stringValue": "request"}


def test_a_collector_that_is_busy_is_asked_again_and_one_that_refuses_is_not(
    changes: Changes, note: Callable[[str, str, int], None]
) -> None:
    dropped: queue.Queue[int] = queue.Queue()
    with serve_otlp() as collector:
        collector.answers += [(503, {}), (200, {})]
        delivery = OtlpDelivery(
            Collector(collector.address, "udi-portal"),
            LOGS,
            on_change=note,
            on_drop=lambda _, number: dropped.put(number),
        )
        delivery.put_line(EVENT, "")
        busy = [changes.get(), changes.get()]
        collector.answers += [
            (400, {}),
            (503, {}),
            (200, {"partialSuccess": {"rejectedLogRecords": "1"}}),
        ]
        delivery.put_line(EVENT, "")
        refused = changes.get(timeout=30)
        delivery.put_line(EVENT, "")
        counts = [dropped.get(timeout=30) for _ in range(2)]
        delivery.put_line({**EVENT, "event": "taken"}, "")
        taken = changes.get(timeout=30)
        body = collector.next("/v1/logs")
        delivery.close()

    assert busy == [("otlp logs", AWAY, 0), ("otlp logs", BACK, 0)]
    assert refused == ("otlp logs", REFUSED, 1)
    assert counts == [1, 1]
    assert taken == ("otlp logs", BACK, 1)
    [record] = body["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    assert record["body"] == {"stringValue": "taken"}


def test_nothing_is_sent_anywhere_unless_a_setting_says_so() -> None:
    logs.configure_program(Settings(log_format="text"), "udi-portal")

    assert logs.list_receivers() == []
