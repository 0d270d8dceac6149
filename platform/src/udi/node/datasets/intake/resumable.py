"""Resumable uploads (tus 1.0), for publishers and scripts of a space."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from uuid import UUID

from litestar import HttpMethod, Response, delete, patch, post, route
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.crash import crash_at
from udi.kit.errors import (
    ConflictError,
    GoneError,
    InvalidError,
    LockedError,
    MediaTypeError,
    PreconditionFailedError,
    Refusal,
    TooLargeError,
    UnavailableError,
)
from udi.kit.tenancy import Territory
from udi.node.datasets import schemas
from udi.node.datasets.intake.access import (
    build_upload_context,
    get_sender,
    get_upload_space,
)
from udi.node.datasets.intake.finish import UploadContext, finish_upload
from udi.node.datasets.pages.messages import PageRequest, locale_of
from udi.node.datasets.versions.expectations import (
    EXPECT,
    read_expectation,
    store_expectation,
)
from udi.node.files.intake import tus
from udi.node.files.intake.reception import (
    UPLOAD_BUFFERS,
    ConnectionLostError,
    UploadTooSlowError,
    receive_body,
)
from udi.node.files.intake.upload_lock import AT_ONCE, UploadLease
from udi.node.files.intake.uploads import (
    UploadAnnouncement,
    cancel_upload,
    check_length,
    create_upload,
    get_upload,
)
from udi.node.files.models import Upload, UploadState
from udi.node.files.queries import used_bytes
from udi.node.spaces.limits import body_of
from udi.node.spaces.models import Space
from udi.node.spaces.operations import sending_operation
from udi.node.spaces.queries import DatasetPermission
from udi.ui.site import site_of

SHA256_LENGTH = 64


@route(
    ["/spaces/{slug:str}/uploads", "/uploads/{upload_id:uuid}"],
    http_method=[HttpMethod.OPTIONS],
    status_code=204,
)
async def show_capabilities(request: PageRequest) -> Response[None]:
    """What this server can do."""
    return Response(
        None,
        status_code=204,
        headers=tus.capability_headers(site_of(request).settings.upload_limit),
    )


@post(
    "/spaces/{slug:str}/uploads",
    request_max_body_size=None,
    **sending_operation(
        "startUpload",
        summary="Announce a file",
        description="A file that is sent in parts (tus 1.0), for a new dataset or a new version; its first bytes may come with it. Location says where to send the rest.",
        statuses=(201,),
        errors=(
            ConflictError,
            GoneError,
            PreconditionFailedError,
            TooLargeError,
            MediaTypeError,
            InvalidError,
            LockedError,
            tus.ChecksumMismatchError,
        ),
        headers=schemas.UploadHeaders,
    ),
)
async def start_upload(
    request: PageRequest, territory: NamedDependency[Territory], slug: schemas.SpacePath
) -> Response[None]:
    """Announce a file; its first bytes may come with it."""
    tus.require_version(request.headers)
    announced = read_announcement(request)
    context = build_upload_context(request, territory)
    limit = site_of(request).settings.upload_limit
    async with context.storage.session() as session:
        space, sender = await get_upload_space(
            session,
            request,
            slug,
            announced.dataset_id,
            announced.part_id,
            to=DatasetPermission.PUBLISH
            if announced.publish
            else DatasetPermission.CHANGE,
            lock=True,
        )
        upload = await create_upload(session, space, sender, announced, limit=limit)
    crash_at("upload.created")
    if request.headers.get("content-type") and upload.received == 0:
        tus.require_content_type(request.headers)
        upload = await _receive_body(request, context, upload.id, 0)
    headers = {**tus.upload_offset_headers(upload), "Location": f"/uploads/{upload.id}"}
    return Response(None, status_code=201, headers=headers)


@route(
    "/uploads/{upload_id:uuid}",
    http_method=[HttpMethod.HEAD],
    **sending_operation(
        "readUploadOffset",
        summary="Ask how much of a file arrived",
        description="Upload-Offset says how many bytes are safe: go on from there.",
        statuses=(200,),
        errors=(GoneError, PreconditionFailedError),
        headers=schemas.TusHeaders,
    ),
)
async def show_upload_offset(
    request: PageRequest,
    territory: NamedDependency[Territory],
    upload_id: schemas.UploadPath,
) -> Response[None]:
    """How many bytes are safe here."""
    tus.require_version(request.headers)
    async with build_upload_context(request, territory).storage.session() as session:
        upload = await get_upload(
            session, await get_sender(session, request), upload_id
        )
    return Response(None, headers=tus.upload_offset_headers(upload))


@patch(
    "/uploads/{upload_id:uuid}",
    request_max_body_size=None,
    **sending_operation(
        "sendPart",
        summary="Send a part of a file",
        description="The bytes that follow those that are safe.",
        statuses=(204,),
        errors=(
            tus.OffsetMismatchError,
            GoneError,
            PreconditionFailedError,
            TooLargeError,
            MediaTypeError,
            InvalidError,
            LockedError,
            tus.ChecksumMismatchError,
            UploadTooSlowError,
        ),
        headers=schemas.PartHeaders,
        body_media_type=tus.CONTENT_TYPE,
    ),
)
async def append_to_upload(
    request: PageRequest,
    territory: NamedDependency[Territory],
    upload_id: schemas.UploadPath,
) -> Response[None]:
    """Take more bytes, from where the upload stands."""
    tus.require_version(request.headers)
    tus.require_content_type(request.headers)
    offset = tus.read_number(request.headers, "Upload-Offset")
    if offset is None:
        raise InvalidError(
            refusals=[Refusal("Upload-Offset", "State from which byte you continue.")]
        )
    upload = await _receive_body(
        request, build_upload_context(request, territory), upload_id, offset
    )
    return Response(None, status_code=204, headers=tus.upload_offset_headers(upload))


@delete(
    "/uploads/{upload_id:uuid}",
    **sending_operation(
        "cancelUpload",
        summary="Cancel an upload",
        description="What came is deleted.",
        statuses=(204,),
        errors=(
            ConflictError,
            GoneError,
            PreconditionFailedError,
            LockedError,
        ),
        headers=schemas.TusHeaders,
    ),
)
async def terminate_upload(
    request: PageRequest,
    territory: NamedDependency[Territory],
    upload_id: schemas.UploadPath,
) -> Response[None]:
    """Give an upload up; what came is deleted."""
    tus.require_version(request.headers)
    storage = build_upload_context(request, territory).storage
    async with storage.session() as session:
        await get_upload(session, await get_sender(session, request), upload_id)
    await cancel_upload(storage, upload_id)
    return Response(None, status_code=204, headers=tus.NO_STORE)


async def _receive_body(
    request: PageRequest, context: UploadContext, upload_id: UUID, offset: int
) -> Upload:
    checksum = tus.read_checksum(request.headers)
    hold = await _lock_upload(request, context, upload_id, offset)
    if hold is not None:
        buffers = site_of(request).services[UPLOAD_BUFFERS]
        try:
            async with aclosing(body_of(request, hold.upload.space_id)) as body:
                await receive_body(hold, body, buffers, checksum=checksum)
        except ConnectionLostError as error:
            raise GoneError("The connection was cut.") from error
        if hold.offset == hold.upload.length and hold.offset <= AT_ONCE:
            await _finish_quietly(context, upload_id)
    async with context.storage.session() as session:
        return await session.get_one(Upload, (context.storage.tenant, upload_id))


async def _lock_upload(
    request: PageRequest, context: UploadContext, upload_id: UUID, offset: int
) -> UploadLease | None:
    """A turn at the upload; None when all its bytes are here already."""
    async with context.storage.session() as session:
        sender = await get_sender(session, request)
        upload = await get_upload(session, sender, upload_id, lock=True)
        if upload.state == UploadState.FAILED:
            raise GoneError(upload.error, remedy=upload.remedy)
        if offset != upload.received or upload.address:
            raise tus.OffsetMismatchError(
                "The upload is at another position.",
                remedy="Ask for the position with HEAD, and continue from there.",
                headers={"Upload-Offset": str(upload.received)},
            )
        if upload.state != UploadState.RECEIVING:
            return None
        left = await _read_deferred_length(request, session, upload)
        hold = await UploadLease.acquire(session, context.storage, upload)
        hold.ceiling = upload.length or left
        return hold


async def _read_deferred_length(
    request: PageRequest, session: AsyncSession, upload: Upload
) -> int:
    """Take the size that a sender promised to say later; until it is said, how much may come."""
    if upload.length is not None:
        return upload.length
    space = await session.get_one(Space, (upload.tenant_id, upload.space_id))
    limit = site_of(request).settings.upload_limit
    if request.method == "PATCH":
        announced_length = tus.read_number(request.headers, "Upload-Length")
    else:
        announced_length = None
    if announced_length is not None:
        await check_length(
            session,
            space,
            max(announced_length, upload.received),
            limit=limit,
            counted=upload.received,
        )
        upload.length = max(announced_length, upload.received)
    return min(
        limit, space.quota_bytes - await used_bytes(session, space) + upload.received
    )


async def _finish_quietly(context: UploadContext, upload_id: UUID) -> None:
    """Small files are a draft at once; what hinders it is left to the job that is queued already."""
    try:
        await finish_upload(context, upload_id)
    except (LockedError, UnavailableError):
        return


def read_announcement(request: PageRequest) -> UploadAnnouncement:
    """What a request says of the file to come.

    Raises:
        InvalidError: it cannot be read.
    """
    metadata = tus.read_metadata(request.headers)
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= tus.LONGEST_KEY:
        raise InvalidError(
            refusals=[
                Refusal(
                    "Idempotency-Key",
                    "This is too long.",
                    "Write 200 characters at most.",
                )
            ]
        )
    digest = metadata.get("sha256", "").lower()
    if digest and (len(digest) != SHA256_LENGTH or digest.strip("0123456789abcdef")):
        raise InvalidError(
            refusals=[
                Refusal(
                    "sha256",
                    "This is not a SHA-256 digest.",
                    "Write its 64 hexadecimal digits.",
                )
            ]
        )
    dataset = _read_id(metadata, "dataset")
    part = _read_id(metadata, "part")
    if part is not None and dataset is None:
        raise InvalidError(refusals=[Refusal("part", "Name its dataset too.")])
    return UploadAnnouncement(
        name=metadata.get("filename") or metadata.get("name") or "",
        length=tus.read_length(request.headers),
        dataset_id=dataset,
        part_id=part,
        sha256=digest,
        locale=locale_of(request),
        idempotency_key=key,
        publish=metadata.get("publish") == "true",
        expectation=store_expectation(read_expectation(metadata.get(EXPECT, ""))),
    )


def _read_id(metadata: Mapping[str, str], name: str) -> UUID | None:
    """The dataset, or the part of one, that a file is for; None where nothing is said.

    Raises:
        InvalidError: it is no identifier.
    """
    try:
        return UUID(metadata[name]) if metadata.get(name) else None
    except ValueError as error:
        raise InvalidError(
            refusals=[Refusal(name, "No dataset has this identifier.")]
        ) from error


routes: Sequence[ControllerRouterHandler] = [
    show_capabilities,
    start_upload,
    show_upload_offset,
    append_to_upload,
    terminate_upload,
]
