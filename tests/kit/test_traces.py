"""What a person does once is one trace: requests, jobs and calls of our programs go on with it."""

from contextlib import suppress

import pytest

from udi.kit import traces
from udi.kit.traces import Span, SpanKind, TraceContext, open_span, parse_parent

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize("text", [GOOD, GOOD[:-2] + "00", f"cc-{GOOD[3:]}-more"])
def test_a_parent_is_read(text: str) -> None:
    assert parse_parent(text) == TraceContext(TRACE, SPAN)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", GOOD.upper(), f"ff-{GOOD[3:]}", f"{GOOD}-more", f"cc-{GOOD[3:]}more",
        f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", GOOD[:-1], f"{GOOD} ",
    ],
)  # fmt: skip
def test_what_is_no_parent_begins_a_new_trace(text: str) -> None:
    with open_span("request", SpanKind.SERVER, parent=text) as span:
        pass

    assert parse_parent(text) is None
    assert span.context.trace_id != TRACE
    assert span.context.parent_id == ""


def test_spans_stand_in_one_another_and_are_told_once_they_end() -> None:
    ended: list[Span] = []
    traces.listen(ended.append)
    try:
        with (
            open_span("request", SpanKind.SERVER, parent=GOOD) as outer,
            suppress(LookupError),
            open_span("call", SpanKind.CLIENT) as inner,
        ):
            headers = traces.get_trace_headers()
            raise LookupError
    finally:
        traces.stop_listening()

    assert ended == [inner, outer]
    assert inner.failed
    assert outer.context.trace_id == inner.context.trace_id == TRACE
    assert outer.context.parent_id == SPAN
    assert inner.context.parent_id == outer.context.span_id
    assert headers == {"traceparent": f"00-{TRACE}-{inner.context.span_id}-01"}
    assert traces.get_trace_headers() == {}
