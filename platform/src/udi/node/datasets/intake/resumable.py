"""Resumable uploads (tus 1.0), for publishers and scripts of a space."""

from collections.abc import Sequence
from contextlib import aclosing
from uuid import UUID

from litestar import HttpMethod, Response, delete, patch, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.crash import crash_at
from udi.kit.errors import GoneError, InvalidError, LockedError, Refusal, UnavailableError
from udi.kit.tenancy import Territory
from udi.node.datasets.intake.access import desk_of, enter_space, find_sender
from udi.node.datasets.intake.finish import Desk, finish_upload
from udi.node.datasets.pages.saying import PageRequest, locale_of
from udi.node.files import tus
from udi.node.files.hold import AT_ONCE, Hold
from udi.node.files.incoming import Buffers, CutError, take_in
from udi.node.files.models import Upload, UploadState
from udi.node.files.queries import used_bytes
from udi.node.files.uploads import Announced, check_length, create_upload, get_upload, give_up
from udi.node.spaces.limits import body_of
from udi.node.spaces.models import Space
from udi.ui.site import site_of

SHA256_LENGTH = 64


@route(["/spaces/{slug:str}/uploads", "/uploads/{upload_id:uuid}"], http_method=[HttpMethod.OPTIONS], status_code=204)
async def offer(request: PageRequest) -> Response[None]:
    """What this server can do."""
    return Response(None, status_code=204, headers=tus.offer(site_of(request).settings.upload_limit))


@post("/spaces/{slug:str}/uploads", request_max_body_size=None)
async def begin(request: PageRequest, territory: NamedDependency[Territory], slug: FromPath[str]) -> Response[None]:
    """Announce a file; its first bytes may come with it."""
    tus.require_version(request.headers)
    announced = read_announced(request)
    desk, limit = desk_of(request, territory), site_of(request).settings.upload_limit
    async with desk.depot.session() as session:
        space, sender = await enter_space(session, request, slug, announced.dataset_id, lock=True)
        upload = await create_upload(session, space, sender, announced, limit=limit)
    crash_at("upload.created")
    if request.headers.get("content-type") and upload.received == 0:
        tus.require_content_type(request.headers)
        upload = await _take(request, desk, upload.id, 0)
    headers = {**tus.standing(upload), "Location": f"/uploads/{upload.id}"}
    return Response(None, status_code=201, headers=headers)


@route("/uploads/{upload_id:uuid}", http_method=[HttpMethod.HEAD])
async def stand(
    request: PageRequest, territory: NamedDependency[Territory], upload_id: FromPath[UUID]
) -> Response[None]:
    """How many bytes are safe here."""
    tus.require_version(request.headers)
    async with desk_of(request, territory).depot.session() as session:
        upload = await get_upload(session, await find_sender(session, request), upload_id)
    return Response(None, headers=tus.standing(upload))


@patch("/uploads/{upload_id:uuid}", request_max_body_size=None, status_code=204)
async def go_on(
    request: PageRequest, territory: NamedDependency[Territory], upload_id: FromPath[UUID]
) -> Response[None]:
    """Take more bytes, from where the upload stands."""
    tus.require_version(request.headers)
    tus.require_content_type(request.headers)
    offset = tus.read_number(request.headers, "Upload-Offset")
    if offset is None:
        raise InvalidError(refusals=[Refusal("Upload-Offset", "Say from which byte you go on.")])
    upload = await _take(request, desk_of(request, territory), upload_id, offset)
    return Response(None, status_code=204, headers=tus.standing(upload))


@delete("/uploads/{upload_id:uuid}", status_code=204)
async def terminate(
    request: PageRequest, territory: NamedDependency[Territory], upload_id: FromPath[UUID]
) -> Response[None]:
    """Give an upload up; what came is deleted."""
    tus.require_version(request.headers)
    depot = desk_of(request, territory).depot
    async with depot.session() as session:
        await get_upload(session, await find_sender(session, request), upload_id)
    await give_up(depot, upload_id)
    return Response(None, status_code=204, headers=tus.NO_STORE)


async def _take(request: PageRequest, desk: Desk, upload_id: UUID, offset: int) -> Upload:
    checksum = tus.read_checksum(request.headers)
    hold = await _hold(request, desk, upload_id, offset)
    if hold is not None:
        buffers: Buffers = site_of(request).parts["buffers"]
        try:
            async with aclosing(body_of(request, hold.upload.space_id)) as body:
                await take_in(hold, body, buffers, checksum=checksum)
        except CutError as error:
            raise GoneError("The connection was cut.") from error
        if hold.offset == hold.upload.length and hold.offset <= AT_ONCE:
            await _finish_now(desk, upload_id)
    async with desk.depot.session() as session:
        return await session.get_one(Upload, (desk.depot.tenant, upload_id))


async def _hold(request: PageRequest, desk: Desk, upload_id: UUID, offset: int) -> Hold | None:
    """A turn at the upload; None when all its bytes are here already."""
    async with desk.depot.session() as session:
        sender = await find_sender(session, request)
        upload = await get_upload(session, sender, upload_id, lock=True)
        if upload.state == UploadState.FAILED:
            raise GoneError(upload.error, remedy=upload.remedy)
        if offset != upload.received or upload.address:
            raise tus.StaleOffsetError(
                "The upload stands elsewhere.",
                remedy="Ask where with HEAD, and go on from there.",
                headers={"Upload-Offset": str(upload.received)},
            )
        if upload.state != UploadState.RECEIVING:
            return None
        left = await _learn_length(request, session, upload)
        hold = await Hold.take(session, desk.depot, upload)
        hold.ceiling = upload.length or left
        return hold


async def _learn_length(request: PageRequest, session: AsyncSession, upload: Upload) -> int:
    """Take the size that a sender promised to say later; until it is said, how much may come."""
    if upload.length is not None:
        return upload.length
    space = await session.get_one(Space, (upload.tenant_id, upload.space_id))
    limit = site_of(request).settings.upload_limit
    said = tus.read_number(request.headers, "Upload-Length") if request.method == "PATCH" else None
    if said is not None:
        await check_length(session, space, max(said, upload.received), limit=limit, counted=upload.received)
        upload.length = max(said, upload.received)
    return min(limit, space.quota_bytes - await used_bytes(session, space) + upload.received)


async def _finish_now(desk: Desk, upload_id: UUID) -> None:
    """Small files are a draft at once; what hinders it is left to the job that is queued already."""
    try:
        await finish_upload(desk, upload_id)
    except (LockedError, UnavailableError):
        return


def read_announced(request: PageRequest) -> Announced:
    """What a request says of the file to come.

    Raises:
        InvalidError: it cannot be read.
    """
    said = tus.read_metadata(request.headers)
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= tus.LONGEST_KEY:
        raise InvalidError(refusals=[Refusal("Idempotency-Key", "This is too long.", "Write 200 characters at most.")])
    digest = said.get("sha256", "").lower()
    if digest and (len(digest) != SHA256_LENGTH or digest.strip("0123456789abcdef")):
        raise InvalidError(refusals=[Refusal("sha256", "This is no SHA-256.", "Write its 64 hexadecimal digits.")])
    try:
        dataset = UUID(said["dataset"]) if said.get("dataset") else None
    except ValueError as error:
        raise InvalidError(refusals=[Refusal("dataset", "No dataset has this identifier.")]) from error
    return Announced(
        name=said.get("filename") or said.get("name") or "",
        length=tus.read_length(request.headers),
        dataset_id=dataset,
        sha256=digest,
        locale=locale_of(request),
        idempotency_key=key,
        publish=said.get("publish") == "true",
    )


routes: Sequence[ControllerRouterHandler] = [offer, begin, stand, go_on, terminate]
