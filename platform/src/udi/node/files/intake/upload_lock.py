"""One request or job at work on an upload: what it stores counts only while nobody else took over."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.crash import crash_at
from udi.kit.errors import LockedError
from udi.node.files.models import Upload, UploadPart, UploadState
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.node.spaces.limits import enqueue_heavy_job

FINISH_UPLOAD = "finish_upload"
AT_ONCE = 16 * 1024**2
"""Up to this size, a file is a draft before its last answer; larger ones are put together by a job."""
SAFETY = timedelta(seconds=30)
"""After how long a job looks whether the request that ends an upload by itself did."""
HELD_FOR = timedelta(seconds=10)
"""How long a request that went silent keeps others away."""


class UploadLease:
    """A turn at an upload.

    `offset` is how far its bytes reach, those stored and not yet noted included; `ceiling` how far they may.
    """

    def __init__(self, storage: TenantStorage, upload: Upload, token: UUID) -> None:
        self.storage = storage
        self.upload = upload
        self._token = token
        self.offset = self._noted = upload.received
        self.ceiling = upload.length or 0
        self._waiting: list[UploadPart] = []
        self._ended = False

    @classmethod
    async def acquire(
        cls, session: AsyncSession, storage: TenantStorage, upload: Upload
    ) -> "UploadLease":
        """Hold an upload whose row is locked; it counts from the commit on.

        Raises:
            LockedError: another request is at work on it.
        """
        moment = (await session.scalars(select(func.now()))).one()
        if upload.locked_until is not None and upload.locked_until > moment:
            raise LockedError(
                "Another request is sending this file.",
                remedy="Wait a few seconds, ask for the position of the upload, and continue from there.",
                headers={"Retry-After": str(int(HELD_FOR.total_seconds()))},
            )
        token = uuid4()
        upload.lock_holder = token
        upload.locked_until = moment + HELD_FOR
        await session.flush()
        return cls(storage, upload, token)

    async def store(self, content: bytearray) -> None:
        """Put some bytes in an object; they count once noted."""
        part = UploadPart(
            id=uuid4(), upload_id=self.upload.id, start=self.offset, size=len(content)
        )
        self._waiting.append(part)
        await self.storage.store.put_bytes(self.upload.part_key(part.id), content)
        self.offset += len(content)
        crash_at("part.stored")

    async def commit_parts(self) -> None:
        """Make what was stored count; the last byte queues the work that ends the upload.

        Raises:
            LockedError: another request took over; what was stored here is deleted.
        """
        whole = self.offset == self.upload.length
        if self._ended or not (self._waiting or whole):
            return
        change: dict[str, Any] = {
            "received": self.offset,
            "moved_at": func.now(),
            "locked_until": func.now() + HELD_FOR,
        }
        if whole:
            change |= {
                "state": UploadState.ASSEMBLING,
                "lock_holder": None,
                "locked_until": None,
            }
        async with self.storage.session() as session:
            is_saved = await self._update_upload(
                session, Upload.received == self._noted, **change
            )
            if is_saved:
                session.add_all(self._waiting)
            if is_saved and whole:
                await self._queue(session, SAFETY if self.offset <= AT_ONCE else None)
        if not is_saved:
            await self.discard()
            raise LockedError("Another request continued this upload.")
        self._waiting = []
        self._noted = self.offset
        self._ended = whole
        crash_at("upload.received" if whole else "part.noted")

    async def discard(self) -> None:
        """Delete what was stored and not noted."""
        for part in self._waiting:
            await self.storage.store.delete(self.upload.part_key(part.id))
        self._waiting = []
        self.offset = self._noted

    async def keep_alive(self, **change: Any) -> None:
        """Go on holding.

        Raises:
            LockedError: another request took over.
        """
        async with self.storage.session() as session:
            if not await self._update_upload(
                session, locked_until=func.now() + HELD_FOR, **change
            ):
                raise LockedError("Another request continued this upload.")

    async def mark_stored(self, size: int, sha256: str) -> None:
        """Note that the whole file is in one object.

        Raises:
            LockedError: another request took over.
        """
        change = {
            "length": size,
            "received": size,
            "assembled": size,
            "sha256": sha256,
            "moved_at": func.now(),
        }
        async with self.storage.session() as session:
            state = {
                "state": UploadState.STORED,
                "lock_holder": None,
                "locked_until": None,
            }
            if not await self._update_upload(session, **change, **state):
                raise LockedError("Another request continued this upload.")
            await self._queue(session, SAFETY)
        crash_at("upload.stored")

    async def release(self) -> None:
        """Let others go on."""
        async with self.storage.session() as session:
            await self._update_upload(session, lock_holder=None, locked_until=None)

    async def _queue(self, session: AsyncSession, delay: timedelta | None) -> None:
        payload = {"upload": str(self.upload.id)}
        await enqueue_heavy_job(
            session, self.upload.space_id, FINISH_UPLOAD, payload, delay=delay
        )

    async def _update_upload(
        self, session: AsyncSession, *conditions: Any, **values: Any
    ) -> bool:
        mine = (Upload.id == self.upload.id, Upload.lock_holder == self._token)
        done: Any = await session.execute(
            update(Upload)
            .where(*mine, *conditions)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        return bool(done.rowcount)
