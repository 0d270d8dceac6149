"""The addresses that `rudi-node-write` sends files to, and that both clients of RUDI download from."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from litestar import HttpMethod, Response, get, post, route
from litestar.params import FromPath
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError, InvalidError, NotFoundError, field_error
from udi.node.datasets.intake.finish import UploadContext
from udi.node.datasets.pages.messages import locale_of
from udi.node.datasets.records.document_query import list_documents, parse_query
from udi.node.files.delivery.downloads import keyring_of, serve_current_file
from udi.node.files.intake.assemble import store_whole_file
from udi.node.files.intake.reception import (
    ConnectionLostError,
    UploadTooSlowError,
    enforce_timeouts,
)
from udi.node.files.intake.upload_lock import UploadLease
from udi.node.files.intake.uploads import (
    UploadAnnouncement,
    cancel_upload,
    create_upload,
    too_large_error,
)
from udi.node.files.queries import used_bytes
from udi.node.manager.access import SpaceClient, build_upload_context, identify_caller
from udi.node.manager.api import BASE, PRIVATE, STORAGE, adapt_object
from udi.node.manager.models import ObjectKind
from udi.node.manager.queries import (
    find_dataset_by_media,
    list_waiting_uploads,
    select_objects,
)
from udi.node.manager.request_bodies import parse_id
from udi.node.manager.tokens import make_token
from udi.node.spaces.limits import body_of
from udi.node.spaces.models import Space
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Session
from udi.ui.site import site_of

ABOUT = "file_metadata"
ZONE = "udi"
READ_METHODS = [HttpMethod.GET, HttpMethod.HEAD]


@dataclass(frozen=True)
class MediaMetadata:
    """What the client says of a file beside its bytes."""

    media_id: UUID
    name: str
    size: int | None
    md5: str


@get(f"{BASE}/storage/jwt")
async def issue_token(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[dict[str, str]]:
    """A token for sending files."""
    async with build_upload_context(request, territory).storage.session() as session:
        caller = await identify_caller(request, session, territory)
    return Response(
        {"token": make_token(keyring_of(request), territory.id, caller.key.id)},
        headers=PRIVATE,
    )


@post(f"{STORAGE}/post", status_code=200, request_max_body_size=None)
async def receive_file(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[list[dict[str, str]]]:
    """Take a file, which waits a day for the record that names it."""
    context = build_upload_context(request, territory)
    about = _read_about(request)
    async with context.storage.session() as session:
        caller = await identify_caller(request, session, territory)
        earlier = await list_waiting_uploads(session, caller.space, about.media_id)
        hold = await _open_upload(request, session, context, caller, about)
    await _receive_body(request, context, hold, about)
    for upload in earlier:
        await cancel_upload(context.storage, upload.id)
    ready = {
        "status": "commit_ready",
        "zone_name": ZONE,
        "commit_uuid": str(hold.upload.id),
    }
    return Response([ready, {"status": "OK"}], headers=PRIVATE)


def _read_about(request: AnyRequest) -> MediaMetadata:
    """The header that comes with a file.

    Raises:
        InvalidError: it is absent, or says nothing usable.
    """
    try:
        metadata: dict[str, Any] = json.loads(request.headers[ABOUT])
        size = metadata.get("file_size")
        name = unquote(str(metadata.get("media_name") or "data"))
        return MediaMetadata(
            UUID(str(metadata["media_id"])),
            name,
            int(size) if size is not None else None,
            str(metadata.get("md5") or ""),
        )
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise field_error(
            ABOUT,
            "This header gives nothing usable about the file.",
            "Send media_id, media_name and file_size as JSON.",
        ) from error


async def _open_upload(
    request: AnyRequest,
    session: AsyncSession,
    context: UploadContext,
    caller: SpaceClient,
    about: MediaMetadata,
) -> UploadLease:
    limit = site_of(request).settings.upload_limit
    where = select(Space).where(Space.id == caller.space.id).with_for_update()
    space = (await session.scalars(where)).one()
    length = (
        request.content_length if request.content_length is not None else about.size
    )
    announced = UploadAnnouncement(
        name=about.name, length=length, locale=locale_of(request)
    )
    upload = await create_upload(session, space, caller.sender, announced, limit=limit)
    upload.media_id = about.media_id
    upload.awaits_record = True
    left = space.quota_bytes - await used_bytes(session, space) + (upload.length or 0)
    hold = await UploadLease.acquire(session, context.storage, upload)
    hold.ceiling = min(limit, left)
    return hold


async def _receive_body(
    request: AnyRequest, context: UploadContext, hold: UploadLease, about: MediaMetadata
) -> None:
    try:
        async with aclosing(body_of(request, hold.upload.space_id)) as body:
            await store_whole_file(
                hold, _check_pieces(request, body, hold.ceiling, about.md5)
            )
    except BaseException as error:
        await hold.release()
        await cancel_upload(context.storage, hold.upload.id)
        if isinstance(error, (ConnectionLostError, UploadTooSlowError)):
            raise InvalidError(
                "The file was not received in full.", remedy="Send it again."
            ) from error
        raise


async def _check_pieces(
    request: AnyRequest, body: AsyncIterator[bytes], ceiling: int, md5: str
) -> AsyncIterator[bytes]:
    digest = hashlib.md5(usedforsecurity=False)
    size = 0
    async for piece in enforce_timeouts(body):
        size += len(piece)
        if size > ceiling:
            raise too_large_error(site_of(request).settings.upload_limit, ceiling)
        digest.update(piece)
        if piece:
            yield piece
    if not size:
        raise InvalidError("This file is empty: nothing was saved.")
    if md5 and digest.hexdigest() != md5.lower():
        raise ConflictError(
            "The file that arrived is not the one that was announced.",
            remedy="Send the file again.",
        )


@get([f"{STORAGE}/hash", f"{STORAGE}/list"])
async def list_files(request: AnyRequest, territory: CurrentTerritory) -> Response[Any]:
    """The files of the space, as the catalogue names them; or that the storage answers (`hash`)."""
    async with build_upload_context(request, territory).storage.session() as session:
        caller = await identify_caller(request, session, territory)
        if request.scope["path"].endswith("/hash"):
            return Response(ZONE, media_type="text/plain", headers=PRIVATE)
        source = select_objects(caller.space, ObjectKind.MEDIA)
        documents = await list_documents(
            session, source, parse_query(request.query_params.multi_items(), None)
        )
    return Response(
        [adapt_object(ObjectKind.MEDIA, document) for document in documents],
        headers=PRIVATE,
    )


@route(f"{STORAGE}/download/{{media_id:str}}", http_method=READ_METHODS)
async def download_file(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    media_id: FromPath[str],
) -> Response[Any]:
    """The newest version of the file of a media, as at the address of its dataset."""
    dataset_id = await find_dataset_by_media(session, parse_id(media_id, "media_id"))
    if dataset_id is None:
        raise NotFoundError("No file is published here under this identifier.")
    return await serve_current_file(request, session, territory, dataset_id)


routes: Routes = [
    issue_token,
    receive_file,
    list_files,
    download_file,
]
