"""Archives inside an archive: looked into as far as a person would go, in memory, within one budget for all of them."""

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

from udi.tabular.safety.archives import (
    ARCHIVES,
    BROKEN,
    LARGEST,
    PIECE,
    RATIO,
    SMALLEST_BOMB,
    findings_of_list,
)
from udi.tabular.safety.findings import (
    Danger,
    SafetyFinding,
    SafetySeverity,
    build_finding,
)

DEEPEST = 3
"""Archives inside one another that are looked into; no honest file has more."""
LARGEST_MEMBER = 64 * 1024**2
MOST_MEMBERS = 1000
ZIP = b"PK"
GZIP = b"\x1f\x8b"


class DecompressionBombError(Exception):
    """Unpacked whole, the archive would take more than any honest one."""


@dataclass
class UnpackingBudget:
    """Bytes that the whole tree of archives may say that it unpacks to, and members that may still be opened."""

    left: int
    members: int = MOST_MEMBERS

    def spend(self, size: int) -> None:
        """Count what a member unpacks to.

        Raises:
            DecompressionBombError: it is too much.
        """
        self.left -= size
        self.members -= 1
        if self.left < 0 or self.members < 0:
            raise DecompressionBombError


def inspect_nested(
    path: Path, entries: Sequence[zipfile.ZipInfo]
) -> Iterator[SafetyFinding]:
    """What the archives say that are inside this one, and those inside them."""
    budget = UnpackingBudget(
        min(LARGEST, max(SMALLEST_BOMB, RATIO * path.stat().st_size))
    )
    try:
        with zipfile.ZipFile(path) as archive:
            yield from list(_inspect_entries(archive, entries, budget, depth=1))
    except DecompressionBombError:
        yield build_finding(Danger.BOMB)
    except (*BROKEN, RuntimeError):
        yield build_finding(Danger.BROKEN)


def _inspect_entries(
    archive: zipfile.ZipFile,
    entries: Sequence[zipfile.ZipInfo],
    budget: UnpackingBudget,
    *,
    depth: int,
) -> Iterator[SafetyFinding]:
    unread = []
    for entry in entries:
        beginning = _beginning(archive, entry)
        if not _is_archive(entry.filename, beginning):
            continue
        if depth > DEEPEST:
            raise DecompressionBombError
        if not beginning.startswith((ZIP, GZIP)) or entry.file_size > LARGEST_MEMBER:
            unread.append(entry.filename)
        elif beginning.startswith(GZIP):
            budget.spend(_gzip_size(archive.read(entry), budget.left))
        else:
            yield from _inspect_inner_zip(archive.read(entry), budget, depth=depth + 1)
    if unread:
        yield build_finding(Danger.NESTED, names=unread)


def _inspect_inner_zip(
    content: bytes, budget: UnpackingBudget, *, depth: int
) -> Iterator[SafetyFinding]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        entries = archive.infolist()
        for entry in entries:
            budget.spend(entry.file_size)
        findings = list(findings_of_list(entries, len(content)))
        yield from findings
        closed = any(
            finding.strength is SafetySeverity.QUARANTINE
            or finding.danger is Danger.PASSWORD
            for finding in findings
        )
        if not closed:
            yield from _inspect_entries(archive, entries, budget, depth=depth)


def _beginning(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.is_dir() or entry.file_size == 0:
        return b""
    with archive.open(entry) as file:
        return file.read(4)


def _is_archive(name: str, beginning: bytes) -> bool:
    """By its beginning, whatever its name says; by its name where the beginning says nothing to us."""
    return (
        beginning.startswith((ZIP + b"\x03\x04", GZIP))
        or PurePosixPath(name.lower()).suffix in ARCHIVES
    )


def _gzip_size(content: bytes, most: int) -> int:
    """The bytes that a gzip member unpacks to, counted as far as `most` and a little further."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    size = 0
    piece = content
    while piece and size <= most:
        size += len(inflater.decompress(piece, PIECE))
        piece = inflater.unconsumed_tail
    return size
