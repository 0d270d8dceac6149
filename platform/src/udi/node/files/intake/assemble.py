"""From parts to one object, in one pass that also digests; and a whole stream to one object."""

import hashlib
import time
from collections.abc import AsyncIterator

from sqlalchemy import select

from udi.kit.crash import crash_at
from udi.node.files.intake.reception import BEAT
from udi.node.files.intake.upload_lock import UploadLease
from udi.node.files.models import Upload, UploadPart, UploadState
from udi.node.files.storage.tenant_storage import TenantStorage


class LostPartError(Exception):
    """A part is not in the store any more, or not whole."""


async def assemble_upload(storage: TenantStorage, upload: Upload) -> None:
    """Copy the parts of an upload into its object; does nothing when that is done. A kill on the way is begun anew.

    Raises:
        LockedError: another process is at it.
        LostPartError: a part is missing.
    """
    async with storage.session() as session:
        row = await session.get_one(
            Upload, (storage.tenant, upload.id), with_for_update=True
        )
        if row.state != UploadState.ASSEMBLING:
            return
        hold = await UploadLease.acquire(session, storage, row)
        query = (
            select(UploadPart)
            .where(UploadPart.upload_id == upload.id)
            .order_by(UploadPart.start)
        )
        parts = list((await session.scalars(query)).all())
    try:
        await store_whole_file(hold, _join_parts(hold, parts))
    except BaseException:
        await hold.release()
        raise


async def store_whole_file(hold: UploadLease, pieces: AsyncIterator[bytes]) -> None:
    """Put all that comes into the upload's object; an error of what comes leaves none."""
    digest = hashlib.sha256()
    size = 0
    beat = time.monotonic()

    async def counted() -> AsyncIterator[bytes]:
        nonlocal size, beat
        async for piece in pieces:
            digest.update(piece)
            size += len(piece)
            yield piece
            if time.monotonic() - beat > BEAT:
                await hold.keep_alive(assembled=size)
                beat = time.monotonic()

    await hold.storage.store.put(hold.upload.key, counted())
    crash_at("upload.assembled")
    await hold.mark_stored(size, digest.hexdigest())


async def _join_parts(
    hold: UploadLease, parts: list[UploadPart]
) -> AsyncIterator[bytes]:
    place = 0
    for part in parts:
        if part.start != place:
            raise LostPartError
        try:
            async for piece in hold.storage.store.stream(
                hold.upload.part_key(part.id), 0, part.size
            ):
                place += len(piece)
                yield piece
        except FileNotFoundError as error:
            raise LostPartError from error
    if place != hold.upload.length:
        raise LostPartError
