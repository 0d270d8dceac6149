"""Uploads: announced, found again by who began them, given up."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.crash import crash_at
from udi.kit.errors import (
    ConflictError,
    GoneError,
    NotFoundError,
    TooLargeError,
    field_error,
)
from udi.kit.file_names import clean_name
from udi.node.files.models import OPEN_STATES, Upload, UploadPart, UploadState
from udi.node.files.queries import used_bytes
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.node.spaces.models import Space
from udi.node.spaces.senders import Sender

LIFETIME = timedelta(hours=24)
"""How long an upload waits for its next byte."""
MOST_OPEN = 500


@dataclass(frozen=True)
class UploadAnnouncement:
    """What is said of a file before its first byte; `dataset_id` when it is a new version of one, `part_id` of a part."""

    name: str
    length: int | None = None
    dataset_id: UUID | None = None
    part_id: UUID | None = None
    sha256: str = ""
    locale: str = ""
    idempotency_key: str | None = None
    publish: bool = False
    expectation: dict[str, Any] | None = None
    address: str = ""


async def create_upload(
    session: AsyncSession,
    space: Space,
    sender: Sender,
    announced: UploadAnnouncement,
    *,
    limit: int,
) -> Upload:
    """Begin an upload, or find the one that the same sender began with the same idempotency key.

    The space must be locked.

    Raises:
        ConflictError: the key was used for another file, or too many uploads are open.
        InvalidError: the file is empty.
        TooLargeError: more than the node accepts for one file, or than the space has left.
    """
    if announced.idempotency_key and (
        existing := await _find_known(session, space, announced.idempotency_key)
    ):
        if existing.state != UploadState.FAILED:
            return _require_same_file(existing, sender, announced)
        existing.idempotency_key = None
        await session.flush()
    await _check_open(session, space)
    if announced.length is not None:
        await check_length(session, space, announced.length, limit=limit)
    upload = Upload(
        space_id=space.id,
        dataset_id=announced.dataset_id or uuid4(),
        part_id=announced.part_id,
        file_id=uuid4(),
        replaces=announced.dataset_id is not None,
        person_id=sender.person_id,
        key_id=sender.key_id,
        name=clean_name(announced.name),
        locale=announced.locale,
        length=announced.length,
        announced=announced.sha256,
        publish=announced.publish,
        expectation=announced.expectation,
        idempotency_key=announced.idempotency_key,
        address=announced.address,
    )
    session.add(upload)
    await session.flush()
    await session.refresh(upload)
    return upload


async def _find_known(session: AsyncSession, space: Space, key: str) -> Upload | None:
    query = select(Upload).where(
        Upload.space_id == space.id, Upload.idempotency_key == key
    )
    upload: Upload | None = await session.scalar(query)
    return upload


def _require_same_file(
    existing: Upload, sender: Sender, announced: UploadAnnouncement
) -> Upload:
    named = existing.address != "" or existing.name == clean_name(announced.name)
    before = (
        existing.person_id,
        existing.key_id,
        named,
        existing.dataset_id if existing.replaces else None,
        existing.expectation,
        existing.part_id,
    )
    again = (
        sender.person_id,
        sender.key_id,
        True,
        announced.dataset_id,
        announced.expectation,
        announced.part_id,
    )
    lengths = {existing.length, announced.length} - {None}
    if before != again or len(lengths) > 1:
        raise ConflictError(
            "This Idempotency-Key was used for another file.",
            remedy="Use a new one for each file that you send.",
        )
    return existing


async def _check_open(session: AsyncSession, space: Space) -> None:
    query = (
        select(func.count())
        .select_from(Upload)
        .where(Upload.space_id == space.id, Upload.state.in_(OPEN_STATES))
    )
    if int(await session.scalar(query) or 0) >= MOST_OPEN:
        raise ConflictError(
            "Too many files are being sent to this space.",
            remedy="Wait until some have arrived, or cancel some uploads.",
        )


async def check_length(
    session: AsyncSession, space: Space, length: int, *, limit: int, counted: int = 0
) -> None:
    """Whether a file of this size may come in; `counted` bytes of it are in the space's figure already.

    Raises:
        InvalidError: it is empty.
        TooLargeError: more than the node accepts for one file, or than the space has left.
    """
    if length == 0:
        raise field_error("Upload-Length", "This file is empty: nothing was saved.")
    left = space.quota_bytes - await used_bytes(session, space) + counted
    if length > min(limit, left):
        raise too_large_error(limit, left)


def too_large_error(limit: int, left: int) -> TooLargeError:
    """Why a file does not fit: the node's limit, or the space's place."""
    if left < limit:
        return TooLargeError(
            "There is not enough storage left in your space for this file.",
            remedy="Delete the drafts you no longer need, or ask the territory's team for more storage.",
        )
    return TooLargeError(
        "This file is larger than the node accepts.",
        remedy="Split the file, or ask the territory's team for another way to send it.",
    )


async def get_upload(
    session: AsyncSession, sender: Sender, upload_id: UUID, *, lock: bool = False
) -> Upload:
    """An upload of this sender.

    Raises:
        NotFoundError: there is none, or somebody else began it.
        GoneError: nothing came for a day.
    """
    query = select(Upload).where(Upload.id == upload_id)
    upload = await session.scalar(query.with_for_update() if lock else query)
    if upload is None or (upload.person_id, upload.key_id) != (
        sender.person_id,
        sender.key_id,
    ):
        raise NotFoundError
    if upload.state == UploadState.RECEIVING and upload.moved_at + LIFETIME < now():
        raise GoneError("Nothing was received for a day: this upload was cancelled.")
    return upload


async def list_open_uploads(session: AsyncSession, space: Space) -> list[Upload]:
    """What is on its way into a space, and what was refused since yesterday; oldest first.

    What waits for the record of a client is not: nobody can do anything about it.
    """
    condition = Upload.state.in_(OPEN_STATES) | (
        (Upload.state == UploadState.FAILED) & (Upload.moved_at > now() - LIFETIME)
    )
    query = (
        select(Upload)
        .where(Upload.space_id == space.id, condition, ~Upload.awaits_record)
        .order_by(Upload.created_at)
    )
    return list((await session.scalars(query)).all())


async def cancel_upload(storage: TenantStorage, upload_id: UUID) -> None:
    """End an upload that has no version yet: objects first, so that a kill on the way leaves rows that lead to them.

    Raises:
        ConflictError: its file is a version already.
    """
    async with storage.session() as session:
        upload = await session.get(
            Upload, (storage.tenant, upload_id), with_for_update=True
        )
        if upload is None:
            return
        if upload.state == UploadState.DONE:
            raise ConflictError("This file has arrived.", remedy="Look at its dataset.")
        upload.state = UploadState.FAILED
        upload.lock_holder = None
        upload.locked_until = None
    await clear_parts(storage, upload)
    await storage.store.delete(upload.key)
    async with storage.session() as session:
        if (left := await session.get(Upload, (storage.tenant, upload_id))) is not None:
            await session.delete(left)


async def clear_parts(storage: TenantStorage, upload: Upload) -> None:
    """Delete the objects of an upload's parts, then their rows; what is gone already is no error."""
    async with storage.session() as session:
        parts = list(
            (
                await session.scalars(
                    select(UploadPart).where(UploadPart.upload_id == upload.id)
                )
            ).all()
        )
    if not parts:
        return
    for part in parts:
        await storage.store.delete(upload.part_key(part.id))
    crash_at("parts.removed")
    async with storage.session() as session:
        await session.execute(
            delete(UploadPart).where(
                UploadPart.upload_id == upload.id,
                UploadPart.id.in_([part.id for part in parts]),
            )
        )
