"""Which municipalities form each French grouping with its own tax (EPCI), by their codes: DGCL, list of 2026 (Licence Ouverte 2.0)."""

import lzma
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "french_areas/groupings.tsv.xz"
SOURCE = "DGCL (2026)"


@cache
def read_groupings() -> dict[str, frozenset[str]]:
    """The codes of the municipalities of each grouping, by its SIREN."""
    groupings = {}
    for line in lzma.decompress(FILE.read_bytes()).decode().splitlines():
        code, _, members = line.partition("\t")
        groupings[code] = frozenset(members.split())
    return groupings
