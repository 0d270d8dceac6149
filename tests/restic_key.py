"""Makes the key of a restic repository cheap to derive: restic takes half a second for it in each of its calls.

That time protects a passphrase from being guessed, and those of the tests protect nothing. The format is that of
restic's design document: a master key, encrypted (AES-256-CTR, Poly1305-AES) under a key of scrypt.
"""

import base64
import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

CHEAPEST = {"N": 2, "r": 1, "p": 1}
NONCE = 16
MAC = 16
MEMORY = 256 * 1024**2


def make_cheap(repository: Path, passphrase: str) -> None:
    """Replace every key of a repository in a folder by one for the same passphrase that costs nothing."""
    for path in list((repository / "keys").iterdir()):
        key = json.loads(path.read_text())
        master = _open(_derive(passphrase, key), base64.b64decode(key["data"]))
        key |= CHEAPEST
        key["data"] = base64.b64encode(_seal(_derive(passphrase, key), master)).decode()
        content = json.dumps(key).encode()
        cheap = path.with_name(hashlib.sha256(content).hexdigest())
        cheap.write_bytes(content)
        cheap.chmod(path.stat().st_mode)
        _give_like(cheap, path)
        path.unlink()


def _give_like(path: Path, other: Path) -> None:
    owner = other.stat()
    os.chown(path, owner.st_uid, owner.st_gid)


def _derive(passphrase: str, key: dict[str, Any]) -> bytes:
    salt = base64.b64decode(key["salt"])
    return hashlib.scrypt(
        passphrase.encode(),
        salt=salt,
        n=key["N"],
        r=key["r"],
        p=key["p"],
        dklen=64,
        maxmem=MEMORY,
    )


def _apply(derived: bytes, nonce: bytes, content: bytes) -> bytes:
    """Encrypt or decrypt: the same in this mode."""
    return (
        Cipher(algorithms.AES(derived[:32]), modes.CTR(nonce))
        .encryptor()
        .update(content)
    )


def _mac(derived: bytes, nonce: bytes, sealed: bytes) -> bytes:
    block = (
        Cipher(algorithms.AES(derived[32:48]), modes.ECB()).encryptor().update(nonce)  # noqa: S305 - one block, as Poly1305-AES asks
    )
    return Poly1305.generate_tag(derived[48:64] + block, sealed)


def _open(derived: bytes, content: bytes) -> bytes:
    nonce = content[:NONCE]
    sealed = content[NONCE:-MAC]
    mac = content[-MAC:]
    assert _mac(derived, nonce, sealed) == mac
    return _apply(derived, nonce, sealed)


def _seal(derived: bytes, content: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    sealed = _apply(derived, nonce, content)
    return nonce + sealed + _mac(derived, nonce, sealed)
