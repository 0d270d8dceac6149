"""From parts to one object, in one pass that also digests; and a whole stream to one object."""

import hashlib
import time
from collections.abc import AsyncIterator

from sqlalchemy import select

from udi.kit.crash import crash_at
from udi.node.files.depot import Depot
from udi.node.files.hold import Hold
from udi.node.files.incoming import BEAT
from udi.node.files.models import Part, Upload, UploadState


class LostPartError(Exception):
    """A part is not in the store any more, or not whole."""


async def assemble(depot: Depot, upload: Upload) -> None:
    """Copy the parts of an upload into its object; does nothing when that is done. A kill on the way is begun anew.

    Raises:
        LockedError: another process is at it.
        LostPartError: a part is missing.
    """
    async with depot.session() as session:
        row = await session.get_one(Upload, (depot.tenant, upload.id), with_for_update=True)
        if row.state != UploadState.ASSEMBLING:
            return
        hold = await Hold.take(session, depot, row)
        query = select(Part).where(Part.upload_id == upload.id).order_by(Part.start)
        parts = list((await session.scalars(query)).all())
    try:
        await keep_whole(hold, _joined(hold, parts))
    except BaseException:
        await hold.release()
        raise


async def keep_whole(hold: Hold, pieces: AsyncIterator[bytes]) -> None:
    """Put all that comes into the upload's object; an error of what comes leaves none."""
    digest, size, beat = hashlib.sha256(), 0, time.monotonic()

    async def counted() -> AsyncIterator[bytes]:
        nonlocal size, beat
        async for piece in pieces:
            digest.update(piece)
            size += len(piece)
            yield piece
            if time.monotonic() - beat > BEAT:
                await hold.beat(assembled=size)
                beat = time.monotonic()

    await hold.depot.store.put(hold.upload.key, counted())
    crash_at("upload.assembled")
    await hold.become_stored(size, digest.hexdigest())


async def _joined(hold: Hold, parts: list[Part]) -> AsyncIterator[bytes]:
    place = 0
    for part in parts:
        if part.start != place:
            raise LostPartError
        try:
            async for piece in hold.depot.store.stream(hold.upload.part_key(part.id), 0, part.size):
                place += len(piece)
                yield piece
        except FileNotFoundError as error:
            raise LostPartError from error
    if place != hold.upload.length:
        raise LostPartError
