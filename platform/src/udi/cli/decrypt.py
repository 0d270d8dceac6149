"""`udi decrypt`: open a medium that a RUDI node encrypted for the reader's own key."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from udi.cli.local.errors import LocalError
from udi.node.files.encryption.rudi_crypt import PIECE, DecryptionError
from udi.node.files.encryption.rudi_crypt import decrypt as open_medium

REMEDY = "download it again, and use the key whose public half the producer has"
PASSWORD = "UDI_KEY_PASSWORD"  # noqa: S105 - the name of a variable


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(decrypt)


def decrypt(
    medium: Annotated[
        Path, typer.Argument(help="The encrypted file (a type that ends in +crypt).")
    ],
    key: Annotated[
        Path,
        typer.Option(
            help="Your private key (PEM), whose public half the file was encrypted for."
        ),
    ],
    to: Annotated[
        Path, typer.Option(help="Where the file goes; there must be none yet.")
    ],
) -> None:
    """Open a file that a RUDI node encrypted for you, on your own machine.

    Nothing is written unless the whole file is right: its one seal is at its end. The key and the file go nowhere.
    A key that has a password takes it from the variable UDI_KEY_PASSWORD.
    """
    owner = _read_key(key)
    if to.exists():
        raise LocalError(f"{to} is there already", "choose another name")
    try:
        with _partial_file(to) as arriving:
            size = asyncio.run(_write_decrypted(medium, owner, arriving))
    except DecryptionError as error:
        raise LocalError(
            f"{medium} cannot be opened: {error}; nothing was written", REMEDY
        ) from error
    except OSError as error:
        raise LocalError(
            f"{medium} could not be opened ({error.strerror}); nothing was written",
            "look at the path, and at the place left",
        ) from error
    print(f"{to}: {size} bytes")


def _read_key(path: Path) -> RSAPrivateKey:
    password = os.environ.get(PASSWORD)
    try:
        owner = load_pem_private_key(
            path.read_bytes(), password.encode() if password else None
        )
    except (OSError, ValueError, TypeError) as error:
        raise LocalError(
            f"{path} is no private key that can be read",
            f"give a PEM file, and its password in {PASSWORD}",
        ) from error
    if not isinstance(owner, RSAPrivateKey):
        raise LocalError(
            f"{path} is no RSA key",
            "RUDI encrypts for RSA keys, see docs/how-to/read-rudis-encrypted-media.md",
        )
    return owner


@contextmanager
def _partial_file(to: Path) -> Iterator[Path]:
    """A file beside the one that is wanted, for its owner only, which takes its name at the end or goes."""
    arriving = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        arriving.touch(mode=0o600, exist_ok=False)
        yield arriving
        arriving.rename(to)
    finally:
        arriving.unlink(missing_ok=True)


async def _write_decrypted(medium: Path, owner: RSAPrivateKey, target: Path) -> int:
    size = 0
    with target.open("wb") as out:
        async for piece in open_medium(_read_pieces(medium), owner, target.parent):
            size += out.write(piece)
    return size


async def _read_pieces(medium: Path) -> AsyncIterator[bytes]:
    with medium.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
