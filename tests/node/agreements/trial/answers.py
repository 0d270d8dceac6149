"""What an answer of the node shows, format by format, and what the model says that it must show: both in one form."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import python_calamine
import shapely
from nanoarrow import ArrayStream
from nanoarrow.ipc import InputStream

from tests.cursors import open_cursor
from tests.node.agreements.trial.model import Question, Record, Table, group
from tests.node.agreements.trial.sources import Cell, Kind, Source, cell_text
from udi.tabular.columns.column import BOX, GEOMETRY, LINE
from udi.tabular.exports.arrow_file import START
from udi.tabular.geo.geo_gdal import raw

Plain = str | float | bool | None
DECIMALS = 6
PLACE_DECIMALS = 4
"""Of a place in a tile, which rounds it."""
NUMBER_IN_TILE = "mvt_id"
"""A column that GDAL adds to those of a tile."""


@dataclass(frozen=True)
class View:
    """What is seen: names of columns, rows in order, and where the format has them, numbers and places of the rows."""

    columns: tuple[str, ...] | None
    """None where the format names none, for want of a row."""
    rows: tuple[tuple[Plain, ...], ...]
    numbers: tuple[int, ...] | None = None
    places: tuple[tuple[float, float] | None, ...] | None = None
    total: int | None = None


def plain(cell: Cell) -> Plain:
    """A cell as JSON shows it."""
    if isinstance(cell, Decimal):
        return round(float(cell), DECIMALS)
    if isinstance(cell, bool) or cell is None:
        return cell
    return cell_text(cell)


def _plain_rows(records: Iterable[Record]) -> tuple[tuple[Plain, ...], ...]:
    return tuple(tuple(plain(cell) for cell in record.cells) for record in records)


def expected_view(form: str, table: Table, question: Question) -> View:
    """What an answer of this form must show of a table that a question left."""
    if form == "page" and question.total:
        groups = group(table, question)
        columns = tuple(groups[0]) if groups else None
        return View(
            columns,
            tuple(tuple(map(plain, group_row.values())) for group_row in groups),
            total=len(groups),
        )
    rows = _plain_rows(table.records)
    columns = table.columns if rows else None
    numbers = tuple(record.number for record in table.records)
    lines = tuple(record.line for record in table.records)
    places = tuple(record.place for record in table.records)
    views: dict[str, Callable[[], View]] = {
        "page": lambda: View(
            columns,
            rows,
            None if question.columns or not rows else numbers,
            total=len(rows),
        ),
        "csv": lambda: View(table.columns, rows),
        "xlsx": lambda: View(table.columns, _until_last_cell(rows)),
        "json": lambda: View(columns, rows),
        "ndjson": lambda: View(columns, rows),
        "parquet": lambda: View(
            table.columns, rows, lines, _rounded(places) if any(places) else None
        ),
        "arrow": lambda: View(table.columns, rows),
        "geojson": lambda: View(columns, rows, lines, _rounded(places)),
        "items": lambda: View(columns, rows, lines, _rounded(places), total=len(rows)),
        "item": lambda: View(columns, rows, lines, _rounded(places)),
        "pmtiles": lambda: _tiled(table),
    }
    return views[form]()


def _rounded(
    places: Iterable[tuple[float, float] | None],
) -> tuple[tuple[float, float] | None, ...]:
    return tuple(
        place and (round(place[0], DECIMALS), round(place[1], DECIMALS))
        for place in places
    )


def _until_last_cell(
    rows: tuple[tuple[Plain, ...], ...],
) -> tuple[tuple[Plain, ...], ...]:
    """A sheet ends with the last row that has a cell."""
    count = len(rows)
    while count and all(cell is None for cell in rows[count - 1]):
        count -= 1
    return rows[:count]


def _tiled(table: Table) -> View:
    """Tiles hold the rows that have a place, in an order of their own, and say nothing of an empty cell."""
    placed = [record for record in table.records if record.place is not None]
    return View(None, tuple(sorted(_plain_rows(placed), key=repr)))


def shown_view(
    form: str, content: bytes, source: Source, columns: Sequence[str]
) -> View:
    """What an answer of this form shows; `columns` are those that tiles are expected to have."""
    readers: dict[str, Callable[[], View]] = {
        "page": lambda: _read_page(json.loads(content)),
        "csv": lambda: _read_csv(content, source),
        "xlsx": lambda: _read_sheet(content),
        "json": lambda: _read_objects(json.loads(content)),
        "ndjson": lambda: _read_objects(
            [json.loads(line) for line in content.splitlines()]
        ),
        "parquet": lambda: _read_parquet(content),
        "arrow": lambda: _read_arrow(content),
        "geojson": lambda: _read_features(json.loads(content)["features"]),
        "items": lambda: _read_items(json.loads(content)),
        "item": lambda: _read_features([json.loads(content)]),
        "pmtiles": lambda: _read_tiles(content, columns),
    }
    return readers[form]()


def _read_page(page: Mapping[str, Any]) -> View:
    objects: list[dict[str, Any]] = page["data"]
    numbers = None
    if objects and "__id" in objects[0]:
        numbers = tuple(row.pop("__id") for row in objects)
    view = _read_objects(objects)
    return View(view.columns, view.rows, numbers, total=page["meta"]["total"])


def _read_objects(objects: Sequence[Mapping[str, Any]]) -> View:
    columns = tuple(objects[0]) if objects else None
    return View(columns, tuple(tuple(map(_number, row.values())) for row in objects))


def _number(value: Any) -> Plain:
    """A number as all are compared; true and false stay what they are."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(float(value), DECIMALS)
    plain_value: Plain = value.isoformat() if isinstance(value, date) else value
    return plain_value


def _read_csv(content: bytes, source: Source) -> View:
    header, *lines = csv.reader(io.StringIO(content.decode()))
    readers: dict[Kind, Callable[[str], Plain]] = {
        Kind.NUMBER: lambda text: _number(float(text)),
        Kind.BOOLEAN: lambda text: {"true": True, "false": False}[text],
        Kind.TEXT: str,
        Kind.DATE: str,
    }
    kinds = [source.kind(name) for name in header]
    rows = [
        tuple(
            readers[kind](text) if text else None
            for kind, text in zip(kinds, line, strict=True)
        )
        for line in lines
    ]
    return View(tuple(header), tuple(rows))


def _read_sheet(content: bytes) -> View:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    header, *lines = book.get_sheet_by_index(0).to_python()
    rows = [
        tuple(None if cell == "" else _number(cell) for cell in line) for line in lines
    ]
    return View(tuple(str(name) for name in header), tuple(rows))


def _read_parquet(content: bytes) -> View:
    """The file itself: every column that it holds, whatever it is called."""
    with TemporaryDirectory() as folder, open_cursor() as connection:
        path = Path(folder, "table.parquet")
        path.write_bytes(content)
        result = connection.execute(f"SELECT * FROM read_parquet('{path}')")
        names = [column[0] for column in result.description or ()]
        lines = result.fetchall()
    boxes = [names.index(name) for name in BOX] if GEOMETRY in names else []
    column_ranks = [
        rank for rank, name in enumerate(names) if name not in {LINE, GEOMETRY, *BOX}
    ]
    places = [_point(line, boxes) for line in lines] if boxes else []
    return View(
        tuple(names[rank] for rank in column_ranks),
        tuple(tuple(_number(line[rank]) for rank in column_ranks) for line in lines),
        tuple(line[names.index(LINE)] for line in lines),
        _rounded(places) if any(places) else None,
    )


def _read_arrow(content: bytes) -> View:
    """The stream inside the file."""
    with InputStream.from_readable(content[len(START) :]) as source:
        stream = ArrayStream(source)
        names = tuple(field.name for field in stream.schema.fields)
        rows = [tuple(row.values()) for batch in stream for row in batch.to_pylist()]
    return View(names, tuple(tuple(map(_number, row)) for row in rows))


def _point(line: Sequence[Any], boxes: Sequence[int]) -> tuple[float, float] | None:
    """The place of a point, from its rectangle."""
    west, south, east, north = (line[rank] for rank in boxes)
    assert (west, south) == (east, north)
    if west is None:
        return None
    return (float(west), float(south))


def _read_items(page: Mapping[str, Any]) -> View:
    view = _read_features(page["features"])
    assert page["numberReturned"] == len(view.rows)
    return View(
        view.columns, view.rows, view.numbers, view.places, total=page["numberMatched"]
    )


def _read_features(features: Sequence[Mapping[str, Any]]) -> View:
    view = _read_objects([feature["properties"] for feature in features])
    places = [
        feature["geometry"] and tuple(feature["geometry"]["coordinates"])
        for feature in features
    ]
    return View(
        view.columns,
        view.rows,
        tuple(feature["id"] for feature in features),
        _rounded(places),
    )


def _read_tiles(content: bytes, columns: Sequence[str]) -> View:
    """The places of the finest tiles; a column that is not expected is an error.

    One at the edge of a tile is in its neighbour too, and counts once.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder, "table.pmtiles")
        path.write_bytes(content)
        meta, _, shapes, fields = raw.read(path)
    names = [str(name) for name in meta["fields"] if name != NUMBER_IN_TILE]
    fields = [
        field
        for name, field in zip(meta["fields"], fields, strict=True)
        if name != NUMBER_IN_TILE
    ]
    assert set(names) <= set(columns), names
    cells = zip(*(_cells(names, fields, name) for name in columns), strict=True)
    places = shapely.get_coordinates(shapely.from_wkb(shapes)).round(PLACE_DECIMALS)
    rows = {
        (tuple(place), tuple(map(_number, row)))
        for place, row in zip(places.tolist(), cells, strict=True)
    }
    return View(None, tuple(sorted((row for _, row in rows), key=repr)))


def _cells(names: Sequence[str], fields: Sequence[Any], name: str) -> list[Any]:
    """A column of the tiles; one that is not there is empty in every row."""
    if name not in names:
        return [None] * len(fields[0])
    cells = fields[names.index(name)].tolist()
    return [None if cell != cell else cell for cell in cells]  # noqa: PLR0124 - no number
