"""Formulas of an XLSX workbook whose results were never computed: their cells read as empty."""

import re
import zipfile
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
    rb"<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>"
)


def count_uncomputed(path: Path, sheet: str) -> int:
    """The formulas without a result at the beginning of a sheet; 0 for other files than XLSX."""
    try:
        with zipfile.ZipFile(path) as archive:
            if BOOK not in archive.namelist():
                return 0
            with archive.open(_part_of(archive, sheet)) as part:
                return len(UNCOMPUTED.findall(part.read(LOOKED_AT)))
    except (
        KeyError,
        OSError,
        ValueError,
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
    ):
        return 0


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """The file of a sheet in its archive.

    Raises:
        KeyError: the workbook does not say it.
    """
    tags = SHEET.findall(_text(archive, BOOK))
    relation_by_sheet = {
        unescape(attributes.get("name", "")): attributes.get("r:id", "")
        for attributes in map(dict, map(ATTRIBUTE.findall, tags))
    }
    target_by_relation = {
        attributes.get("Id", ""): attributes.get("Target", "")
        for attributes in map(
            dict, map(ATTRIBUTE.findall, RELATION.findall(_text(archive, RELATIONS)))
        )
    }
    target = target_by_relation[relation_by_sheet[sheet]]
    if target.startswith("/"):
        return target.lstrip("/")
    return str(PurePosixPath("xl") / target)


def _text(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as part:
        return part.read(LOOKED_AT).decode("utf-8", "replace")
