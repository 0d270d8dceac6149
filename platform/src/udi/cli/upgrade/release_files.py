"""What an operator brings of a release: its wheel and the list of its dependencies, verified by signature or checksum."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from udi.cli.local.errors import LocalError
from udi.cli.upgrade.signature import (
    FETCH_AGAIN,
    SIGNERS,
    SUMS,
    ReleaseSums,
    read_signed_sums,
)
from udi.cli.upgrade.wheel import PROJECT, Wheel, checksum, read_pins, read_wheel

REQUIREMENTS = "run.txt"
WHEEL = re.compile(rf"{PROJECT}-[^/]+\.whl")


@dataclass(frozen=True)
class ReleaseFiles:
    """A wheel and the list of its dependencies, with the checksums that they have to have."""

    wheel: Wheel
    requirements: Path
    requirements_sha256: str
    wheelhouse: Path | None = None
    """The folder of the dependencies' wheels, to install without a network."""
    fingerprint: str = ""
    """Of the key that signed the release; empty where the operator gave the checksum of the wheel."""


def read_announced(
    path: Path, sha256: str, requirements: Path, wheelhouse: Path | None
) -> ReleaseFiles:
    """The files whose wheel has the checksum that the operator gives; the list of its dependencies is the one in it.

    Raises:
        LocalError: it is another wheel or another list, or a file is absent.
    """
    wheel = read_wheel(path, sha256)
    digest = _require_checksum(requirements)
    pins = read_pins(wheel)
    if pins is not None and hashlib.sha256(pins).hexdigest() != digest:
        raise LocalError(
            f"{requirements} is not the list of the dependencies of {path.name}, which holds another",
            FETCH_AGAIN,
        )
    return ReleaseFiles(wheel, requirements, digest, wheelhouse)


def read_signed(
    path: Path,
    signers: Path | None,
    requirements: Path | None,
    wheelhouse: Path | None,
) -> ReleaseFiles:
    """The files of a release, by its folder or its wheel, as its signed checksums have them.

    Raises:
        LocalError: its signature does not hold, or a file is absent or not the one that was signed.
    """
    if not path.exists():
        raise LocalError(
            f"There is no release at {path}", "copy it to this machine first"
        )
    folder = path if path.is_dir() else path.parent
    sums = read_signed_sums(folder, signers or SIGNERS)
    wheel = _find_wheel(sums) if path.is_dir() else path
    dependencies = requirements or folder / REQUIREMENTS
    for file, name in ((wheel, wheel.name), (dependencies, REQUIREMENTS)):
        if _require_checksum(file) != sums.get_sha256(name):
            raise LocalError(
                f"{file} is not the one of the release: {SUMS} has another checksum of {name}",
                FETCH_AGAIN,
            )
    return ReleaseFiles(
        read_wheel(wheel, sums.get_sha256(wheel.name)),
        dependencies,
        sums.get_sha256(REQUIREMENTS),
        wheelhouse,
        sums.fingerprint,
    )


def _find_wheel(sums: ReleaseSums) -> Path:
    names = [name for name in sums.sha256_by_name if WHEEL.fullmatch(name)]
    if len(names) != 1:
        raise LocalError(
            f"{SUMS} of {sums.folder} names {len(names)} wheels of «{PROJECT}»",
            FETCH_AGAIN,
        )
    return sums.folder / names[0]


def _require_checksum(file: Path) -> str:
    try:
        return checksum(file)
    except OSError as error:
        raise LocalError(
            f"{file} cannot be read ({error.strerror})",
            "copy it to this machine first",
        ) from error
