"""What a file is, from its first bytes and then its name: contents first, since names lie."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from udi.tabular.formats.table_format import find_table_format

HEAD = 4096
CONTROL = bytes(set(range(32)) - {9, 10, 12, 13, 27})
Reads = Literal[
    "",
    "text",
    "sheet",
    "records",
    "parquet",
    "geo",
    "gzip",
    "archive",
    "package",
    "cells",
    "companions",
]


@dataclass(frozen=True)
class FileKind:
    """A media type with the short word shown to people; `reads` says what may read it.

    `cells` are spreadsheets in text, `companions` is a file that others must come with.
    """

    media_type: str
    label: str
    reads: Reads = ""


OFFICE = "application/vnd.openxmlformats-officedocument."
CSV = FileKind("text/csv", "CSV", "text")
TSV = FileKind("text/tab-separated-values", "TSV", "text")
TEXT = FileKind("text/plain", "TXT", "text")
HTML = FileKind("text/html", "HTML")
JSON = FileKind("application/json", "JSON", "records")
JSON_LINES = FileKind("application/x-ndjson", "JSON", "records")
JSON_LD = FileKind("application/ld+json", "JSON-LD")
GEOJSON = FileKind("application/geo+json", "GeoJSON", "geo")
XML = FileKind("application/xml", "XML")
ZIP = FileKind("application/zip", "ZIP", "archive")
GZIP = FileKind("application/gzip", "Gzip", "gzip")
GTFS = FileKind("application/zip", "GTFS")
SHAPEFILE = FileKind("application/zip", "Shapefile", "geo")
LONE_SHAPE = FileKind("application/vnd.shp", "Shapefile", "companions")
FODS = FileKind(
    "application/vnd.oasis.opendocument.spreadsheet-flat-xml", "FODS", "cells"
)
SYLK = FileKind("application/vnd.ms-excel", "SLK", "cells")
DIF = FileKind("application/x-dif", "DIF", "cells")
BINARY = FileKind("application/octet-stream", "BIN")
XLSX = FileKind(OFFICE + "spreadsheetml.sheet", "XLSX", "sheet")
XLSM = FileKind("application/vnd.ms-excel.sheet.macroEnabled.12", "XLSM", "sheet")
XLSB = FileKind(
    "application/vnd.ms-excel.sheet.binary.macroEnabled.12", "XLSB", "sheet"
)
XLS = FileKind("application/vnd.ms-excel", "XLS", "sheet")
ODS = FileKind("application/vnd.oasis.opendocument.spreadsheet", "ODS", "sheet")
ODT = FileKind("application/vnd.oasis.opendocument.text", "ODT")
DOCX = FileKind(OFFICE + "wordprocessingml.document", "DOCX")
DOC = FileKind("application/msword", "DOC")
PPTX = FileKind(OFFICE + "presentationml.presentation", "PPTX")
ODP = FileKind("application/vnd.oasis.opendocument.presentation", "ODP")
GEOPACKAGE = FileKind("application/geopackage+sqlite3", "GeoPackage", "geo")
SQLITE = FileKind("application/vnd.sqlite3", "SQLite")
PARQUET = FileKind("application/vnd.apache.parquet", "Parquet", "parquet")
KML = FileKind("application/vnd.google-earth.kml+xml", "KML", "geo")
KMZ = FileKind("application/vnd.google-earth.kmz", "KMZ", "geo")

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAGIC = {
    b"%PDF-": FileKind("application/pdf", "PDF"),
    b"PK\x03\x04": ZIP,
    b"PK\x05\x06": ZIP,
    OLE[:4]: XLS,
    b"\x1f\x8b": GZIP,
    b"7z\xbc\xaf\x27\x1c": FileKind("application/x-7z-compressed", "7z"),
    b"Rar!\x1a\x07": FileKind("application/vnd.rar", "RAR"),
    b"PAR1": PARQUET,
    b"fgb\x03": FileKind("application/vnd.flatgeobuf", "FlatGeobuf", "geo"),
    b"SQLite format 3\x00": GEOPACKAGE,
    b"\x89PNG\r\n": FileKind("image/png", "PNG"),
    b"\xff\xd8\xff": FileKind("image/jpeg", "JPEG"),
    b"GIF8": FileKind("image/gif", "GIF"),
    b"\x00\x00\x27\x0a\x00\x00\x00\x00": LONE_SHAPE,
}
ZIPPED = {
    ".xlsx": XLSX,
    ".xlsm": XLSM,
    ".xlsb": XLSB,
    ".ods": ODS,
    ".odt": ODT,
    ".odp": ODP,
    ".docx": DOCX,
    ".pptx": PPTX,
    ".kmz": KMZ,
}
OLD_OFFICE = {".doc": DOC, ".ppt": FileKind("application/vnd.ms-powerpoint", "PPT")}
GEOPACKAGES = (b"GPKG", b"GP10", b"GP11")
"""What the header of a database says (at byte 68) when it is a GeoPackage (OGC 12-128r19, 1.1.1)."""
MARKED_UP = {
    ".svg": FileKind("image/svg+xml", "SVG"),
    ".kml": KML,
    ".gpx": FileKind("application/gpx+xml", "GPX", "geo"),
    ".gml": FileKind("application/gml+xml", "GML", "geo"),
}
ROOTS = {b"<svg": ".svg", b"<kml": ".kml", b"<gpx": ".gpx"}
PLAIN = {
    ".md": FileKind("text/plain", "TXT"),
    ".css": FileKind("text/css", "CSS"),
    ".yaml": FileKind("text/x-yaml", "YAML"),
    ".ttl": FileKind("text/turtle", "Turtle"),
}
TABLES = {".csv": CSV, ".tsv": TSV, ".tab": TSV}
RECORDS = {
    ".json": JSON,
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
    ".jsonld": JSON_LD,
}
FLAT_OPEN_DOCUMENT = b"opendocument.spreadsheet"
OLD_SPREADSHEETS = {".slk": (b"ID;", SYLK), ".dif": (b"TABLE", DIF)}
"""Old text formats of spreadsheets by suffix: how they begin, and their kind."""
GEOGRAPHIC = (b'"featurecollection"', b'"feature"', b'"topology"')
SPREADSHEETS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}


def recognise_kind(head: bytes, name: str) -> FileKind:
    """The kind of a file from its first bytes (`HEAD` are enough) and its name; `zipped.py` looks inside archives."""
    head = head[:HEAD]
    if (table_format := find_table_format(head, name)) is not None:
        return FileKind(table_format.media_type, table_format.label, "package")
    suffix = PurePath(name.lower()).suffix
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            return _refine_kind(kind, head, suffix)
    if _is_binary(head):
        return BINARY
    return _text_kind(head, suffix)


def _refine_kind(kind: FileKind, head: bytes, suffix: str) -> FileKind:
    """What a file is among those that begin alike."""
    if kind is GEOPACKAGE:
        if head[68:72] in GEOPACKAGES or suffix == ".gpkg":
            return kind
        return SQLITE
    return {ZIP: ZIPPED, XLS: OLD_OFFICE}.get(kind, {}).get(suffix, kind)


def _text_kind(head: bytes, suffix: str) -> FileKind:
    start = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return HTML
    if suffix in TABLES:
        return TABLES[suffix]
    begins, old_kind = OLD_SPREADSHEETS.get(suffix, (b"", TEXT))
    if begins and start.startswith(begins.lower()):
        return old_kind
    if start.startswith(b"<") and FLAT_OPEN_DOCUMENT in start:
        return FODS
    if start.startswith(b"<"):
        named = next(
            (root_suffix for root, root_suffix in ROOTS.items() if root in start),
            suffix,
        )
        return MARKED_UP.get(named, XML)
    if start.startswith((b"{", b"[")) and suffix not in PLAIN:
        geographic = suffix == ".geojson" or (
            start.startswith(b"{") and any(word in start for word in GEOGRAPHIC)
        )
        if geographic:
            return GEOJSON
        return RECORDS.get(suffix, JSON)
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
    even = sample[0::2].count(0)
    odd = sample[1::2].count(0)
    if odd > 0.6 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None
