"""The cells to look at in a version's table: those that do not fit their column, and those that its schema refuses."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from udi.node.datasets.models import Version
from udi.node.tables.errors import CellError
from udi.node.tables.schemas.report import CellError as Refused
from udi.node.tables.schemas.report import SchemaReport
from udi.node.tables.schemas.words import explain_cell_error
from udi.node.tables.sentence import Said

MOST_LISTED = 1000
UNPACKED, GZIP = 1024**2, 31
"""Bytes unpacked at once, and how zlib names what `gzip` packed."""


@dataclass(frozen=True)
class Wrong:
    """One cell, by the line of the producer's file: what is wrong with it, what to do."""

    line: int
    column: str
    value: str
    said: Said
    remedy: Said | None = None


def report_of(version: Version) -> SchemaReport | None:
    """What the check against its schema found, None when it is said to follow none."""
    found = version.preparation.findings.get("schema") if version.preparation else None
    if not found:
        return None
    return SchemaReport.from_json({name: part for name, part in found.items() if name != "address"})


def list_wrong(version: Version) -> list[Wrong]:
    """In the order of the file, the first thousand; of a cell that is wrong in both ways, what its schema asks for."""
    refused = report_of(version)
    asked = [_refused(error) for error in refused.errors] if refused else []
    known = {(each.line, each.column) for each in asked}
    both = [*asked, *(each for each in _misfits(version) if (each.line, each.column) not in known)]
    return sorted(both, key=lambda each: each.line)[:MOST_LISTED]


def _refused(error: Refused) -> Wrong:
    return Wrong(error.line, error.column, error.value, explain_cell_error(error))


def _misfits(version: Version) -> Iterator[Wrong]:
    found = version.preparation
    for each in found.findings.get("errors", ()) if found else ():
        yield _misfit(CellError(**each))


def _misfit(error: CellError) -> Wrong:
    words = {"value": error.value, "column": error.column}
    remedy = Said(error.explanation.remedy, words) if error.explanation.remedy else None
    return Wrong(error.line, error.column, error.value, Said(error.explanation.meaning, words), remedy)


async def read_all(packed: AsyncIterator[bytes]) -> AsyncIterator[list[Wrong]]:
    """Every one, some thousands at a time, from the object that `Preparation.cells` names."""
    opened, left = zlib.decompressobj(GZIP), b""
    async for piece in packed:
        waiting = piece
        while waiting:
            text = left + await asyncio.to_thread(opened.decompress, waiting, UNPACKED)
            waiting = opened.unconsumed_tail
            *lines, left = text.split(b"\n")
            yield await asyncio.to_thread(_read, lines)
    yield _read((left + opened.flush()).split(b"\n"))


def _read(lines: list[bytes]) -> list[Wrong]:
    return [_wrong(json.loads(line)) for line in lines if line]


def _wrong(cell: dict[str, Any]) -> Wrong:
    line, column, code, value = int(cell["line"]), cell["column"], cell["code"], cell["value"]
    if cell["asked"]:
        return _refused(Refused(line, column, code, value, cell["expected"]))
    return _misfit(CellError(line, column, code, value))


def count_misfits(version: Version) -> int:
    """How many cells do not fit their column, beyond those listed."""
    found = version.preparation
    return sum(int(entry["count"]) for entry in found.findings.get("counts", ())) if found else 0


def count_wrong(version: Version) -> int:
    """How many cells there are to look at in all."""
    if version.preparation and (listed := version.preparation.findings.get("listed")):
        return int(listed)
    refused = report_of(version)
    if refused is None:
        return count_misfits(version)
    known = {(each.line, each.column) for each in refused.errors}
    twice = sum((each.line, each.column) in known for each in _misfits(version))
    return count_misfits(version) + refused.wrong_cells - twice
