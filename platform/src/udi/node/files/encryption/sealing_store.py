"""The object store as the node uses it: what belongs to a sealed space is encrypted on its way in and opened on its way out.

Callers do not know. Sizes that `list` gives are those of the objects, which are longer when sealed.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import Database, is_unavailable
from udi.kit.errors import UnavailableError
from udi.kit.keyring import Keyring, KeyringFile, OpenKeyring
from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import space_context
from udi.node.files.encryption import sealed_format
from udi.node.files.encryption.sealed_format import BrokenSealError, ChunkRange, Seal
from udi.node.files.models import SpaceKey
from udi.node.files.storage.memory import MemoryFolder
from udi.node.files.storage.store import ObjectChangedError, ObjectContent, ObjectStore
from udi.node.spaces.models import Sealing, Space
from udi.settings import Settings

log = structlog.get_logger()
PURPOSE = "sealed spaces 1"
CACHE_SECONDS = 5.0
"""Seconds for which what is known of a space's keys is good."""
TRIES = 3


class SealError(UnavailableError):
    """A sealed file cannot be read or written; `reason` is for the operator."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "This file is kept encrypted, and cannot be opened now.",
            remedy="Nothing was shown to anyone. Contact the territory’s team.",
            headers={"Retry-After": "300"},
        )
        self.reason = reason
        log.error("sealed file not opened", reason=reason)


@dataclass(frozen=True)
class SpaceSealing:
    """How a space is sealed, and its keys, newest first."""

    sealing: Sealing = Sealing.OPEN
    keys: dict[UUID, bytes] = field(default_factory=dict, repr=False)


def wrap_space_key(
    keyring: Keyring, tenant: UUID, space: UUID, key_id: UUID, key: bytes
) -> tuple[str, bytes]:
    """A space's key as a row holds it: which key of the ring wrapped it, and the wrapped bytes."""
    leading = keyring.current_key
    return leading.id, sealed_format.wrap(
        leading.derive(PURPOSE, tenant), key, _context(tenant, space, key_id)
    )


def open_space_key(keyring: Keyring, row: SpaceKey) -> bytes:
    """The key of a row.

    Raises:
        SealError: the ring no longer holds what wrapped it, or the row was changed.
    """
    ring_key = keyring.find(row.wrapped_by)
    if ring_key is None:
        raise SealError(f"the secret file_keys lacks the key {row.wrapped_by}")
    context = _context(row.tenant_id, row.space_id, row.id)
    try:
        return sealed_format.unwrap(
            ring_key.derive(PURPOSE, row.tenant_id), row.wrapped, context
        )
    except BrokenSealError as error:
        raise SealError("the key of a space does not open") from error


async def read_keys(
    session: AsyncSession, open_ring: OpenKeyring, space_id: UUID
) -> SpaceSealing:
    """How a space is sealed, with its keys; most are not, and cost no more than a look."""
    sealing = await session.scalar(select(Space.sealing).where(Space.id == space_id))
    rows = await session.scalars(
        select(SpaceKey)
        .where(SpaceKey.space_id == space_id)
        .order_by(SpaceKey.created_at.desc(), SpaceKey.id)
    )
    return SpaceSealing(
        Sealing(sealing or Sealing.OPEN),
        {row.id: open_space_key(open_ring(), row) for row in rows},
    )


class SpaceKeyCache:
    """The keys of spaces by (territory, space), read from the database and kept for some seconds."""

    def __init__(self, database: Database, open_ring: OpenKeyring) -> None:
        self._database = database
        self._open_ring = open_ring
        self._cached: dict[tuple[UUID, UUID], tuple[SpaceSealing, float]] = {}
        self._locks: dict[tuple[UUID, UUID], asyncio.Lock] = {}

    async def find(self, key: str) -> SpaceSealing:
        """The keys of the space whose object this is; none for what belongs to no space.

        While the database does not answer, what was known stays.
        """
        owner = _owner(key)
        if owner is None:
            return SpaceSealing()
        if (fresh := self._find_cached(owner)) is not None:
            return fresh
        async with self._locks.setdefault(owner, asyncio.Lock()):
            if (fresh := self._find_cached(owner)) is not None:
                return fresh
            try:
                return await self._read(self._database, *owner)
            except Exception as error:
                if owner in self._cached and is_unavailable(error):
                    return self._cached[owner][0]
                raise

    def _find_cached(self, owner: tuple[UUID, UUID]) -> SpaceSealing | None:
        entry = self._cached.get(owner)
        if entry is not None and time.monotonic() - entry[1] < CACHE_SECONDS:
            return entry[0]
        return None

    def find_blocking(self, key: str) -> SpaceSealing:
        """The same in a thread, or in any code that awaits nothing."""
        owner = _owner(key)
        if owner is None:
            return SpaceSealing()
        if (fresh := self._find_cached(owner)) is not None:
            return fresh
        with ThreadPoolExecutor(1) as aside:
            return aside.submit(asyncio.run, self._read_in_thread(*owner)).result()

    async def _read_in_thread(self, tenant: UUID, space: UUID) -> SpaceSealing:
        database = self._database.clone()
        try:
            return await self._read(database, tenant, space)
        finally:
            await database.close()

    async def _read(
        self, database: Database, tenant: UUID, space: UUID
    ) -> SpaceSealing:
        """Whoever asks for an object may read it: its keys are looked for in whichever space it is."""
        with space_context(None):
            async with database.session(tenant) as session:
                keys = await read_keys(session, self._open_ring, space)
        self._cached[tenant, space] = keys, time.monotonic()
        return keys

    def forget(self) -> None:
        """Read again at the next question."""
        self._cached.clear()


class SealingStore(ObjectStore):
    """An object store that seals; without `keys` it is the plain one."""

    keys: SpaceKeyCache
    memory: MemoryFolder

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        database: Database,
        open_ring: OpenKeyring | None = None,
    ) -> "SealingStore":
        """The store that the settings name, with the keys of this database."""
        store = cls.of(settings)
        store.keys = SpaceKeyCache(database, open_ring or KeyringFile(settings))
        store.memory = MemoryFolder.of(settings)
        return store

    async def reading_folder(self, key: str) -> Path | None:
        """What is of a sealed space is in clear in memory alone.

        Raises:
            NoMemoryFolderError: this machine has none.
        """
        keys = await self.keys.find(key)
        if keys.sealing is Sealing.OPEN:
            return None
        return self.memory.require()

    async def put(self, key: str, content: AsyncIterator[bytes]) -> None:
        """Store what the iterator gives, sealed where the space asks for it."""
        seal = await self._create_seal(key)
        await super().put(key, seal.seal(content) if seal else content)

    async def put_bytes(self, key: str, content: bytes | bytearray) -> None:
        """The same for a few megabytes at once."""
        seal = await self._create_seal(key)
        if seal is not None:
            content = b"".join(
                [piece async for piece in seal.seal(_single_piece(bytes(content)))]
            )
        await super().put_bytes(key, content)

    async def _create_seal(self, key: str) -> Seal | None:
        """The seal of a new object, where its space asks for one."""
        keys = await self.keys.find(key)
        if keys.sealing is Sealing.OPEN:
            return None
        if not keys.keys:
            raise SealError("a sealed space has no key")
        return Seal.create(*next(iter(keys.keys.items())), key)

    async def open(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Find an object, then give its bytes, opened, from `start` up to but not including `end`."""
        keys = await self.keys.find(key)
        if not keys.keys or start >= end:
            return await super().open(key, start, end)
        for _ in range(TRIES):
            seal, looked = await self._find_seal(key, keys)
            if seal is None:
                return await super().open(key, start, end)
            size = _plain_size(looked.size)
            part = ChunkRange(start, min(end, size), size)
            if part.start >= part.end:
                return await super().open(key, 0, 0)
            try:
                stored_object = await self.find(key, *part.span, tag=looked.tag)
            except ObjectChangedError:
                continue
            return _translate_errors(seal.unseal(stored_object.pieces, part))
        raise SealError("an object changes each time it is read")

    def read(self, key: str) -> Iterator[bytes]:
        """The whole object piece by piece, opened, for a thread."""
        keys = self.keys.find_blocking(key)
        length, pieces = self.fetch(key)
        begun = b""
        while (
            keys.keys
            and len(begun) < sealed_format.HEADER
            and (piece := next(pieces, b""))
        ):
            begun += piece
        if keys.keys:
            seal = _seal_of(begun[: sealed_format.HEADER], keys, key)
        else:
            seal = None
        if seal is None:
            yield from filter(None, (begun,))
            yield from pieces
        else:
            yield from _unseal_pieces(
                seal, _plain_size(length), begun[sealed_format.HEADER :], pieces
            )

    async def is_sealed(self, key: str) -> bool:
        """Whether an object is sealed with the newest key of its space."""
        keys = await self.keys.find(key)
        seal, _ = await self._find_seal(key, keys)
        return seal is not None and seal.key_id == next(iter(keys.keys))

    async def _find_seal(
        self, key: str, keys: SpaceSealing
    ) -> tuple[Seal | None, ObjectContent]:
        """The seal of an object if it has one, and the object."""
        stored_object = await self.find(key, 0, sealed_format.HEADER)
        header = b"".join([piece async for piece in stored_object.pieces])
        return _seal_of(header, keys, key), stored_object


OBJECTS = ServiceKey[SealingStore]("object store", "files")


def _seal_of(header: bytes, keys: SpaceSealing, key: str) -> Seal | None:
    try:
        seal = Seal.open(header, keys.keys.get, key)
    except BrokenSealError as error:
        raise SealError(str(error)) from error
    if seal is None and keys.sealing is Sealing.WHOLE:
        raise SealError("an object of a sealed space is not sealed")
    return seal


def _plain_size(length: int) -> int:
    try:
        return sealed_format.plain_size(length)
    except BrokenSealError as error:
        raise SealError(str(error)) from error


def _unseal_pieces(
    seal: Seal, size: int, begun: bytes, pieces: Iterator[bytes]
) -> Iterator[bytes]:
    try:
        opening = sealed_format.ChunkDecryptor(seal, ChunkRange(0, size, size))
        for piece in chain((begun,), pieces):
            yield from opening.decrypt(piece)
        yield from opening.finish()
    except BrokenSealError as error:
        raise SealError(str(error)) from error


async def _translate_errors(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for piece in pieces:
            yield piece
    except BrokenSealError as error:
        raise SealError(str(error)) from error


async def _single_piece(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _owner(key: str) -> tuple[UUID, UUID] | None:
    parts = key.split("/")
    try:
        return UUID(parts[0]), UUID(parts[1])
    except (ValueError, IndexError):
        return None


def _context(tenant: UUID, space: UUID, key_id: UUID) -> bytes:
    return f"{tenant}/{space}/{key_id}".encode()
