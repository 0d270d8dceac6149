"""Around every request, before any other part: its id, its line in the log, its place in the metrics.

The line says which route, never which path, query or person; a refused request has another (`security_log`).
"""

import re
import secrets
import time
from typing import Any

import structlog
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from udi.kit import traces
from udi.kit.traces import SpanKind
from udi.ui.security_log import SecurityLog

log = structlog.get_logger()
SANE = re.compile(rb"[A-Za-z0-9._-]{8,64}")
HEADER = b"x-request-id"
TRACE_HEADER = traces.HEADER.encode()
SERVER_ERRORS = 500
PROBES = {"/health", "/ready", "/metrics"}
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
UNMATCHED = "unmatched"
OTHER = "OTHER"


class RequestLogMiddleware:
    """Wraps a program; the `Site` counts what passes."""

    def __init__(self, inner: ASGIApp, site: Any) -> None:
        self._inner = inner
        self._site = site
        self._security = SecurityLog(site.settings, site.program)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        started = time.perf_counter()
        status = 500
        request_id = _request_id(scope)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (HEADER, request_id.encode()),
                ]
            await send(message)

        parent = _find_header(scope, TRACE_HEADER).decode("latin-1")
        with (
            structlog.contextvars.bound_contextvars(request_id=request_id),
            traces.open_span("request", SpanKind.SERVER, parent=parent) as span,
        ):
            try:
                await self._inner(scope, receive, answer)
            finally:
                labels = self._record_request(
                    scope, status, time.perf_counter() - started
                )
                span.name = f"{labels['method']} {labels['route']}"
                span.failed = status >= SERVER_ERRORS
                span.attributes = {
                    "http.request.method": labels["method"],
                    "http.route": labels["route"],
                    "http.response.status_code": status,
                    "udi.territory": labels["territory"],
                }

    def _record_request(
        self, scope: Scope, status: int, seconds: float
    ) -> dict[str, str]:
        territory = scope["state"].get("territory")
        method = str(scope.get("method"))
        labels = {
            "program": self._site.program,
            "territory": territory.slug if territory else "",
            "method": method if method in METHODS else OTHER,
            "route": scope.get("path_template") or UNMATCHED,
        }
        self._site.metrics.count_request(
            {**labels, "status": f"{status // 100}xx"}, seconds
        )
        if labels["route"] not in PROBES:
            log.info(
                "request",
                **labels,
                status=status,
                milliseconds=round(seconds * 1000, 1),
            )
        self._security.log_refusal(scope, status, labels)
        return labels


def _request_id(scope: Scope) -> str:
    """The id that the proxy gave, if it is one; else a new one."""
    header_value = _find_header(scope, HEADER)
    if SANE.fullmatch(header_value):
        return header_value.decode()
    return secrets.token_hex(16)


def _find_header(scope: Scope, header: bytes) -> bytes:
    """The first header of this name; empty where there is none."""
    for name, value in scope["headers"]:
        if name.lower() == header:
            return value
    return b""
