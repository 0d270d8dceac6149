"""Look at what a file hides or does, by its contents first: names lie."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePath

from udi.tabular.formats.file_kind import DIF, FODS, HTML, SYLK, FileKind
from udi.tabular.formats.source import SourceFile
from udi.tabular.messages.notes import UnreadableTableError
from udi.tabular.profiles.opened_files import identify_file
from udi.tabular.safety.archives import EXECUTABLE, PROGRAMS, inflate, inspect_zip
from udi.tabular.safety.documents import (
    inspect_markup,
    inspect_markup_bytes,
    inspect_pdf,
    inspect_picture,
)
from udi.tabular.safety.findings import (
    Danger,
    SafetyFinding,
    SafetySeverity,
    build_finding,
)
from udi.tabular.safety.formulas import inspect_symbolic_link, inspect_text
from udi.tabular.safety.nested_archives import inspect_nested
from udi.tabular.safety.office import (
    inspect_flat_document,
    inspect_old_office,
    inspect_opendocument,
    inspect_openxml,
    remove_empty_libraries,
)

HEAD = 4096
PACKED = (b"PK", b"\x1f\x8b")
PACKED_PAGE = 4 * 1024**2
LARGEST_FLAT = 64 * 1024**2
"""Bytes of a flat OpenDocument that are looked at: as many as are read as a table."""
ORDER = {strength: index for index, strength in enumerate(SafetySeverity)}


def inspect_file(path: Path, name: str, kind: FileKind) -> list[SafetyFinding]:
    """What a file may hide or do, the most serious first; never raises on what the file holds.

    For a child process: the file is read, never run, and nothing of it is written or fetched.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    findings = list(_inspect_contents(path, head, kind))
    if head.startswith(PACKED) and Danger.BOMB not in {
        finding.danger for finding in findings
    }:
        findings += _packed_table(path, name)
    if PurePath(name.lower()).suffix in PROGRAMS:
        findings.append(build_finding(Danger.PROGRAM, names=[name]))
    return sorted(
        findings, key=lambda finding: (ORDER[finding.strength], finding.danger)
    )


def _inspect_contents(
    path: Path, head: bytes, kind: FileKind
) -> Iterable[SafetyFinding]:
    for magic, look in BY_MAGIC.items():
        if head.startswith(magic):
            return look(path)
    if b"%PDF-" in head[:1024]:
        return inspect_pdf(path)
    if head.startswith(EXECUTABLE):
        return [build_finding(Danger.PROGRAM)]
    return _inspect_by_kind(path, head, kind)


def _inspect_by_kind(path: Path, head: bytes, kind: FileKind) -> list[SafetyFinding]:
    if kind.reads == "text" or kind == DIF:
        return inspect_text(SourceFile.at(path))
    if kind == SYLK:
        return inspect_symbolic_link(path)
    if kind == FODS:
        return _inspect_flat(path)
    start = head.replace(b"\x00", b"").lower()
    if kind == HTML or b"<" in start[:256]:
        return list(inspect_markup(path, page=kind == HTML, drawing=b"<svg" in start))
    return []


def _inspect_flat(path: Path) -> list[SafetyFinding]:
    with path.open("rb") as file:
        content = remove_empty_libraries(file.read(LARGEST_FLAT))
    markup = inspect_markup_bytes(content, page=False, drawing=False)
    return [*markup, *inspect_flat_document(content)]


def _packed_table(path: Path, name: str) -> list[SafetyFinding]:
    """What the one table says that an archive holds."""
    try:
        kind, inside = identify_file(SourceFile.at(path, name))
        if kind.reads == "text":
            return inspect_text(inside)
        return []
    except UnreadableTableError:
        return []


def _inspect_archive(path: Path) -> list[SafetyFinding]:
    findings, entries = inspect_zip(path)
    names = {entry.filename for entry in entries}
    if "[Content_Types].xml" in names:
        findings += inspect_openxml(path, entries)
    elif "mimetype" in names and "META-INF/manifest.xml" in names:
        findings += inspect_opendocument(path, entries)
    elif entries:
        findings += inspect_nested(path, entries)
    return findings


def _inspect_gzip(path: Path) -> Iterator[SafetyFinding]:
    try:
        head, size = inflate(path, PACKED_PAGE)
    except zlib.error:
        yield build_finding(Danger.BROKEN)
        return
    if size is None:
        yield build_finding(Danger.BOMB)
    elif b"<svg" in head[:HEAD].lower():
        yield from inspect_markup_bytes(head, page=False, drawing=True)
    elif head.startswith(EXECUTABLE[:2]):
        yield build_finding(Danger.PROGRAM)


BY_MAGIC: dict[bytes, Callable[[Path], Iterable[SafetyFinding]]] = {
    b"PK": _inspect_archive,
    b"\x1f\x8b": _inspect_gzip,
    b"\xd0\xcf\x11\xe0": inspect_old_office,
    b"\xff\xd8\xff": inspect_picture,
    b"\x89PNG": inspect_picture,
}
