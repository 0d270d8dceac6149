"""What a file is, from its first bytes and then its name: contents first, since names lie."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

HEAD = 4096
CONTROL = bytes(set(range(32)) - {9, 10, 12, 13, 27})
Reads = Literal["", "text", "sheet", "records", "parquet", "geo", "gzip", "archive"]


@dataclass(frozen=True)
class Kind:
    """A media type with the short word shown to people; `reads` says what may read it."""

    media_type: str
    label: str
    reads: Reads = ""


OFFICE = "application/vnd.openxmlformats-officedocument."
CSV = Kind("text/csv", "CSV", "text")
TSV = Kind("text/tab-separated-values", "TSV", "text")
TEXT = Kind("text/plain", "TXT", "text")
HTML = Kind("text/html", "HTML")
JSON = Kind("application/json", "JSON", "records")
JSON_LINES = Kind("application/x-ndjson", "JSON", "records")
JSON_LD = Kind("application/ld+json", "JSON-LD")
GEOJSON = Kind("application/geo+json", "GeoJSON", "geo")
XML = Kind("application/xml", "XML")
ZIP = Kind("application/zip", "ZIP", "archive")
GZIP = Kind("application/gzip", "Gzip", "gzip")
GTFS = Kind("application/zip", "GTFS")
SHAPEFILE = Kind("application/zip", "Shapefile", "geo")
BINARY = Kind("application/octet-stream", "BIN")
XLSX = Kind(OFFICE + "spreadsheetml.sheet", "XLSX", "sheet")
XLSM = Kind("application/vnd.ms-excel.sheet.macroEnabled.12", "XLSM", "sheet")
XLSB = Kind("application/vnd.ms-excel.sheet.binary.macroEnabled.12", "XLSB", "sheet")
XLS = Kind("application/vnd.ms-excel", "XLS", "sheet")
ODS = Kind("application/vnd.oasis.opendocument.spreadsheet", "ODS", "sheet")
ODT = Kind("application/vnd.oasis.opendocument.text", "ODT")
DOCX = Kind(OFFICE + "wordprocessingml.document", "DOCX")
DOC = Kind("application/msword", "DOC")
PPTX = Kind(OFFICE + "presentationml.presentation", "PPTX")
ODP = Kind("application/vnd.oasis.opendocument.presentation", "ODP")
GEOPACKAGE = Kind("application/geopackage+sqlite3", "GeoPackage", "geo")
SQLITE = Kind("application/vnd.sqlite3", "SQLite")
PARQUET = Kind("application/vnd.apache.parquet", "Parquet", "parquet")
KML = Kind("application/vnd.google-earth.kml+xml", "KML", "geo")
KMZ = Kind("application/vnd.google-earth.kmz", "KMZ", "geo")

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAGIC = {
    b"%PDF-": Kind("application/pdf", "PDF"),
    b"PK\x03\x04": ZIP,
    b"PK\x05\x06": ZIP,
    OLE[:4]: XLS,
    b"\x1f\x8b": GZIP,
    b"7z\xbc\xaf\x27\x1c": Kind("application/x-7z-compressed", "7z"),
    b"Rar!\x1a\x07": Kind("application/vnd.rar", "RAR"),
    b"PAR1": PARQUET,
    b"fgb\x03": Kind("application/vnd.flatgeobuf", "FlatGeobuf", "geo"),
    b"SQLite format 3\x00": GEOPACKAGE,
    b"\x89PNG\r\n": Kind("image/png", "PNG"),
    b"\xff\xd8\xff": Kind("image/jpeg", "JPEG"),
    b"GIF8": Kind("image/gif", "GIF"),
}
ZIPPED = {
    ".xlsx": XLSX, ".xlsm": XLSM, ".xlsb": XLSB, ".ods": ODS, ".odt": ODT, ".odp": ODP, ".docx": DOCX, ".pptx": PPTX,
    ".kmz": KMZ,
}  # fmt: skip
OLD_OFFICE = {".doc": DOC, ".ppt": Kind("application/vnd.ms-powerpoint", "PPT")}
GEOPACKAGES = (b"GPKG", b"GP10", b"GP11")
"""What the header of a database says (at byte 68) when it is a GeoPackage (OGC 12-128r19, 1.1.1)."""
MARKED_UP = {
    ".svg": Kind("image/svg+xml", "SVG"),
    ".kml": KML,
    ".gpx": Kind("application/gpx+xml", "GPX", "geo"),
    ".gml": Kind("application/gml+xml", "GML", "geo"),
}
ROOTS = {b"<svg": ".svg", b"<kml": ".kml", b"<gpx": ".gpx"}
PLAIN = {
    ".md": Kind("text/plain", "TXT"),
    ".css": Kind("text/css", "CSS"),
    ".yaml": Kind("text/x-yaml", "YAML"),
    ".ttl": Kind("text/turtle", "Turtle"),
}
TABLES = {".csv": CSV, ".tsv": TSV, ".tab": TSV}
RECORDS = {".json": JSON, ".jsonl": JSON_LINES, ".ndjson": JSON_LINES, ".jsonld": JSON_LD}
GEOGRAPHIC = (b'"featurecollection"', b'"feature"', b'"topology"')
SPREADSHEETS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}


def recognise(head: bytes, name: str) -> Kind:
    """The kind of a file from its first bytes (`HEAD` are enough) and its name; `zipped.py` looks inside archives."""
    head, suffix = head[:HEAD], PurePath(name.lower()).suffix
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            return _closer(kind, head, suffix)
    return BINARY if _is_binary(head) else _text_kind(head, suffix)


def _closer(kind: Kind, head: bytes, suffix: str) -> Kind:
    """What a file is among those that begin alike."""
    if kind is GEOPACKAGE:
        return kind if head[68:72] in GEOPACKAGES or suffix == ".gpkg" else SQLITE
    return {ZIP: ZIPPED, XLS: OLD_OFFICE}.get(kind, {}).get(suffix, kind)


def _text_kind(head: bytes, suffix: str) -> Kind:
    start = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return HTML
    if suffix in TABLES:
        return TABLES[suffix]
    if start.startswith(b"<"):
        named = next((found for root, found in ROOTS.items() if root in start), suffix)
        return MARKED_UP.get(named, XML)
    if start.startswith((b"{", b"[")) and suffix not in PLAIN:
        geographic = suffix == ".geojson" or (start.startswith(b"{") and any(word in start for word in GEOGRAPHIC))
        return GEOJSON if geographic else RECORDS.get(suffix, JSON)
    return RECORDS.get(suffix, PLAIN.get(suffix, TEXT))


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
