"""Reads separated text, in the process behind walls that reads files."""

from collections.abc import Iterator
from pathlib import Path

from udi_separated_text import CELL_END, RECORD_END

PIECE = 65_536


def read(path: Path) -> Iterator[list[str]]:
    """The cells of each record."""
    rest = ""
    with path.open(encoding="utf-8", newline="") as file:
        while piece := file.read(PIECE):
            *records, rest = (rest + piece).split(RECORD_END)
            for record in records:
                yield record.split(CELL_END)
    if rest.strip():
        raise ValueError("the last record has no end")
