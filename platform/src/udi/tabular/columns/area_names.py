"""Names of French municipalities, departments, regions and groupings of municipalities, by their codes.

INSEE, Code officiel géographique, and DGCL, list of groupings with their own tax, both of 2026 (Licence Ouverte 2.0).
"""

import lzma
from functools import cache, lru_cache
from pathlib import Path

from udi.tabular.columns.column import ColumnType

FILE = Path(__file__).parent / "french_areas/names.tsv.xz"
SOURCE = "INSEE, DGCL (2026)"
KINDS = {
    ColumnType.COMMUNE: b"C",
    ColumnType.DEPARTMENT: b"D",
    ColumnType.REGION: b"R",
    ColumnType.SIREN: b"E",
}
"""The letter before the codes of each type of column; the SIREN of a company has no name here."""
START = 3
"""Bytes of a line by which its place is found: about a department."""


@cache
def _read_names() -> dict[bytes, bytes]:
    """The lines of all names, 0.7 MB, by their beginning."""
    parts: dict[bytes, list[bytes]] = {}
    for line in lzma.decompress(FILE.read_bytes()).splitlines():
        parts.setdefault(line[:START], []).append(line)
    return {start: b"\n".join([b"", *lines, b""]) for start, lines in parts.items()}


@lru_cache(maxsize=4096)
def find_area_name(code: str, kind: ColumnType) -> str:
    """The name of an area; empty where the code is not known, or the column holds no codes of areas."""
    letter = KINDS.get(kind)
    if letter is None:
        return ""
    line = letter + code.encode() + b"\t"
    lines = _read_names().get(line[:START], b"")
    place = lines.find(b"\n" + line)
    if place < 0:
        return ""
    end = lines.index(b"\n", place + 1)
    return lines[place + 1 + len(line) : end].decode()


def name_code(code: str, kind: ColumnType) -> str:
    """A code with the name of its area, where it has one."""
    name = find_area_name(code, kind)
    return f"{code} {name}" if name else code
