"""Answers travel compressed: Brotli for who reads it, else gzip. Files, tiles and whatever may be asked in parts stay as they are."""

import asyncio
from typing import Any

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from udi.ui.content_encodings import choose_encoding, compress

SMALL = 500
LARGE = 100_000
"""From here on a thread compresses, so that others need not wait."""
TEXTS = {
    "text/html",
    "text/plain",
    "text/css",
    "text/xml",
    "text/javascript",
    "application/json",
    "application/xml",
}
SUFFIXES = ("+json", "+xml")
NOT_MODIFIED = 304


class CompressionMiddleware:
    """Wraps a program: what is read is compressed on its way to the reader.

    A strong validator becomes weak, since the bytes differ (RFC 9110, 8.8.3); a 304 repeats the form that was asked.
    """

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET":
            await self._inner(scope, receive, send)
            return
        pending_start: Message | None = None

        async def answer(message: Message) -> None:
            nonlocal pending_start
            if message["type"] == "http.response.start":
                pending_start = message
                return
            if pending_start is not None:
                start = pending_start
                pending_start = None
                await _prepare_response(scope, start, message)
                await send(start)
            await send(message)

        await self._inner(scope, receive, answer)


async def _prepare_response(scope: Scope, start: Any, body: Any) -> None:
    headers = MutableScopeHeaders.from_message(start)
    if start["status"] == NOT_MODIFIED:
        _weaken_etag(scope, headers)
    elif _is_text(headers) and not body.get("more_body"):
        _add_vary(headers)
        encoding = choose_encoding(_request_header(scope, b"accept-encoding"))
        if encoding and len(body["body"]) >= SMALL:
            await _compress_body(headers, body, encoding)


async def _compress_body(
    headers: MutableScopeHeaders, body: Any, encoding: str
) -> None:
    content = body["body"]
    large = len(content) > LARGE
    body["body"] = (
        await asyncio.to_thread(compress, content, encoding)
        if large
        else compress(content, encoding)
    )
    headers["content-encoding"] = encoding
    headers["content-length"] = str(len(body["body"]))
    if (tag := headers.get("etag", "")).startswith('"'):
        headers["etag"] = f"W/{tag}"


def _weaken_etag(scope: Scope, headers: MutableScopeHeaders) -> None:
    tag = headers.get("etag", "")
    if (
        tag.startswith('"')
        and not _is_file(headers)
        and f"W/{tag}" in _request_header(scope, b"if-none-match")
    ):
        headers["etag"] = f"W/{tag}"
        _add_vary(headers)


def _is_text(headers: MutableScopeHeaders) -> bool:
    """Whether this is read as it comes: no file to keep, no part of one, not compressed already."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return (
        (kind in TEXTS or kind.endswith(SUFFIXES))
        and not _is_file(headers)
        and "content-encoding" not in headers
    )


def _is_file(headers: MutableScopeHeaders) -> bool:
    attached = headers.get("content-disposition", "").startswith("attachment")
    return attached or "accept-ranges" in headers or "content-range" in headers


def _add_vary(headers: MutableScopeHeaders) -> None:
    if "accept-encoding" not in headers.get("vary", "").lower():
        headers["vary"] = ", ".join(
            filter(None, (headers.get("vary", ""), "Accept-Encoding"))
        )


def _request_header(scope: Scope, name: bytes) -> str:
    return ",".join(
        value.decode("latin-1")
        for key, value in scope["headers"]
        if key.lower() == name
    )
