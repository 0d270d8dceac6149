"""The wheel that an operator brings: read and checked before anything is made of it."""

import hashlib
import platform
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from udi.cli.local.errors import LocalError

PROJECT = "udi"
SHORT_DIGEST = 12
PINS = f"{PROJECT}/_release/run.txt"
"""Where a wheel holds the list of its dependencies, with their hashes (`pyproject.toml`)."""


@dataclass(frozen=True)
class Wheel:
    """A wheel of this program, whose checksum is the announced one."""

    path: Path
    sha256: str
    version: Version

    @property
    def release(self) -> str:
        """The name of its folder, the same as the play gives."""
        return f"{self.path.name.split('-')[1]}-{self.sha256[:SHORT_DIGEST]}"


def read_wheel(path: Path, sha256: str) -> Wheel:
    """The wheel at this path.

    Raises:
        LocalError: it is absent, not the announced one, not of this program, or not for this Python.
    """
    if not path.is_file():
        raise LocalError(
            f"There is no wheel at {path}", "copy it to this machine first"
        )
    digest = checksum(path)
    if digest != sha256.strip().lower():
        cause = f"{path.name} is not the wheel announced (its sha256 begins with {digest[:SHORT_DIGEST]})"
        raise LocalError(
            cause, "fetch it again, or give the sha256 that its publisher announces"
        )
    metadata = _metadata(path)
    if metadata["Name"] != PROJECT:
        raise LocalError(
            f"{path.name} is a wheel of «{metadata['Name']}», not of «{PROJECT}»",
            "bring the right one",
        )
    python_requirement = SpecifierSet(metadata["Requires-Python"] or "")
    python_version = platform.python_version()
    if python_version not in python_requirement:
        cause = f"{path.name} asks for Python {python_requirement} and this machine has {python_version}"
        raise LocalError(
            cause,
            "upgrade the machine's Python first, or stay at a release for this one",
        )
    return Wheel(path, digest, Version(metadata["Version"]))


def read_pins(wheel: Wheel) -> bytes | None:
    """The list of its dependencies that a wheel holds; None in one of a release that held none yet."""
    with zipfile.ZipFile(wheel.path) as content:
        if PINS not in content.namelist():
            return None
        return content.read(PINS)


def version_of(release: str) -> Version | None:
    """The version that the name of a release's folder says."""
    try:
        return Version(release.rpartition("-")[0])
    except InvalidVersion:
        return None


def checksum(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _metadata(path: Path) -> Message:
    try:
        with zipfile.ZipFile(path) as content:
            name = next(
                member
                for member in content.namelist()
                if member.endswith(".dist-info/METADATA")
            )
            return Parser().parsestr(content.read(name).decode(), headersonly=True)
    except (zipfile.BadZipFile, StopIteration) as error:
        raise LocalError(
            f"{path.name} is not a wheel", "bring the file that the release offers"
        ) from error
