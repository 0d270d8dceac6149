"""What a file is, from its first bytes and then its name: contents first, since names lie."""

from dataclasses import dataclass
from pathlib import PurePath

HEAD = 4096
CONTROL = bytes(set(range(32)) - {9, 10, 12, 13, 27})


@dataclass(frozen=True)
class Kind:
    """A media type with the short word shown to people; `may_be_table` when it is worth looking for columns."""

    media_type: str
    label: str
    may_be_table: bool = False


CSV = Kind("text/csv", "CSV", may_be_table=True)
TEXT = Kind("text/plain", "TXT", may_be_table=True)
HTML = Kind("text/html", "HTML")
JSON = Kind("application/json", "JSON")
GEOJSON = Kind("application/geo+json", "GeoJSON")
XML = Kind("application/xml", "XML")
ZIP = Kind("application/zip", "ZIP")
BINARY = Kind("application/octet-stream", "BIN")
XLSX = Kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "XLSX")

MAGIC = {
    b"%PDF-": Kind("application/pdf", "PDF"),
    b"PK\x03\x04": ZIP,
    b"PK\x05\x06": ZIP,
    b"\xd0\xcf\x11\xe0": Kind("application/vnd.ms-excel", "XLS"),
    b"\x1f\x8b": Kind("application/gzip", "Gzip"),
    b"7z\xbc\xaf\x27\x1c": Kind("application/x-7z-compressed", "7z"),
    b"PAR1": Kind("application/vnd.apache.parquet", "Parquet"),
    b"SQLite format 3\x00": Kind("application/geopackage+sqlite3", "GeoPackage"),
    b"\x89PNG\r\n": Kind("image/png", "PNG"),
    b"\xff\xd8\xff": Kind("image/jpeg", "JPEG"),
    b"GIF8": Kind("image/gif", "GIF"),
}
ZIPPED = {
    ".xlsx": XLSX,
    ".ods": Kind("application/vnd.oasis.opendocument.spreadsheet", "ODS"),
    ".odt": Kind("application/vnd.oasis.opendocument.text", "ODT"),
    ".docx": Kind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "DOCX"),
}
MARKED_UP = {
    ".svg": Kind("image/svg+xml", "SVG"),
    ".kml": Kind("application/vnd.google-earth.kml+xml", "KML"),
    ".gpx": Kind("application/gpx+xml", "GPX"),
    ".gml": Kind("application/gml+xml", "GML"),
}
PLAIN = {".md": Kind("text/plain", "TXT"), ".css": Kind("text/css", "CSS"), ".yaml": Kind("text/x-yaml", "YAML")}
TABLES = {".csv": CSV, ".tsv": Kind("text/tab-separated-values", "TSV", may_be_table=True), ".tab": CSV}


def recognise(head: bytes, name: str) -> Kind:
    """The kind of a file from its first bytes (`HEAD` are enough) and its name."""
    head, suffix = head[:HEAD], PurePath(name.lower()).suffix
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            return ZIPPED.get(suffix, kind) if kind is ZIP else kind
    return BINARY if _is_binary(head) else _text_kind(head, suffix)


def _text_kind(head: bytes, suffix: str) -> Kind:
    start = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return HTML
    if suffix in TABLES:
        return TABLES[suffix]
    if start.startswith(b"<"):
        return MARKED_UP.get(".svg" if start.startswith(b"<svg") else suffix, XML)
    if start.startswith((b"{", b"[")):
        geographic = suffix == ".geojson" or b'"featurecollection"' in start
        return GEOJSON if geographic else JSON
    return PLAIN.get(suffix, TEXT)


def _is_binary(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or looks_utf16(head):
        return False
    odd = len(head) - len(head.translate(None, CONTROL))
    return odd > len(head) * 0.02


def looks_utf16(head: bytes) -> str | None:
    """The byte order of UTF-16 text without its mark: every second byte of Western text is zero."""
    sample = head[: HEAD - HEAD % 2]
    half = len(sample) // 2
    if half < 4:  # noqa: PLR2004 - too short to tell
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > 0.6 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None
