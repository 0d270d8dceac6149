"""Lines of the log and spans to an OpenTelemetry collector: OTLP over HTTP, as JSON (OTLP 1.0, `/v1/logs` and `/v1/traces`)."""

import json
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from udi import __version__
from udi.kit.log_receivers.delivery import (
    PATIENCE,
    Delivery,
    EntriesRefusedError,
    ReceiverError,
)
from udi.kit.traces import Span

SEVERITIES = {"debug": 5, "info": 9, "warning": 13, "error": 17, "critical": 21}
TRY_AGAIN = {429, 502, 503, 504}
"""Answers after which the same is sent again (OTLP/HTTP, «Failures»)."""
FAILED = 2
LOGS = "logs"
TRACES = "traces"
APART = {"timestamp", "level", "event", "trace_id", "span_id"}
"""Fields of a line that have a place of their own in a log record."""
LONGEST_ANSWER = 64 * 1024
LOGS_BODY = b'{"resourceLogs":[{"resource":%s,"scopeLogs":[{"scope":{"name":"udi"},"logRecords":[%s]}]}]}'
SPANS_BODY = b'{"resourceSpans":[{"resource":%s,"scopeSpans":[{"scope":{"name":"udi"},"spans":[%s]}]}]}'


@dataclass(frozen=True)
class Collector:
    """Where the collector is, and what it is told of who sends."""

    address: str
    service: str
    authorization: str = ""

    def __post_init__(self) -> None:
        """Read the address, so that a wrong one ends the start and not the sending.

        Raises:
            ValueError: it is none; the message says what one looks like.
        """
        try:
            url = httpx.URL(self.address)
            url.host.encode("idna")
        except (httpx.InvalidURL, ValueError) as error:
            raise ValueError(self._describe_mistake()) from error
        if url.scheme not in {"http", "https"} or not url.host:
            raise ValueError(self._describe_mistake())

    def _describe_mistake(self) -> str:
        return (
            f"«{self.address}» is no address of a collector: write http://HOST:PORT"
            " or https://HOST:PORT."
        )

    @property
    def resource(self) -> dict[str, Any]:
        """What every entry of this process has in common."""
        return {
            "attributes": _list_attributes(
                {
                    "service.namespace": "udi",
                    "service.name": self.service,
                    "service.version": __version__,
                    "host.name": socket.gethostname(),
                }
            )
        }


class OtlpDelivery(Delivery):
    """Sends entries of one signal, many at once."""

    batch = 512
    linger = 1.0
    _client: httpx.Client | None = None

    def __init__(self, collector: Collector, signal: str, **options: Any) -> None:
        self._collector = collector
        self._signal = signal
        self.name = f"otlp {signal}"
        super().__init__(**options)

    def put_line(self, event: Mapping[str, Any], _: str) -> None:
        """Queue a line."""
        self.put(json.dumps(make_record(event)).encode())

    def put_span(self, span: Span) -> None:
        """Queue a span."""
        self.put(json.dumps(make_span(span)).encode())

    def send(self, entries: Sequence[bytes]) -> None:
        """Post some entries."""
        if self._client is None:
            self._client = httpx.Client(
                timeout=PATIENCE, trust_env=False, follow_redirects=False
            )
        headers = {"Content-Type": "application/json"}
        if self._collector.authorization:
            headers["Authorization"] = self._collector.authorization
        body = self._wrap(entries)
        address = f"{self._collector.address.rstrip('/')}/v1/{self._signal}"
        try:
            with self._client.stream(
                "POST", address, content=body, headers=headers
            ) as response:
                content = self._read(response)
        except httpx.HTTPError as error:
            raise ReceiverError from error
        if response.status_code in TRY_AGAIN:
            raise ReceiverError
        if not response.is_success:
            raise EntriesRefusedError(len(entries))
        if rejected := _count_rejected(content):
            raise EntriesRefusedError(min(rejected, len(entries)))

    def disconnect(self) -> None:
        """Forget the connection: the next entries open another."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _read(self, response: httpx.Response) -> bytes:
        """At most so much of an answer, within a bounded time."""
        content = bytearray()
        deadline = time.monotonic() + PATIENCE
        for piece in response.iter_bytes():
            content += piece
            if len(content) > LONGEST_ANSWER or time.monotonic() > deadline:
                raise ReceiverError
        return bytes(content)

    def _wrap(self, entries: Sequence[bytes]) -> bytes:
        """The body with these entries, each of which is JSON already."""
        resource = json.dumps(self._collector.resource).encode()
        template = SPANS_BODY
        if self._signal == LOGS:
            template = LOGS_BODY
        return template % (resource, b",".join(entries))


def make_record(event: Mapping[str, Any]) -> dict[str, Any]:
    """A line as a log record."""
    level = str(event.get("level", "info"))
    record: dict[str, Any] = {
        "timeUnixNano": _read_moment(event.get("timestamp")),
        "severityNumber": SEVERITIES.get(level, SEVERITIES["info"]),
        "severityText": level,
        "body": {"stringValue": str(event.get("event", ""))},
        "attributes": _list_attributes(
            {name: value for name, value in event.items() if name not in APART}
        ),
    }
    if event.get("trace_id"):
        record["traceId"] = event["trace_id"]
        record["spanId"] = event.get("span_id", "")
    return record


def make_span(span: Span) -> dict[str, Any]:
    """A span in the words of OTLP."""
    described: dict[str, Any] = {
        "traceId": span.context.trace_id,
        "spanId": span.context.span_id,
        "name": span.name,
        "kind": int(span.kind),
        "startTimeUnixNano": str(span.began),
        "endTimeUnixNano": str(span.ended),
        "attributes": _list_attributes(span.attributes),
        "status": {"code": FAILED} if span.failed else {},
    }
    if span.context.parent_id:
        described["parentSpanId"] = span.context.parent_id
    return described


def _read_moment(text: object) -> str:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        moment = datetime.now(UTC)
    whole = int(moment.timestamp())
    return f"{whole}{moment.microsecond:06d}000"


def _list_attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": str(name), "value": _describe_value(value)}
        for name, value in values.items()
    ]


def _describe_value(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list | tuple):
        return {"arrayValue": {"values": [_describe_value(item) for item in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _list_attributes(value)}}
    return {"stringValue": str(value)}


def _count_rejected(content: bytes) -> int:
    """How many entries an answer says that it left out (`partialSuccess`)."""
    try:
        partial = json.loads(content or b"{}").get("partialSuccess") or {}
        return int(
            partial.get("rejectedLogRecords") or partial.get("rejectedSpans") or 0
        )
    except (ValueError, AttributeError, TypeError):
        return 0
