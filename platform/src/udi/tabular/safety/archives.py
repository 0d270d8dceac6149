"""Archives, read from their lists: bombs, names that lead outside, links, programs, passwords."""

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath

from udi.tabular.safety.findings import (
    Danger,
    SafetyFinding,
    SafetySeverity,
    build_finding,
)

MOST_ENTRIES = 10_000
LARGEST = 10 * 1024**3
SMALLEST_BOMB = 100 * 1024**2
RATIO = 100
ENCRYPTED = 1
PIECE = 1024 * 1024
DRIVE = re.compile(r"^[A-Za-z]:|^[/\\]")
PROGRAMS = frozenset(
    [
        ".exe",
        ".dll",
        ".com",
        ".bat",
        ".cmd",
        ".scr",
        ".pif",
        ".msi",
        ".msp",
        ".hta",
        ".lnk",
        ".vbs",
        ".vbe",
        ".js",
        ".jse",
        ".wsf",
        ".wsh",
        ".ps1",
        ".jar",
        ".app",
        ".reg",
        ".cpl",
        ".iso",
    ]
)
ARCHIVES = frozenset([".zip", ".7z", ".rar", ".gz", ".tgz", ".tar", ".bz2", ".xz"])
EXECUTABLE = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
BROKEN = (
    zipfile.BadZipFile,
    NotImplementedError,
    ValueError,
    OSError,
    EOFError,
    OverflowError,
    zlib.error,
)


def inspect_zip(path: Path) -> tuple[list[SafetyFinding], list[zipfile.ZipInfo]]:
    """What the list of a zip says; its entries are given back when it may be opened further."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except BROKEN:
        return [build_finding(Danger.BROKEN)], []
    findings = list(findings_of_list(entries, path.stat().st_size))
    closed = any(
        finding.strength is SafetySeverity.QUARANTINE
        or finding.danger is Danger.PASSWORD
        for finding in findings
    )
    return findings, [] if closed else entries


def findings_of_list(
    entries: Sequence[zipfile.ZipInfo], size: int
) -> Iterator[SafetyFinding]:
    """What the list of an archive of so many bytes says."""
    if _is_bomb(entries, size):
        yield build_finding(Danger.BOMB)
    if outside := [
        entry.orig_filename
        for entry in entries
        if leads_outside(entry.orig_filename) or _is_link(entry)
    ]:
        yield build_finding(Danger.PATHS, names=outside)
    if programs := [
        entry.filename
        for entry in entries
        if PurePosixPath(entry.filename.lower()).suffix in PROGRAMS
    ]:
        yield build_finding(Danger.PROGRAM, names=programs)
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        yield build_finding(Danger.PASSWORD)


def _is_bomb(entries: Sequence[zipfile.ZipInfo], size: int) -> bool:
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES or unpacked > LARGEST:
        return True
    return (unpacked > SMALLEST_BOMB and unpacked > RATIO * max(size, 1)) or _overlap(
        entries
    )


def _overlap(entries: Sequence[zipfile.ZipInfo]) -> bool:
    """Entries that share their bytes: how a small archive pretends to be a large one."""
    ordered = sorted((entry.header_offset, entry.compress_size) for entry in entries)
    return any(
        start + size > following for (start, size), (following, _) in pairwise(ordered)
    )


def leads_outside(name: str) -> bool:
    """Whether a packed file would be written outside the folder it is unpacked in."""
    return bool(DRIVE.match(name)) or ".." in re.split(r"[/\\]", name)


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)


def read_part(path: Path, name: str, most: int) -> bytes:
    """The first bytes of a packed file; empty when it is not there or cannot be read."""
    return b"".join(read_pieces(path, name, most))


def read_pieces(path: Path, name: str, most: int) -> Iterator[bytes]:
    """A packed file piece by piece, as far as `most` bytes."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            while most > 0 and (piece := file.read(min(PIECE, most))):
                most -= len(piece)
                yield piece
    except (*BROKEN, KeyError, RuntimeError):
        return


def inflate(path: Path, most: int) -> tuple[bytes, int | None]:
    """The first bytes of a gzip file as far as `most`, and its whole unpacked size, None for a bomb.

    Raises:
        zlib.error: the file is damaged.
    """
    packed = path.stat().st_size
    unpacked = 0
    head = b""
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    with path.open("rb") as file:
        while piece := file.read(PIECE // 16):
            while piece:
                out = inflater.decompress(piece, PIECE)
                unpacked += len(out)
                head += out[: max(0, most - len(head))]
                if unpacked > LARGEST or unpacked > max(SMALLEST_BOMB, RATIO * packed):
                    return head, None
                piece = inflater.unconsumed_tail
    return head, unpacked
