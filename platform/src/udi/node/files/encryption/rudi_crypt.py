"""RUDI's encrypted media (types ending in `+crypt`): an AES-256-GCM file whose key travels under the reader's RSA key.

    RSA-OAEP (SHA-256, MGF1 with SHA-256) of key (32 bytes) and nonce (12 bytes), then the encrypted file, then its tag.

One tag ends the whole file, so nothing may be believed before the end: what is read goes to a temporary file, itself
sealed with a key that lives in memory only, and comes out once the tag is right. Memory stays constant both ways.
"""

import os
import tempfile
from collections.abc import AsyncIterable, AsyncIterator
from functools import partial
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import AEADDecryptionContext, Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256

from udi.node.files.encryption import sealed_format
from udi.node.files.encryption.sealed_format import ChunkRange, Seal

SUFFIX = "+crypt"
KEY = 32
NONCE = 12
TAG = 16
LARGEST = (1 << 36) - 32
"""Bytes that AES-GCM may encrypt under one nonce (NIST SP 800-38D)."""
PIECE = 1 << 20


class DecryptionError(Exception):
    """An encrypted medium cannot be read: another key, a change, a cut. Nothing of it was given."""


def padding() -> OAEP:
    """RSA-OAEP as RUDI writes it."""
    return OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=None)


async def encrypt(
    pieces: AsyncIterable[bytes], reader: RSAPublicKey
) -> AsyncIterator[bytes]:
    """The encrypted medium of these bytes, for whoever holds the private half of `reader`.

    Raises:
        ValueError: there is more than AES-GCM may encrypt at once (64 GiB).
    """
    key = os.urandom(KEY)
    nonce = os.urandom(NONCE)
    size = 0
    yield reader.encrypt(key + nonce, padding())
    encryptor = Cipher(AES(key), GCM(nonce)).encryptor()
    async for piece in pieces:
        size += len(piece)
        if size > LARGEST:
            raise ValueError("This is longer than one nonce allows.")
        yield encryptor.update(piece)
    yield encryptor.finalize() + encryptor.tag


def plain_size(size: int, reader: RSAPublicKey) -> int:
    """How many bytes an encrypted medium of this size holds."""
    return size - reader.key_size // 8 - TAG


async def decrypt(
    pieces: AsyncIterable[bytes], owner: RSAPrivateKey, folder: Path | None = None
) -> AsyncIterator[bytes]:
    """The bytes of an encrypted medium, given only once all of them are known to be right.

    `folder` takes the temporary file, as long as the medium and never in clear; it is gone at the end, whatever happens.

    Raises:
        DecryptionError: it is not for this key, or not as it was written.
    """
    seal = Seal.create(UUID(int=0), sealed_format.new_key(), "")
    with tempfile.TemporaryFile(dir=folder) as spool:
        async for piece in seal.seal(_decrypt_pieces(pieces, owner)):
            spool.write(piece)
        size = sealed_format.plain_size(spool.tell())
        spool.seek(sealed_format.HEADER)
        opening = sealed_format.ChunkDecryptor(seal, ChunkRange(0, size, size))
        for piece in iter(partial(spool.read, PIECE), b""):
            for plain in opening.decrypt(piece):
                yield plain
        for plain in opening.finish():
            yield plain


async def _decrypt_pieces(
    pieces: AsyncIterable[bytes], owner: RSAPrivateKey
) -> AsyncIterator[bytes]:
    """What is inside, in order; an error at the end takes it all back."""
    length = owner.key_size // 8
    buffer = bytearray()
    decryptor = None
    async for piece in pieces:
        buffer += piece
        if decryptor is None and len(buffer) >= length:
            decryptor = _create_decryptor(bytes(buffer[:length]), owner)
            del buffer[:length]
        if decryptor is not None and len(buffer) > TAG:
            yield decryptor.update(bytes(buffer[:-TAG]))
            del buffer[:-TAG]
    if decryptor is None or len(buffer) != TAG:
        raise DecryptionError("the medium is cut")
    try:
        yield decryptor.finalize_with_tag(bytes(buffer))
    except InvalidTag as error:
        raise DecryptionError("the medium was changed, or is cut") from error


def _create_decryptor(block: bytes, owner: RSAPrivateKey) -> AEADDecryptionContext:
    try:
        secret = owner.decrypt(block, padding())
    except ValueError as error:
        raise DecryptionError("the medium is for another key") from error
    if len(secret) != KEY + NONCE:
        raise DecryptionError("the medium is for another key")
    return Cipher(AES(secret[:KEY]), GCM(secret[KEY:])).decryptor()
