"""The cells to look at in a version's table: those that do not fit their column, and those that its schema refuses."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from udi.node.datasets.models import Version
from udi.node.datasets.versions.findings import count_type_errors, schema_report_of
from udi.tabular.columns.errors import CellError
from udi.tabular.messages.messages import TranslatableMessage
from udi.tabular.schemas.explanations import explain_cell_error
from udi.tabular.schemas.report import SchemaCellError as Refused

MOST_LISTED = 1000
UNPACKED = 1024**2
GZIP = 31
"""Bytes unpacked at once, and how zlib names what `gzip` packed."""


@dataclass(frozen=True)
class FaultyCell:
    """One cell, by the line of the producer's file: what is wrong with it, what to do."""

    line: int
    column: str
    value: str
    message: TranslatableMessage
    remedy: TranslatableMessage | None = None


def list_cell_errors(version: Version) -> list[FaultyCell]:
    """In the order of the file, the first thousand; of a cell that is wrong in both ways, what its schema asks for."""
    refused = schema_report_of(version)
    if refused:
        schema_errors = [_from_schema_error(error) for error in refused.errors]
    else:
        schema_errors = []
    positions = {(cell.line, cell.column) for cell in schema_errors}
    both = [
        *schema_errors,
        *(
            cell
            for cell in _iterate_type_errors(version)
            if (cell.line, cell.column) not in positions
        ),
    ]
    return sorted(both, key=lambda cell: cell.line)[:MOST_LISTED]


def _from_schema_error(error: Refused) -> FaultyCell:
    return FaultyCell(error.line, error.column, error.value, explain_cell_error(error))


def _iterate_type_errors(version: Version) -> Iterator[FaultyCell]:
    preparation = version.preparation
    for error in preparation.findings.get("errors", ()) if preparation else ():
        yield _from_type_error(CellError(**error))


def _from_type_error(error: CellError) -> FaultyCell:
    words = {"value": error.value, "column": error.column}
    if error.explanation.remedy:
        remedy = TranslatableMessage(error.explanation.remedy, words)
    else:
        remedy = None
    return FaultyCell(
        error.line,
        error.column,
        error.value,
        TranslatableMessage(error.explanation.meaning, words),
        remedy,
    )


async def read_cell_errors(
    packed: AsyncIterator[bytes],
) -> AsyncIterator[list[FaultyCell]]:
    """Every one, some thousands at a time, from the object that `Preparation.cells` names."""
    opened = zlib.decompressobj(GZIP)
    left = b""
    async for piece in packed:
        waiting = piece
        while waiting:
            text = left + await asyncio.to_thread(opened.decompress, waiting, UNPACKED)
            waiting = opened.unconsumed_tail
            *lines, left = text.split(b"\n")
            yield await asyncio.to_thread(_parse_lines, lines)
    yield _parse_lines((left + opened.flush()).split(b"\n"))


def _parse_lines(lines: list[bytes]) -> list[FaultyCell]:
    return [_parse_cell(json.loads(line)) for line in lines if line]


def _parse_cell(cell: dict[str, Any]) -> FaultyCell:
    line = int(cell["line"])
    column = cell["column"]
    code = cell["code"]
    value = cell["value"]
    if cell["asked"]:
        return _from_schema_error(Refused(line, column, code, value, cell["expected"]))
    return _from_type_error(CellError(line, column, code, value))


def count_cell_errors(version: Version) -> int:
    """How many cells there are to look at in all."""
    if version.preparation and (listed := version.preparation.findings.get("listed")):
        return int(listed)
    refused = schema_report_of(version)
    if refused is None:
        return count_type_errors(version)
    positions = {(error.line, error.column) for error in refused.errors}
    twice = sum(
        (cell.line, cell.column) in positions for cell in _iterate_type_errors(version)
    )
    return count_type_errors(version) + refused.wrong_cells - twice
