"""`udi decrypt`, on what RUDI's nodes write."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from typer.testing import CliRunner

from udi.cli.local.errors import LocalError
from udi.cli.main import build_app
from udi.node.files.encryption.rudi_crypt import encrypt

CONTENT = b"compteur;index\nPA-0001;12\n" * 50_000


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b""
) -> bytes:
    if password:
        locked = serialization.BestAvailableEncryption(password)
    else:
        locked = serialization.NoEncryption()
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked
    )


@pytest.fixture(scope="module")
def owner() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def medium(owner: rsa.RSAPrivateKey, tmp_path: Path) -> Path:
    """A medium for the owner's key, whose private half is `private.pem`."""

    async def once() -> AsyncIterator[bytes]:
        yield CONTENT

    async def encrypt_content() -> bytes:
        return b"".join([piece async for piece in encrypt(once(), owner.public_key())])

    (tmp_path / "private.pem").write_bytes(pem(owner))
    path = tmp_path / "compteurs.csv.crypt"
    path.write_bytes(asyncio.run(encrypt_content()))
    return path


def run(medium: Path, *, key: str = "private.pem", to: str = "compteurs.csv") -> str:
    folder = medium.parent
    arguments = [
        "decrypt",
        str(medium),
        "--key",
        str(folder / key),
        "--to",
        str(folder / to),
    ]
    result = CliRunner().invoke(build_app("decrypt"), arguments)
    if result.exception is not None:
        raise result.exception
    return result.output


def test_the_file_comes_out_whole_for_its_owner_only(medium: Path) -> None:
    run(medium)

    out = medium.parent / "compteurs.csv"
    assert out.read_bytes() == CONTENT
    assert out.stat().st_mode & 0o077 == 0


def test_a_key_with_a_password_takes_it_from_the_environment(
    medium: Path, owner: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    (medium.parent / "locked.pem").write_bytes(pem(owner, b"mot de passe"))
    with pytest.raises(LocalError, match="UDI_KEY_PASSWORD"):
        run(medium, key="locked.pem")
    monkeypatch.setenv("UDI_KEY_PASSWORD", "mot de passe")

    run(medium, key="locked.pem")

    assert (medium.parent / "compteurs.csv").read_bytes() == CONTENT


@pytest.mark.parametrize("change", ["cut", "altered", "other key"])
def test_what_is_not_right_leaves_nothing(medium: Path, change: str) -> None:
    content = bytearray(medium.read_bytes())
    if change == "cut":
        del content[-1]
    if change == "altered":
        content[300] ^= 1
    medium.write_bytes(content)
    (medium.parent / "other.pem").write_bytes(
        pem(rsa.generate_private_key(65537, 2048))
    )

    with pytest.raises(LocalError, match="nothing was written"):
        run(medium, key="other.pem" if change == "other key" else "private.pem")

    assert not list(medium.parent.glob("*compteurs.csv"))
    assert not list(medium.parent.glob(".compteurs*"))


def test_a_file_that_is_there_stays(medium: Path) -> None:
    (medium.parent / "compteurs.csv").write_bytes(b"mine")

    with pytest.raises(LocalError, match="there already"):
        run(medium)

    assert (medium.parent / "compteurs.csv").read_bytes() == b"mine"


def test_another_kind_of_key_is_reported(medium: Path) -> None:
    (medium.parent / "ec.pem").write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))

    with pytest.raises(LocalError, match="no RSA key"):
        run(medium, key="ec.pem")


def test_a_medium_that_is_absent_is_reported(medium: Path) -> None:
    medium.unlink()

    with pytest.raises(LocalError, match="nothing was written"):
        run(medium)
