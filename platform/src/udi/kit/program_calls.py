"""Calls of one of our programs to another: what the other does belongs to the same trace (`traceparent`)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from udi.kit.http import OutgoingClient
from udi.kit.traces import SpanKind, get_trace_headers, open_span


async def call_program(
    client: OutgoingClient,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    is_ours: bool = True,
    **options: Any,
) -> httpx.Response:
    """As `OutgoingClient.request`, with the trace of the present work; a program that is not ours learns no trace.

    Raises:
        RefusedAddressError: the address may not be reached.
        OutgoingError: as `request`.
    """
    attributes = {
        "http.request.method": method,
        "server.address": urlsplit(url).hostname or "",
    }
    with open_span(f"call {method}", SpanKind.CLIENT, attributes=attributes) as span:
        sent = dict(headers or {})
        if is_ours:
            sent |= get_trace_headers()
        response = await client.request(method, url, headers=sent, **options)
        span.attributes["http.response.status_code"] = response.status_code
        span.failed = response.is_error
        return response
