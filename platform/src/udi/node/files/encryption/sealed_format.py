"""The form of a sealed object: AES-256-GCM in chunks of 64 KiB (STREAM, Hoang and others, 2015), any part readable alone.

A header of 96 bytes, then the chunks, each followed by its tag of 16 bytes:

    0   8  magic and version: «UDISEAL1»
    8   1  binary logarithm of the chunk's length: 16
    9  16  id of the space's key that wraps the key of this object
   25  12  nonce of that wrapping
   37  48  key of this object, wrapped (AES-256-GCM)
   85  11  zeros

The nonce of a chunk is seven zeros, its number (4 bytes, big endian) and 1 for the last chunk, 0 for others: the key is of
this object alone, so no nonce comes twice. Header and name of the object are authenticated with every chunk, so that
chunks neither move, nor leave, nor come from elsewhere; a cut shows at the last chunk.
"""

import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"UDISEAL1"
LOG = 16
CHUNK = 1 << LOG
TAG = 16
SEALED_CHUNK = CHUNK + TAG
HEADER = 96
NONCE = 12
KEY = 32
WRAPPED = KEY + TAG
KEY_AT = 9
NONCE_AT = 25
WRAPPED_AT = 37
BATCH = 16
"""How many chunks are given at once."""
MOST_CHUNKS = 1 << 32


class BrokenSealError(Exception):
    """A sealed object is not as it was written: changed, cut, moved, or sealed with another key."""


def new_key() -> bytes:
    """A fresh key."""
    return os.urandom(KEY)


def wrap(key: bytes, inner: bytes, context: bytes) -> bytes:
    """A key wrapped by another: nonce, then AES-256-GCM."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, inner, context)


def unwrap(key: bytes, wrapped: bytes, context: bytes) -> bytes:
    """The key inside.

    Raises:
        BrokenSealError: another key or context wrapped it.
    """
    try:
        return AESGCM(key).decrypt(wrapped[:NONCE], wrapped[NONCE:], context)
    except (InvalidTag, ValueError) as error:
        raise BrokenSealError("a wrapped key does not open") from error


def sealed_size(size: int) -> int:
    """How long the object of so many bytes is."""
    return HEADER + size + TAG * max(1, -(-size // CHUNK))


def plain_size(length: int) -> int:
    """How many bytes an object of this length holds.

    Raises:
        BrokenSealError: no sealed object has this length.
    """
    body = length - HEADER
    chunks = -(-body // SEALED_CHUNK)
    rest = body - (chunks - 1) * SEALED_CHUNK
    if body < TAG or rest < TAG or (rest == TAG and chunks > 1):
        raise BrokenSealError("the object is cut")
    return body - chunks * TAG


@dataclass(frozen=True)
class Seal:
    """The key of one object, with all that each of its chunks is bound to."""

    header: bytes
    name: str
    key: bytes = field(repr=False)

    @classmethod
    def create(cls, key_id: UUID, space_key: bytes, name: str) -> "Seal":
        """A seal for a new object."""
        key = new_key()
        start = MAGIC + bytes([LOG]) + key_id.bytes
        header = (start + wrap(space_key, key, start + name.encode())).ljust(
            HEADER, b"\0"
        )
        return cls(header, name, key)

    @classmethod
    def open(
        cls, header: bytes, find_key: Callable[[UUID], bytes | None], name: str
    ) -> "Seal | None":
        """The seal of an object that begins like this; None when it is none of this space's.

        Raises:
            BrokenSealError: it names a key of this space that does not open it.
        """
        if len(header) != HEADER or header[:KEY_AT] != MAGIC + bytes([LOG]):
            return None
        space_key = find_key(UUID(bytes=header[KEY_AT:NONCE_AT]))
        if space_key is None:
            return None
        start = header[:NONCE_AT]
        key = unwrap(
            space_key, header[NONCE_AT : WRAPPED_AT + WRAPPED], start + name.encode()
        )
        return cls(header, name, key)

    @property
    def key_id(self) -> UUID:
        """Of the space's key that wraps this one."""
        return UUID(bytes=self.header[KEY_AT:NONCE_AT])

    async def seal(self, pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        """The object of these bytes, whatever their pieces."""
        number = 0
        waiting = bytearray()
        batch = BATCH * CHUNK
        yield self.header
        async for piece in pieces:
            waiting += piece
            while len(waiting) > batch:
                with memoryview(waiting) as all_of_it, all_of_it[:batch] as begun:
                    done = self._encrypt_chunks(begun, number, last=False)
                yield done
                del waiting[:batch]
                number += BATCH
        yield self._encrypt_chunks(waiting, number, last=True)

    def _encrypt_chunks(
        self, plain: bytearray | memoryview, number: int, *, last: bool
    ) -> bytes:
        """Chunks sealed from `number` on; only the very last of an object is shorter, and it says so."""
        cipher = AESGCM(self.key)
        bound = self.associated_data
        starts = range(0, max(len(plain), 1), CHUNK)
        return b"".join(
            cipher.encrypt(
                _nonce(number + place, last=last and at == starts[-1]),
                plain[at : at + CHUNK],
                bound,
            )
            for place, at in enumerate(starts)
        )

    async def unseal(
        self, pieces: AsyncIterable[bytes], part: "ChunkRange"
    ) -> AsyncIterator[bytes]:
        """The bytes of a part, from those of the object that it named.

        Raises:
            BrokenSealError: they are not as they were written; nothing of the chunk that says so was given.
        """
        reader = ChunkDecryptor(self, part)
        async for piece in pieces:
            for plain in reader.decrypt(piece):
                yield plain
        for plain in reader.finish():
            yield plain

    @property
    def associated_data(self) -> bytes:
        """What every chunk is authenticated with."""
        return self.header + self.name.encode()


@dataclass(frozen=True)
class ChunkRange:
    """Which chunks of an object hold the bytes from `start` up to but not including `end`, where `size` is all it holds."""

    start: int
    end: int
    size: int

    @property
    def first(self) -> int:
        return self.start // CHUNK

    @property
    def last(self) -> int:
        """The chunk of the last byte."""
        return max(self.end - 1, 0) // CHUNK

    @property
    def final(self) -> int:
        """The last chunk of the whole object."""
        return max(self.size - 1, 0) // CHUNK

    @property
    def span(self) -> tuple[int, int]:
        """Where these chunks are in the object."""
        stop = HEADER + (self.last + 1) * SEALED_CHUNK
        return HEADER + self.first * SEALED_CHUNK, min(stop, sealed_size(self.size))


class ChunkDecryptor:
    """Opens chunks as they come, for a thread or a loop."""

    def __init__(self, seal: Seal, part: ChunkRange) -> None:
        self._cipher = AESGCM(seal.key)
        self._bound = seal.associated_data
        self._part = part
        self._waiting = bytearray()
        self._number = part.first

    def decrypt(self, piece: bytes) -> Iterator[bytes]:
        """What one more piece lets be read."""
        self._waiting += piece
        whole = len(self._waiting) // SEALED_CHUNK * SEALED_CHUNK
        for at in range(0, whole, SEALED_CHUNK):
            yield self._decrypt_chunk(bytes(self._waiting[at : at + SEALED_CHUNK]))
        del self._waiting[:whole]

    def finish(self) -> Iterator[bytes]:
        """The rest, once every piece was given."""
        if self._waiting:
            yield self._decrypt_chunk(bytes(self._waiting))
        if self._number <= self._part.last:
            raise BrokenSealError("the object is cut")

    def _decrypt_chunk(self, sealed: bytes) -> bytes:
        number = self._number
        part = self._part
        try:
            plain = self._cipher.decrypt(
                _nonce(number, last=number == part.final), sealed, self._bound
            )
        except (InvalidTag, ValueError) as error:
            raise BrokenSealError("a chunk does not open") from error
        self._number += 1
        begins = number * CHUNK
        return plain[max(part.start - begins, 0) : max(part.end - begins, 0)]


def _nonce(number: int, *, last: bool) -> bytes:
    if number >= MOST_CHUNKS:
        raise BrokenSealError("the object is too long")
    return bytes(7) + number.to_bytes(4, "big") + bytes([last])
