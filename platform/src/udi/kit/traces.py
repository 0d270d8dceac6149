"""Which trace a piece of work belongs to (W3C Trace Context): what a person does once, at both programs, is one trace.

A request takes the trace of its `traceparent`, or begins one; a job goes on with the trace of the request that queued it;
a call of one program to another sends it. `tracestate` is not kept. Spans are handed to whoever listens; by default nobody.
"""

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum

HEADER = "traceparent"
PARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}"
)
VERSION_0 = "00-"
LENGTH = 55
"""Of a `traceparent` of version 0; a later version may go on after a hyphen."""
_random = random.SystemRandom()


class SpanKind(IntEnum):
    """What a span is, by the numbers of OpenTelemetry."""

    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


@dataclass(frozen=True, slots=True)
class TraceContext:
    """Where the present work stands: its trace, and its own span in it."""

    trace_id: str
    span_id: str
    parent_id: str = ""

    @property
    def header(self) -> str:
        """The value of `traceparent` for who continues."""
        return f"00-{self.trace_id}-{self.span_id}-01"


@dataclass
class Span:
    """A piece of work with its beginning and end, in nanoseconds since 1970; `attributes` name no person and no row."""

    name: str
    kind: SpanKind
    context: TraceContext
    began: int
    ended: int = 0
    failed: bool = False
    attributes: dict[str, str | int] = field(default_factory=dict)


Listener = Callable[[Span], None]
_current: ContextVar[TraceContext | None] = ContextVar("trace", default=None)
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have every span that ends in this process handed to a listener, which may not wait."""
    _listeners.append(listener)


def stop_listening() -> None:
    """Have spans handed to nobody."""
    _listeners.clear()


def get_trace() -> TraceContext | None:
    """Where the present work stands, None outside of any trace."""
    return _current.get()


def get_trace_headers() -> dict[str, str]:
    """The header for a call or a job that belongs to the present work; none outside of any trace."""
    context = _current.get()
    if context is None:
        return {}
    return {HEADER: context.header}


def parse_parent(text: str) -> TraceContext | None:
    """Read a `traceparent`; None where it is none (section 3.2 of the recommendation)."""
    match = PARENT.match(text)
    if match is None:
        return None
    rest = text[LENGTH:]
    if rest and (text.startswith(VERSION_0) or not rest.startswith("-")):
        return None
    return TraceContext(match[1], match[2])


@contextmanager
def open_span(
    name: str,
    kind: SpanKind,
    *,
    parent: str | None = None,
    attributes: Mapping[str, str | int] | None = None,
) -> Iterator[Span]:
    """A span of the trace of `parent` (a `traceparent`, good or not), else of the present one, else of a new one."""
    above = parse_parent(parent) if parent else None
    context = _continue(above or _current.get())
    span = Span(name, kind, context, time.time_ns(), attributes=dict(attributes or {}))
    token = _current.set(context)
    try:
        yield span
    except BaseException:
        span.failed = True
        raise
    finally:
        _current.reset(token)
        if _listeners:
            span.ended = time.time_ns()
            for listener in _listeners:
                listener(span)


def _continue(above: TraceContext | None) -> TraceContext:
    span_id = f"{_random.getrandbits(64) or 1:016x}"
    if above is None:
        return TraceContext(f"{_random.getrandbits(128) or 1:032x}", span_id)
    return TraceContext(above.trace_id, span_id, above.span_id)
