"""RUDI's encrypted media, against an implementation of another kind: OpenSSL's command line and one-shot primitives."""

import hashlib
import os
import shutil
import subprocess
import tracemalloc
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.node.pieces import collect, split_content
from udi.node.files.encryption import rudi_crypt
from udi.node.files.encryption.rudi_crypt import (
    DecryptionError,
    decrypt,
    encrypt,
    plain_size,
)

pytestmark = pytest.mark.programs

OAEP = [
    "-pkeyopt",
    "rsa_padding_mode:oaep",
    "-pkeyopt",
    "rsa_oaep_md:sha256",
    "-pkeyopt",
    "rsa_mgf1_md:sha256",
]
MEGABYTE = 1 << 20
CONTENT = os.urandom(300_001)
BLOCK = 256
TAG = 16


@pytest.fixture(scope="module")
def owner() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def keys(owner: rsa.RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both halves of the key, for OpenSSL."""
    if not shutil.which("openssl"):
        pytest.skip("needs the command openssl")
    folder = tmp_path_factory.mktemp("keys")
    pem = serialization.Encoding.PEM
    format_ = serialization.PublicFormat.SubjectPublicKeyInfo
    private = owner.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "private.pem").write_bytes(private)
    (folder / "public.pem").write_bytes(owner.public_key().public_bytes(pem, format_))
    return folder


def openssl(keys: Path, verb: str, content: bytes) -> bytes:
    """RSA-OAEP by OpenSSL: `-encrypt` for the public half, `-decrypt` with the private one."""
    if verb == "-encrypt":
        key = ["-pubin", "-inkey", keys / "public.pem"]
    else:
        key = ["-inkey", keys / "private.pem"]
    command = ["openssl", "pkeyutl", verb, *key, *OAEP]
    return subprocess.run(
        command, input=content, capture_output=True, check=True
    ).stdout


async def whole(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_what_is_written_here_is_read_elsewhere(
    owner: rsa.RSAPrivateKey, keys: Path
) -> None:
    medium = await whole(encrypt(split_content(CONTENT, 70_001), owner.public_key()))

    secret = openssl(keys, "-decrypt", medium[:BLOCK])

    assert len(secret) == 44
    assert AESGCM(secret[:32]).decrypt(secret[32:], medium[BLOCK:], None) == CONTENT
    assert len(medium) == len(CONTENT) + BLOCK + TAG
    assert plain_size(len(medium), owner.public_key()) == len(CONTENT)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 65_535, 65_536, 65_537, 300_001])
@pytest.mark.parametrize("pieces", [7_919, MEGABYTE])
async def test_what_is_written_elsewhere_is_read_here(
    owner: rsa.RSAPrivateKey, keys: Path, size: int, pieces: int
) -> None:
    key = os.urandom(32)
    nonce = os.urandom(12)
    medium = openssl(keys, "-encrypt", key + nonce) + AESGCM(key).encrypt(
        nonce, CONTENT[:size], None
    )

    assert await whole(decrypt(split_content(medium, pieces), owner)) == CONTENT[:size]


HARMS: dict[str, Callable[[bytes], bytes]] = {
    "a bit of the file": lambda medium: (
        medium[:400] + bytes([medium[400] ^ 1]) + medium[401:]
    ),
    "a bit of the tag": lambda medium: medium[:-1] + bytes([medium[-1] ^ 1]),
    "a bit of the key": lambda medium: bytes([medium[0] ^ 1]) + medium[1:],
    "last byte away": lambda medium: medium[:-1],
    "a byte more": lambda medium: medium + b"x",
    "only the key": lambda medium: medium[:BLOCK],
    "less than the key": lambda medium: medium[:100],
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("harm", HARMS)
async def test_nothing_of_a_harmed_medium_is_given(
    owner: rsa.RSAPrivateKey, harm: str, tmp_path: Path
) -> None:
    medium = await whole(encrypt(split_content(CONTENT, MEGABYTE), owner.public_key()))
    output = list[bytes]()

    with pytest.raises(DecryptionError):
        await collect(
            decrypt(split_content(HARMS[harm](medium), 50_000), owner, tmp_path), output
        )

    assert output == []
    assert left_in(tmp_path) == []


async def test_a_medium_for_somebody_else_is_refused(owner: rsa.RSAPrivateKey) -> None:
    medium = await whole(
        encrypt(
            split_content(CONTENT, MEGABYTE),
            rsa.generate_private_key(65537, 2048).public_key(),
        )
    )

    with pytest.raises(DecryptionError):
        await whole(decrypt(split_content(medium, MEGABYTE), owner))


async def test_two_media_under_one_key_share_nothing(owner: rsa.RSAPrivateKey) -> None:
    first, second = [
        await whole(encrypt(split_content(CONTENT, MEGABYTE), owner.public_key()))
        for _ in range(2)
    ]

    assert (
        await whole(decrypt(split_content(second, 9_000), owner))
        == await whole(decrypt(split_content(first, 9_000), owner))
        == CONTENT
    )
    assert first[:BLOCK] != second[:BLOCK]
    assert first[BLOCK:] != second[BLOCK:]


async def test_more_than_one_nonce_allows_is_refused(
    owner: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rudi_crypt, "LARGEST", 1000)

    with pytest.raises(ValueError, match="longer"):
        await whole(encrypt(split_content(CONTENT, 600), owner.public_key()))


async def test_a_large_medium_takes_constant_memory_both_ways(
    owner: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    async def many(count: int) -> AsyncIterator[bytes]:
        for number in range(count):
            yield bytes([number % 251]) * MEGABYTE

    tracemalloc.start()
    digest = hashlib.sha256()
    size = 0
    async for piece in decrypt(encrypt(many(64), owner.public_key()), owner, tmp_path):
        digest.update(piece)
        size += len(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert size == 64 * MEGABYTE
    assert (
        digest.hexdigest()
        == hashlib.sha256(
            b"".join(bytes([n % 251]) * MEGABYTE for n in range(64))
        ).hexdigest()
    )
    assert peak < 16 * MEGABYTE
