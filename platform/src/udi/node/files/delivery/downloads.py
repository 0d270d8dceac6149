"""Delivery: any part of a file, from this origin, as something to save and never to run."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from email.utils import format_datetime
from functools import partial
from typing import Annotated, Any, Protocol
from uuid import UUID

import structlog
from litestar import HttpMethod, Response, route
from litestar.params import PathParameter
from litestar.response import Stream
from msgspec import Meta, Struct, field
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import (
    ForbiddenError,
    NotFoundError,
    TooManyRequestsError,
    UnavailableError,
)
from udi.kit.file_names import content_disposition
from udi.kit.keyring import FILE_KEYS, Keyring
from udi.kit.tenancy import Territory, space_context
from udi.node.files.delivery.ranges import (
    ByteRange,
    RangeNotSatisfiableError,
    is_fresh,
    parse_range,
    range_applies,
)
from udi.node.files.delivery.signed_urls import is_signed, require_signature
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.models import FileAccess, StoredFile
from udi.node.files.queries import (
    get_archive,
    get_current_file,
    get_file,
    get_signed_file,
    is_own,
)
from udi.node.files.restricted import (
    PRIVATE,
    READING_ERRORS,
    PermittedReading,
    authorize_reading,
    derive_file,
)
from udi.node.spaces.limits import enforce_rate_limit
from udi.node.spaces.operations import (
    CREDENTIAL,
    FILES,
    DatasetPath,
    FileNamePath,
    PartPath,
    download_operation,
)
from udi.node.spaces.use_counts import UseKind
from udi.node.spaces.uses import count_streamed_bytes, count_use
from udi.protocol.access_decision import RefusalReason
from udi.settings import MissingSecretError
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Session, Visitor
from udi.ui.site import site_of

log = structlog.get_logger()
READ_METHODS = [HttpMethod.GET, HttpMethod.HEAD]
EXPOSED_HEADERS = (
    "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Last-Modified, RateLimit, RateLimit-Policy,"
    " Repr-Digest"
)
SANDBOX_POLICY = "sandbox; default-src 'none'"


FilePath = Annotated[UUID, PathParameter(description="Identifier of the version.")]
ArchivePath = Annotated[UUID, PathParameter(description="Identifier of the archive.")]


class DeliveryHeaders(Struct, kw_only=True):
    """Which part of a file is asked."""

    part: Annotated[
        str,
        Meta(
            description="A part of the file, in bytes (RFC 9110).",
            examples=["bytes=0-1023"],
        ),
    ] = field(name="Range", default="")


delivery_operation = partial(
    download_operation,
    tag=FILES,
    headers=DeliveryHeaders,
    errors=READING_ERRORS,
    schemes=(CREDENTIAL,),
)


class SignatureParameters(Struct, kw_only=True):
    """The query of a signed address, which opens one file for some minutes."""

    expires: Annotated[
        str,
        Meta(description="Until when, in seconds since 1970.", examples=["1772440200"]),
    ] = ""
    signature: Annotated[
        str, Meta(description="The signature of the node.", examples=["c2lnbmF0dXJl"])
    ] = ""
    disposition: Annotated[
        str, Meta(description="How a browser takes it.", examples=["attachment"])
    ] = ""


class Deliverable(Protocol):
    """What is delivered: a version of a dataset, an archive."""

    @property
    def space_id(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def charset(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def access(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...


@route(
    "/files/{file_id:uuid}/{filename:str}",
    http_method=READ_METHODS,
    **delivery_operation(
        "downloadVersion",
        summary="Download a version",
        description="One version of the file of a dataset: this address never gives another.",
        query=SignatureParameters,
    ),
)
async def deliver_file(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    actor: Visitor,
    file_id: FilePath,
    filename: FileNamePath,  # noqa: ARG001 - for the reader; the id decides
) -> Response[Any]:
    """One version of a dataset's file: by who asks, or by the signature of its address."""
    if not is_signed(request.query_params):
        file = await get_file(session, actor, file_id, let=True)
        if file.access == FileAccess.RESTRICTED and not await is_own(
            session, actor, file
        ):
            return await serve_restricted_file(request, territory, file)
        return await serve_file(request, file)
    _require_signature(request, territory)
    async with _open_unconfined_session(request, territory) as unconfined:
        file = await get_signed_file(unconfined, file_id)
    return await serve_file(request, file)


@route(
    "/archives/{archive_id:uuid}/{filename:str}",
    http_method=READ_METHODS,
    **download_operation(
        "downloadArchive",
        tag=FILES,
        summary="Download the archive of a space",
        description="Everything of a space in one file, by the signed address that its page gives.",
        headers=DeliveryHeaders,
        errors=(ForbiddenError, NotFoundError, TooManyRequestsError, UnavailableError),
        query=SignatureParameters,
    ),
)
async def deliver_archive(
    request: AnyRequest,
    territory: CurrentTerritory,
    archive_id: ArchivePath,
    filename: FileNamePath,  # noqa: ARG001 - for the reader; the id decides
) -> Response[Any]:
    """All that a space holds, by a signed address only."""
    _require_signature(request, territory)
    async with _open_unconfined_session(request, territory) as unconfined:
        archive = await get_archive(unconfined, archive_id)
    return await serve_file(request, archive)


@asynccontextmanager
async def _open_unconfined_session(
    request: AnyRequest, territory: Territory
) -> AsyncIterator[AsyncSession]:
    """A transaction for whoever holds a signed address: the signature says what it opens, not the person's spaces."""
    with space_context(None):
        async with site_of(request).database.session(territory.id) as session:
            yield session


def _require_signature(request: AnyRequest, territory: Territory) -> None:
    keyring = keyring_of(request)
    path = request.scope["path"]
    require_signature(
        keyring, territory.id, str(request.method), path, dict(request.query_params)
    )


def keyring_of(request: AnyRequest) -> Keyring:
    """The keys of the installation for files.

    Raises:
        UnavailableError: it has none, or they cannot be read.
    """
    try:
        keyring = site_of(request).services[FILE_KEYS]()
    except (MissingSecretError, ValueError) as error:
        log.warning("no key for files", error=type(error).__name__)
        raise UnavailableError(
            "This node has no key to create or read such links.",
            remedy="Contact the territory’s team.",
        ) from error
    return keyring


@route(
    "/datasets/{dataset_id:uuid}/file",
    http_method=READ_METHODS,
    **delivery_operation(
        "downloadFile",
        summary="Download a file",
        description="The newest version of the file of a dataset.",
    ),
)
async def deliver_current(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    dataset_id: DatasetPath,
) -> Response[Any]:
    """The newest version: this address never changes."""
    return await serve_current_file(request, session, territory, dataset_id)


@route(
    "/datasets/{dataset_id:uuid}/files/{part_id:uuid}/{filename:str}",
    http_method=READ_METHODS,
    **delivery_operation(
        "downloadPart",
        summary="Download a further file of a dataset",
        description="Always its newest version: the address does not change. One of restricted data is given whole, or not at all.",
    ),
)
async def deliver_part(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    dataset_id: DatasetPath,
    part_id: PartPath,
    filename: FileNamePath,  # noqa: ARG001 - for the reader; the id decides
) -> Response[Any]:
    """The newest version of a file beside the main one."""
    file = await get_current_file(session, dataset_id, part_id, let=True)
    if file.access == FileAccess.RESTRICTED:
        return await serve_restricted_file(request, territory, file)
    return await serve_file(request, file)


async def serve_current_file(
    request: AnyRequest, session: AsyncSession, territory: Territory, dataset_id: UUID
) -> Response[Any]:
    """The newest version of a dataset, or what of it an agreement lets through."""
    file = await get_current_file(session, dataset_id, let=True)
    if file.access == FileAccess.RESTRICTED:
        return await serve_restricted_file(request, territory, file)
    return await serve_file(request, file)


async def serve_restricted_file(
    request: AnyRequest, territory: Territory, file: StoredFile
) -> Response[Any]:
    """The file, where an agreement lets it through whole; else what of its table may be read.

    Columns and rows of an agreement are those of the main file: it lets no part of another one through.
    """
    passage = await authorize_reading(request, territory, file.dataset_id, "file")
    if passage.view.is_whole:
        return await serve_file(request, file, passage)
    if file.part_id is not None:
        raise await passage.refuse(RefusalReason.ONLY_IN_PART)
    return await derive_file(request, file, passage)


async def serve_file(
    request: AnyRequest, file: Deliverable, passage: PermittedReading | None = None
) -> Response[Any]:
    """The file, a part of it, or the news that the client's copy is good; `passage` counts what is restricted."""
    etag = f'"{file.sha256}"'
    headers = _headers(file) | await enforce_rate_limit(request, file.space_id)
    if is_fresh(request.headers, etag, file.created_at):
        remaining_headers = {
            name: headers[name]
            for name in headers
            if name not in {"Content-Type", "Content-Disposition"}
        }
        return Response(None, status_code=304, headers=remaining_headers)
    whole = ByteRange(0, file.size)
    try:
        span = _requested_range(request, file, etag) or whole
    except RangeNotSatisfiableError:
        beyond = {
            "Content-Range": f"bytes */{file.size}",
            "Accept-Ranges": "bytes",
            "Cache-Control": "no-store",
        }
        return Response(None, status_code=416, headers=beyond)
    headers["Content-Length"] = str(span.end - span.start)
    if request.method == "HEAD":
        return Response(None, headers=headers)
    if span != whole:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{file.size}"
    if passage is not None:
        await passage.give(span.end - span.start)
    store = site_of(request).services[OBJECTS]
    content = await store.open(file.key, span.start, span.end)
    content = content if passage is None else passage.counted(content)
    if isinstance(file, StoredFile) and file.access == FileAccess.OPEN:
        use = count_use(
            request,
            space_id=file.space_id,
            dataset_id=file.dataset_id,
            kind=UseKind.FILE,
            part=str(file.id),
        )
        content = count_streamed_bytes(request, use, content)
    return Stream(content, status_code=206 if span != whole else 200, headers=headers)


def _requested_range(
    request: AnyRequest, file: Deliverable, etag: str
) -> ByteRange | None:
    range_header = request.headers.get("range")
    if (
        request.method != "GET"
        or range_header is None
        or not range_applies(request.headers, etag, file.created_at)
    ):
        return None
    return parse_range(range_header, file.size)


def _headers(file: Deliverable) -> dict[str, str]:
    charset = f"; charset={file.charset}" if file.charset else ""
    headers = {
        "Content-Type": file.media_type + charset,
        "Content-Disposition": content_disposition(file.name),
        "ETag": f'"{file.sha256}"',
        "Last-Modified": format_datetime(file.created_at, usegmt=True),
        "Accept-Ranges": "bytes",
        "Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(file.sha256)).decode()}:",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": SANDBOX_POLICY,
        **PRIVATE,
    }
    if file.access == FileAccess.OPEN:
        shared = {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": EXPOSED_HEADERS,
        }
        headers |= shared | {
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cache-Control": "public, no-cache",
        }
    return headers


routes: Routes = [
    deliver_file,
    deliver_archive,
    deliver_current,
    deliver_part,
]
