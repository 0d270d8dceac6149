"""PDF, pictures and marked-up text: scripts, pieces from elsewhere, authors, places."""

import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from udi.tabular.formats.text_encoding import decode, detect_encoding
from udi.tabular.safety.drawings import expands_without_end
from udi.tabular.safety.findings import (
    Danger,
    SafetyFinding,
    SafetySeverity,
    build_finding,
)
from udi.tabular.safety.office import SOFTWARE

LARGEST_PDF = 128 * 1024**2
LARGEST_PAGE = 32 * 1024**2
LARGEST_PICTURE = 64 * 1024**2
INFLATED = 64 * 1024**2
ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
PACKED = re.compile(rb"/ObjStm\b.{0,400}?stream\r?\n", re.DOTALL)
PDF_SCRIPT = re.compile(rb"/(?:JavaScript|JS|Launch|RichMedia)\b")
PDF_AUTHOR = re.compile(
    rb"/Author\s{0,3}(?:\(((?:\\.|[^\\)]){1,200})\)|<([0-9A-Fa-f\s]{2,400})>)"
)
XMP_AUTHOR = re.compile(rb"<dc:creator>.{0,200}?<rdf:li[^>]*>([^<]{1,200})<", re.DOTALL)
SCRIPT = re.compile(
    r"<(?:\w{1,20}:)?script\b|<[^<>]{1,4000}?[\s/\"']on[a-z]{3,20}\s{0,5}=|javascript\s{0,5}:|data:text/html|<(?:iframe|object|embed|handler)\b",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(
    r"<(?!a\b)[a-z:]{1,30}\b[^<>]{0,2000}?\b(?:href|src|data)\s{0,5}=\s{0,5}[\"']?(?:https?:)?//|@import|url\(\s{0,5}[\"']?(?:https?:)?//|<\?xml-stylesheet\b",
    re.IGNORECASE,
)
ENTITIES = re.compile(
    r"<!ENTITY\b|<!DOCTYPE\b[^>\[]{0,500}\bSYSTEM\b|<xi:include\b", re.IGNORECASE
)
GPS = 0x8825
ARTIST = 0x013B
LATITUDE = 2


def inspect_pdf(path: Path) -> Iterator[SafetyFinding]:
    """A PDF: names are read with their escapes, objects that are packed are unpacked."""
    with path.open("rb") as file:
        content = file.read(LARGEST_PDF)
    if re.search(rb"/Encrypt\b", content):
        yield build_finding(Danger.PASSWORD, strength=SafetySeverity.WARNING)
    plain_content = ESCAPED.sub(
        lambda match: bytes([int(match[1], 16)]),
        content + b"\n" + b"\n".join(_unpacked(content)),
    )
    if scripts := len(PDF_SCRIPT.findall(plain_content)):
        yield build_finding(Danger.SCRIPT, count=scripts)
    if files := len(re.findall(rb"/EmbeddedFile\b(?!s)", plain_content)):
        yield build_finding(Danger.EMBEDDED, count=files)
    authors = [_pdf_text(*match.groups()) for match in PDF_AUTHOR.finditer(content)]
    authors += [
        match[1].decode("utf-8", "replace") for match in XMP_AUTHOR.finditer(content)
    ]
    if named := [author for author in authors if not SOFTWARE.fullmatch(author)]:
        yield build_finding(Danger.AUTHOR, count=len(named))


def _unpacked(content: bytes) -> Iterator[bytes]:
    left = INFLATED
    for match in PACKED.finditer(content):
        try:
            if left > 0:
                part = zlib.decompressobj().decompress(content[match.end() :], left)
            else:
                part = b""
        except zlib.error:
            continue
        left -= len(part)
        yield part


def _pdf_text(plain: bytes | None, packed: bytes | None) -> str:
    if packed:
        digits = b"".join(packed.split())
        plain = bytes.fromhex(digits[: len(digits) - len(digits) % 2].decode())
    wide = (plain or b"").startswith((b"\xfe\xff", b"\xff\xfe"))
    return (plain or b"").decode("utf-16" if wide else "latin-1", "replace")


def inspect_markup(path: Path, *, page: bool, drawing: bool) -> Iterator[SafetyFinding]:
    """HTML (`page`), SVG (`drawing`) and other XML."""
    with path.open("rb") as file:
        yield from inspect_markup_bytes(
            file.read(LARGEST_PAGE), page=page, drawing=drawing
        )


def inspect_markup_bytes(
    content: bytes, *, page: bool, drawing: bool
) -> Iterator[SafetyFinding]:
    """The same, from its bytes."""
    text = decode(content, detect_encoding([content[:65536]], 65536).encoding)
    if (ENTITIES.search(text) and not page) or (
        drawing and expands_without_end(content)
    ):
        yield build_finding(Danger.ENTITIES)
    if scripts := sum(1 for _ in SCRIPT.finditer(text)):
        yield build_finding(
            Danger.SCRIPT,
            count=scripts,
            strength=SafetySeverity.WARNING if page else SafetySeverity.STOP,
        )
    if (page or drawing) and (elsewhere := sum(1 for _ in ELSEWHERE.finditer(text))):
        yield build_finding(Danger.OUTSIDE, count=elsewhere)


def inspect_picture(path: Path) -> Iterator[SafetyFinding]:
    """A JPEG or a PNG: the place and the artist of its EXIF."""
    with path.open("rb") as file:
        content = file.read(LARGEST_PICTURE)
    for marker in (b"Exif\x00\x00", b"eXIf"):
        place = content.find(marker)
        if place > 0:
            tags = _exif(content[place + len(marker) : place + len(marker) + 65536])
            if tags.get(GPS):
                yield build_finding(Danger.PLACE)
            if tags.get(ARTIST):
                yield build_finding(Danger.AUTHOR)
            return


def _exif(tiff: bytes) -> dict[int, bool]:
    """Which of the tags looked for are there: an artist with a name, a place with a latitude."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return {}
    try:
        main = _directory(tiff, order, struct.unpack_from(f"{order}I", tiff, 4)[0])
        places = _directory(tiff, order, main[GPS][1]) if GPS in main else {}
        return {GPS: LATITUDE in places, ARTIST: main.get(ARTIST, (0, 0))[0] > 1}
    except struct.error:
        return {}


def _directory(tiff: bytes, order: str, start: int) -> dict[int, tuple[int, int]]:
    """Tags of a directory: how many values, and the value or where it is."""
    many = struct.unpack_from(f"{order}H", tiff, start)[0]
    entries = (
        struct.unpack_from(f"{order}HHII", tiff, start + 2 + 12 * index)
        for index in range(min(many, 512))
    )
    return {tag: (count, value) for tag, _, count, value in entries}
