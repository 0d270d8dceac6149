"""Delivery: any part of a file, from this origin, as something to save and never to run."""

import base64
from collections.abc import Sequence
from email.utils import format_datetime
from typing import Any
from uuid import UUID

from litestar import HttpMethod, Request, Response, route
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.node.files.models import Access, StoredFile
from udi.node.files.names import attachment
from udi.node.files.queries import get_current_file, get_file
from udi.node.files.ranges import Span, UnsatisfiableError, is_fresh, parse_range, range_applies
from udi.node.files.store import ObjectStore
from udi.ui.site import site_of

READ = [HttpMethod.GET, HttpMethod.HEAD]
EXPOSED = "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Last-Modified, Repr-Digest"
SEALED = "sandbox; default-src 'none'"


@route("/files/{file_id:uuid}/{filename:str}", http_method=READ)
async def deliver_file(
    request: Request[Any, Any, State],
    session: NamedDependency[AsyncSession],
    actor: NamedDependency[Actor | None],
    file_id: FromPath[UUID],
    filename: FromPath[str],  # noqa: ARG001 - for the reader; the id decides
) -> Response[Any]:
    """One version of a dataset's file."""
    return await answer(request, await get_file(session, actor, file_id))


@route("/datasets/{dataset_id:uuid}/file", http_method=READ)
async def deliver_current(
    request: Request[Any, Any, State], session: NamedDependency[AsyncSession], dataset_id: FromPath[UUID]
) -> Response[Any]:
    """The newest version: this address never changes."""
    return await answer(request, await get_current_file(session, dataset_id))


async def answer(request: Request[Any, Any, State], file: StoredFile) -> Response[Any]:
    """The file, a part of it, or the news that the client's copy is good."""
    etag, headers = f'"{file.sha256}"', _headers(file)
    if is_fresh(request.headers, etag, file.created_at):
        kept = {name: headers[name] for name in headers if name not in {"Content-Type", "Content-Disposition"}}
        return Response(None, status_code=304, headers=kept)
    whole = Span(0, file.size)
    try:
        span = _asked(request, file, etag) or whole
    except UnsatisfiableError:
        beyond = {"Content-Range": f"bytes */{file.size}", "Accept-Ranges": "bytes", "Cache-Control": "no-store"}
        return Response(None, status_code=416, headers=beyond)
    headers["Content-Length"] = str(span.end - span.start)
    if request.method == "HEAD":
        return Response(None, headers=headers)
    if span != whole:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{file.size}"
    store: ObjectStore = site_of(request).parts["objects"]
    content = await store.open(file.key, span.start, span.end)
    return Stream(content, status_code=206 if span != whole else 200, headers=headers)


def _asked(request: Request[Any, Any, State], file: StoredFile, etag: str) -> Span | None:
    asked = request.headers.get("range")
    if request.method != "GET" or asked is None or not range_applies(request.headers, etag, file.created_at):
        return None
    return parse_range(asked, file.size)


def _headers(file: StoredFile) -> dict[str, str]:
    charset = f"; charset={file.charset}" if file.charset else ""
    headers = {
        "Content-Type": file.media_type + charset,
        "Content-Disposition": attachment(file.name),
        "ETag": f'"{file.sha256}"',
        "Last-Modified": format_datetime(file.created_at, usegmt=True),
        "Accept-Ranges": "bytes",
        "Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(file.sha256)).decode()}:",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": SEALED,
        "Cache-Control": "no-store",
    }
    if file.access == Access.OPEN:
        shared = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": EXPOSED}
        headers |= shared | {"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "public, no-cache"}
    return headers


routes: Sequence[ControllerRouterHandler] = [deliver_file, deliver_current]
