"""Formulas of an XLSX workbook whose results were never computed: their cells read as empty."""

import re
import zipfile
import zlib
from html import unescape
from pathlib import Path, PurePosixPath

LOOKED_AT = 8 * 1024**2
"""Bytes of the XML of a sheet that are looked at."""
BOOK = "xl/workbook.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
SHEET = re.compile(r"<sheet\b[^>]*>")
RELATION = re.compile(r"<Relationship\b[^>]*>")
ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
UNCOMPUTED = re.compile(
    rb"<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:(?:<v\s*/>|<v></v>)\s*)?</c>"
)


def count_uncomputed(path: Path, sheet: str) -> int:
    """The formulas without a result at the beginning of a sheet; 0 for other files than XLSX."""
    try:
        with zipfile.ZipFile(path) as archive:
            if BOOK not in archive.namelist():
                return 0
            with archive.open(find_sheet_part(archive, sheet)) as part:
                return len(UNCOMPUTED.findall(part.read(LOOKED_AT)))
    except (
        KeyError,
        OSError,
        ValueError,
        EOFError,
        MemoryError,
        zlib.error,
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
    ):
        return 0


def find_sheet_part(archive: zipfile.ZipFile, sheet: str) -> str:
    """The file of a sheet in its archive.

    Raises:
        KeyError: the workbook does not say it.
    """
    relation_by_sheet = {
        unescape(tag.get("name", "")): tag.get("r:id", "")
        for tag in _attributes(SHEET, _text(archive, BOOK))
    }
    target_by_relation = {
        tag.get("Id", ""): tag.get("Target", "")
        for tag in _attributes(RELATION, _text(archive, RELATIONS))
    }
    target = target_by_relation[relation_by_sheet[sheet]]
    if target.startswith("/"):
        return target.lstrip("/")
    return str(PurePosixPath("xl") / target)


def _attributes(tag: "re.Pattern[str]", text: str) -> list[dict[str, str]]:
    return [dict(ATTRIBUTE.findall(match[0])) for match in tag.finditer(text)]


def _text(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as part:
        return part.read(LOOKED_AT).decode("utf-8", "replace")
