"""A script sends the new version of a dataset in one request (PUT)."""

import base64
import binascii
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any
from uuid import UUID

from litestar import Response, put
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler

from udi.kit.errors import (
    ConflictError,
    GoneError,
    InvalidError,
    LockedError,
    NotFoundError,
    PreconditionFailedError,
    Refusal,
    TooLargeError,
)
from udi.kit.file_names import clean_name
from udi.kit.tenancy import Territory
from udi.node.datasets import schemas
from udi.node.datasets.actions.parts import get_part, publish_part_when_clear
from udi.node.datasets.actions.publish import publish_when_clear
from udi.node.datasets.intake.access import (
    build_upload_context,
    get_script_dataset,
    require_replaceable,
)
from udi.node.datasets.intake.finish import UploadContext, finish_upload
from udi.node.datasets.intake.responses import describe_version
from udi.node.datasets.models import Dataset, Version
from udi.node.datasets.pages.messages import PageRequest, locale_of, translator
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.versions.expectations import (
    EXPECT,
    REMEDY,
    list_differences,
    read_expectation,
    store_expectation,
)
from udi.node.files.intake.assemble import store_whole_file
from udi.node.files.intake.reception import (
    ConnectionLostError,
    UploadTooSlowError,
    enforce_timeouts,
)
from udi.node.files.intake.tus import LONGEST_KEY
from udi.node.files.intake.upload_lock import UploadLease
from udi.node.files.intake.uploads import (
    UploadAnnouncement,
    cancel_upload,
    create_upload,
    too_large_error,
)
from udi.node.files.models import SERVED_ACCESS, Upload, UploadState
from udi.node.files.queries import used_bytes
from udi.node.spaces.limits import body_of
from udi.node.spaces.models import Space
from udi.node.spaces.operations import DatasetPath, PartPath, sending_operation
from udi.node.spaces.senders import Sender
from udi.ui.site import site_of

DIGEST = "sha-256=:"
SENT_FILE_ERRORS = (
    ConflictError,
    GoneError,
    PreconditionFailedError,
    TooLargeError,
    InvalidError,
    LockedError,
)


@put(
    "/api/v1/datasets/{dataset_id:uuid}/file",
    request_max_body_size=None,
    **sending_operation(
        "sendVersion",
        summary="Send a version",
        description="A new version of the file of a dataset, in one request: 200 instead of 201 where these bytes were here already.",
        answer=schemas.SentVersion,
        statuses=(201, 200),
        errors=SENT_FILE_ERRORS,
        query=schemas.SendingParameters,
        headers=schemas.SendingHeaders,
        body_media_type="application/octet-stream",
    ),
)
async def put_file(
    request: PageRequest,
    territory: NamedDependency[Territory],
    dataset_id: DatasetPath,
) -> Response[Any]:
    """Take the new version; with `publish=true`, publish it once nothing stops that.

    200 when the bytes are those already here.
    """
    return await _receive_file(request, territory, dataset_id, None)


@put(
    "/api/v1/datasets/{dataset_id:uuid}/parts/{part_id:uuid}/file",
    request_max_body_size=None,
    **sending_operation(
        "sendPartVersion",
        summary="Send the file of a part",
        description="The first or a new version of a file beside the main one; the others are not touched. 200 instead of 201 where these bytes were here already.",
        answer=schemas.SentVersion,
        statuses=(201, 200),
        errors=SENT_FILE_ERRORS,
        query=schemas.SendingParameters,
        headers=schemas.SendingHeaders,
        body_media_type="application/octet-stream",
    ),
)
async def put_part_file(
    request: PageRequest,
    territory: NamedDependency[Territory],
    dataset_id: DatasetPath,
    part_id: PartPath,
) -> Response[Any]:
    """The same for the file of a part."""
    return await _receive_file(request, territory, dataset_id, part_id)


async def _receive_file(
    request: PageRequest, territory: Territory, dataset_id: UUID, part_id: UUID | None
) -> Response[Any]:
    context = build_upload_context(request, territory)
    say = translator(request)
    hold, upload, sender = await _open_upload(request, context, dataset_id, part_id)
    if hold is not None:
        await _receive_body(request, context, hold)
    if repeat := await _find_repeat(context, upload.id):
        await cancel_upload(context.storage, repeat.id)
        return await _build_response(context, say, repeat, sender, changed=False)
    ended = await finish_upload(context, upload.id)
    if ended is None or ended.state != UploadState.DONE:
        raise ConflictError(
            ended.error if ended else "", remedy=ended.remedy if ended else ""
        )
    changed = hold is not None
    return await _build_response(context, say, ended, sender, changed=changed)


async def _open_upload(
    request: PageRequest,
    context: UploadContext,
    dataset_id: UUID,
    part_id: UUID | None,
) -> tuple[UploadLease | None, Upload, Sender]:
    """A turn at the upload; no turn when the same key brought it already."""
    limit = site_of(request).settings.upload_limit
    async with context.storage.session() as session:
        dataset, sender = await get_script_dataset(session, request, dataset_id)
        require_replaceable(dataset, part_id)
        versions = dataset.list_versions_of(part_id)
        _check_condition(request, versions)
        if dataset.withdrawn_at is not None:
            raise ConflictError(
                "This dataset is withdrawn.", remedy="Publish it again first."
            )
        space = await session.get_one(
            Space, (context.storage.tenant, dataset.space_id), with_for_update=True
        )
        upload = await create_upload(
            session,
            space,
            sender,
            _read_announcement(request, dataset, part_id),
            limit=limit,
        )
        if upload.state != UploadState.RECEIVING:
            return None, upload, sender
        left = (
            space.quota_bytes
            - await used_bytes(session, space)
            + (upload.length or upload.received)
        )
        hold = await UploadLease.acquire(session, context.storage, upload)
        hold.ceiling = min(limit, left)
        return hold, upload, sender


def _check_condition(request: PageRequest, versions: Sequence[Version]) -> None:
    condition = request.headers.get("if-match")
    current = {
        f'"{version.file.sha256}"'
        for version in (*versions[:1], *_list_served_versions(versions))
    }
    if (
        condition is not None
        and condition.strip() != "*"
        and not current & {tag.strip() for tag in condition.split(",")}
    ):
        raise PreconditionFailedError(
            "Another version came meanwhile.",
            remedy="Look at the file that is here, then send yours again.",
        )


def _list_served_versions(versions: Sequence[Version]) -> list[Version]:
    return [version for version in versions if version.file.access in SERVED_ACCESS][:1]


def _read_announcement(
    request: PageRequest, dataset: Dataset, part_id: UUID | None
) -> UploadAnnouncement:
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise InvalidError(
            refusals=[
                Refusal(
                    "Idempotency-Key",
                    "This is too long.",
                    "Write 200 characters at most.",
                )
            ]
        )
    versions = dataset.list_versions_of(part_id)
    last_name = versions[0].file.name if versions else get_part(dataset, part_id).title
    return UploadAnnouncement(
        name=clean_name(request.query_params.get("name") or "", default=last_name),
        length=request.content_length,
        dataset_id=dataset.id,
        part_id=part_id,
        sha256=_digest(request),
        locale=locale_of(request),
        idempotency_key=key,
        publish=request.query_params.get("publish") == "true",
        expectation=store_expectation(
            read_expectation(request.query_params.get(EXPECT) or "")
        ),
    )


def _digest(request: PageRequest) -> str:
    """The sha256 that `Repr-Digest` announces (RFC 9530); empty without."""
    header = request.headers.get("repr-digest", "").strip()
    if not header.startswith(DIGEST):
        return ""
    try:
        digest = base64.b64decode(
            header.removeprefix(DIGEST).rstrip(":"), validate=True
        )
    except (ValueError, binascii.Error):
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise InvalidError(
            refusals=[Refusal("Repr-Digest", "This digest cannot be read.")]
        )
    return digest.hex()


async def _receive_body(
    request: PageRequest, context: UploadContext, hold: UploadLease
) -> None:
    try:
        async with aclosing(body_of(request, hold.upload.space_id)) as body:
            await store_whole_file(hold, _bound_pieces(request, body, hold.ceiling))
    except BaseException as error:
        await hold.release()
        if hold.upload.idempotency_key is None:
            await cancel_upload(context.storage, hold.upload.id)
        if isinstance(error, (ConnectionLostError, UploadTooSlowError)):
            raise InvalidError(
                "The file was not received in full.", remedy="Send it again."
            ) from error
        raise


async def _bound_pieces(
    request: PageRequest, body: AsyncIterator[bytes], ceiling: int
) -> AsyncIterator[bytes]:
    size = 0
    async for piece in enforce_timeouts(body):
        size += len(piece)
        if size > ceiling:
            raise _too_large(request, ceiling)
        if piece:
            yield piece
    if not size:
        raise InvalidError("This file is empty: nothing was saved.")


def _too_large(request: PageRequest, ceiling: int) -> TooLargeError:
    return too_large_error(site_of(request).settings.upload_limit, ceiling)


async def _find_repeat(context: UploadContext, upload_id: UUID) -> Upload | None:
    """An upload whose bytes are those of the newest file here, None where they are others.

    Where that file waits, it must meet from now on what the upload expects of it, if it expects anything.
    """
    async with context.storage.session() as session:
        upload = await session.get_one(Upload, (context.storage.tenant, upload_id))
        dataset = await find_dataset(session, upload.dataset_id, lock=True)
        versions = dataset.list_versions_of(upload.part_id) if dataset else []
        is_whole = upload.announced in {"", upload.sha256}
        if upload.state != UploadState.STORED or not is_whole or not versions:
            return None
        newest = versions[0]
        if newest.file.sha256 != upload.sha256:
            return None
        if (
            upload.expectation is not None
            and newest.published_at is None
            and newest.preparation is not None
        ):
            newest.preparation.expectation = upload.expectation
        return upload


async def _build_response(
    context: UploadContext,
    say: Callable[[str], str],
    upload: Upload,
    sender: Sender,
    *,
    changed: bool,
) -> Response[Any]:
    """What is here now; a version that waited is published when somebody asks that who sent its bytes.

    Raises:
        ConflictError: it waits, since it does not meet what was expected of it.
        NotFoundError: the part that it was for was removed meanwhile.
    """
    async with context.storage.session() as session:
        dataset = await find_dataset(session, upload.dataset_id, lock=True)
        if dataset is None:
            raise ConflictError("The dataset that this file was for is gone.")
        part = dataset.find_part(upload.part_id)
        if upload.part_id is not None and part is None:
            raise NotFoundError(
                "The part of the dataset that this file was for is gone."
            )
        version = dataset.list_versions_of(upload.part_id)[0]
        is_newest = version.file.sha256 == upload.sha256
        if upload.publish and is_newest and part is not None:
            await publish_part_when_clear(
                session, sender, dataset, part, context.territory
            )
        elif upload.publish and is_newest:
            await publish_when_clear(session, sender, dataset, context.territory)
        differences = list_differences(dataset, version) if is_newest else []
        body = describe_version(
            dataset, version, context.territory, say, changed=changed
        )
    if differences:
        raise ConflictError(
            "The file does not meet what you expect: it is not published.",
            remedy=REMEDY,
            refusals=differences,
        )
    headers = {"Cache-Control": "no-store", "ETag": f'"{version.file.sha256}"'}
    return Response(body, status_code=201 if changed else 200, headers=headers)


routes: Sequence[ControllerRouterHandler] = [put_file, put_part_file]
