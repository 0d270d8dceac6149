"""The cells of one sheet of an OpenDocument spreadsheet, changed in its XML: every other row, cell and style stays as it is."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from html import escape
from typing import Any
from xml.parsers import expat

from udi.tabular.editing.sheet_cells import (
    CLOCK,
    ISO_DAY,
    ISO_MOMENT,
    PLAIN_NUMBER,
    UnusualSheetError,
)

TAG = re.compile(rb"<[^\"'>]*(?:\"[^\"]*\"[^\"'>]*|'[^']*'[^\"'>]*)*>")
ROWS_REPEATED = re.compile(rb"\s*\btable:number-rows-repeated=(?:\"[^\"]*\"|'[^']*')")
COLUMNS_REPEATED = re.compile(
    rb"\s*\btable:number-columns-repeated=(?:\"[^\"]*\"|'[^']*')"
)
NOTES = re.compile(rb"<office:annotation\b.*?</office:annotation>", re.DOTALL)
DRAWN = re.compile(rb"<(?:draw|table|dr3d):")
"""Pictures, shapes and tables inside a cell, which a change would lose."""
INNER = re.compile(rb"<[^/]")
"""An element inside another one."""
OF_ONE_ROW = re.compile(rb"\s+(?:table:visibility|xml:id)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
"""What a row that looks as another one does not share with it."""
INHERITED = ("table:style-name", "table:content-validation-name")
"""Attributes that a new cell has of the one that it replaces, else of that of the model: its look, and what may be written there."""
BLANKS = re.compile(" {2,}|^ | $|\t")
CELLS = frozenset({"table:table-cell", "table:covered-table-cell"})
SPANS = frozenset({"table:number-rows-spanned", "table:number-columns-spanned"})
NUMBERS = frozenset({"float", "percentage", "currency"})
MOST_ROWS = 2_000_000
MOST_COLUMNS = 16_384


@dataclass
class DocumentCell:
    """Equal cells side by side: their XML and attributes, and how many they are."""

    xml: bytes
    attributes: Mapping[str, str]
    times: int = 1

    @property
    def kind(self) -> str:
        """The type of the value; empty where the cell is."""
        return self.attributes.get("office:value-type", "")

    def write(self, times: int) -> bytes:
        return _repeat(
            self.xml, COLUMNS_REPEATED, "table:number-columns-repeated", times
        )


@dataclass
class DocumentRow:
    """Equal rows one below the other: where their element stands, its first tag, and its cells."""

    start: int
    tag: bytes
    times: int
    end: int = 0
    cells: list[DocumentCell] = field(default_factory=list)

    def cell_at(self, column: int) -> DocumentCell | None:
        """The cell in a column, counted from 0."""
        place = 0
        for cell in self.cells:
            place += cell.times
            if column < place:
                return cell
        return None


class _DocumentSheet:
    """The rows of the sheet of a name, and whether any of its cells is merged."""

    def __init__(self, xml: bytes, sheet: str) -> None:
        self._xml = xml
        self._sheet = sheet
        self._depth = 0
        self._row: DocumentRow | None = None
        self._cell: tuple[int, dict[str, str]] | None = None
        self.rows: list[DocumentRow] = []
        self.is_merged = False
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = _refuse
        self._parser.XmlDeclHandler = _require_utf_8
        try:
            self._parser.Parse(xml, True)
        except (expat.ExpatError, ValueError) as error:
            raise UnusualSheetError from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "table:table":
            is_sheet = attributes.get("table:name") == self._sheet
            self._depth += 1 if self._depth or is_sheet else 0
        if self._depth != 1:
            return
        at = self._parser.CurrentByteIndex
        if name == "table:table-row":
            times = _read_times(attributes, "table:number-rows-repeated", MOST_ROWS)
            self._row = DocumentRow(at, _tag_at(self._xml, at), times)
        elif name in CELLS and self._row is not None:
            self.is_merged |= any(attributes.get(span, "1") != "1" for span in SPANS)
            self._cell = (at, attributes)

    def _end(self, name: str) -> None:
        if name == "table:table":
            self._depth -= 1 if self._depth else 0
        if self._depth != 1:
            return
        if name in CELLS and self._row is not None and self._cell is not None:
            start, attributes = self._cell
            times = _read_times(
                attributes, "table:number-columns-repeated", MOST_COLUMNS
            )
            xml = self._xml[start : self._find_end(start)]
            self._row.cells.append(DocumentCell(xml, attributes, times))
            self._cell = None
        elif name == "table:table-row" and self._row is not None:
            self._row.end = self._find_end(self._row.start)
            self.rows.append(self._row)
            self._row = None

    def _find_end(self, start: int) -> int:
        """Where the element that ends now ends, by where it starts: one that is empty has no other tag."""
        tag = _tag_at(self._xml, start)
        if tag.endswith(b"/>"):
            return start + len(tag)
        at = self._parser.CurrentByteIndex
        return at + len(_tag_at(self._xml, at))


def _refuse(*_: Any) -> None:
    raise UnusualSheetError


def _require_utf_8(_version: str, encoding: str | None, _standalone: int) -> None:
    if (encoding or "utf-8").lower() != "utf-8":
        raise UnusualSheetError


def _read_times(attributes: Mapping[str, str], name: str, most: int) -> int:
    text = attributes.get(name, "1")
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise UnusualSheetError
    return int(text)


def _tag_at(xml: bytes, at: int) -> bytes:
    match = TAG.match(xml, at)
    if match is None:
        raise UnusualSheetError
    return match[0]


def _repeat(xml: bytes, attribute: re.Pattern[bytes], name: str, times: int) -> bytes:
    """The same element standing for so many."""
    tag = _tag_at(xml, 0)
    changed = attribute.sub(b"", tag)
    if times > 1:
        ending = b"/>" if changed.endswith(b"/>") else b">"
        changed = changed.removesuffix(ending).rstrip()
        changed += f' {name}="{times}"'.encode() + ending
    return changed + xml[len(tag) :]


def has_merged_cells(xml: bytes, sheet: str) -> bool:
    """Whether cells of a sheet are merged.

    Raises:
        UnusualSheetError: the XML is not written as usual.
    """
    return _DocumentSheet(xml, sheet).is_merged


def change_document(
    xml: bytes,
    sheet: str,
    changed: Mapping[int, Mapping[int, str]],
    removed: Iterable[int],
    *,
    model: int,
    kinds: Mapping[int, int],
) -> bytes:
    """The XML with cells of a sheet changed (by row from 1, by column from 0) and rows emptied, of their comments too.

    A value is of the kind of the cell there, else of that of the row that `kinds` names for its column; cells of new rows
    look as those of the row `model` do.

    Raises:
        UnusualSheetError: the sheet is not written as usual.
    """
    rows = _DocumentSheet(xml, sheet).rows
    if not rows:
        raise UnusualSheetError
    removed_rows = frozenset(removed)
    editor = _RowEditor(rows, model, kinds, removed_rows)
    requested = {number: dict(cells) for number, cells in changed.items()}
    for number in removed_rows:
        requested[number] = editor.list_filled(number)
    pieces = list[bytes]()
    written_to = 0
    number = 1
    for row in rows:
        following = number + row.times
        touched = sorted(one for one in requested if number <= one < following)
        if touched:
            pieces += [xml[written_to : row.start]]
            pieces += editor.write_rows(row, number, following, requested)
            written_to = row.end
        number = following
    if beyond := sorted(one for one in requested if one >= number):
        last = rows[-1]
        pieces.append(xml[written_to : last.end])
        pieces += editor.add_rows(number, {one: requested[one] for one in beyond})
        written_to = last.end
    return b"".join([*pieces, xml[written_to:]])


class _RowEditor:
    """Rows of a sheet written with other values; where each row begins is counted once."""

    def __init__(
        self,
        rows: list[DocumentRow],
        model: int,
        kinds: Mapping[int, int],
        removed: frozenset[int],
    ) -> None:
        self._removed = removed
        self._starts = list[tuple[int, DocumentRow]]()
        number = 1
        for row in rows:
            self._starts.append((number, row))
            number += row.times
        self._model = self._find(model)
        self._kinds = {
            column: cell
            for column, line in kinds.items()
            if (kind_row := self._find(line)) and (cell := kind_row.cell_at(column))
        }

    def _find(self, number: int) -> DocumentRow | None:
        for start, row in self._starts:
            if start <= number < start + row.times:
                return row
        return None

    def list_filled(self, number: int) -> dict[int, str]:
        """The cells of a row that say something or have a comment, to be emptied."""
        row = self._find(number)
        filled = dict[int, str]()
        place = 0
        for cell in row.cells if row else ():
            if cell.kind or INNER.search(cell.xml, 1):
                filled |= dict.fromkeys(range(place, place + cell.times), "")
            place += cell.times
        return filled

    def write_rows(
        self,
        row: DocumentRow,
        first: int,
        following: int,
        requested: Mapping[int, Mapping[int, str]],
    ) -> list[bytes]:
        """The rows of one element, those that are changed apart from the others."""
        pieces = list[bytes]()
        plain = first
        for number in [
            *sorted(one for one in requested if first <= one < following),
            following,
        ]:
            if number > plain:
                pieces.append(_write_row(row.tag, row.cells, number - plain))
            if number < following:
                is_removed = number in self._removed
                values = requested[number]
                pieces.append(self._write_changed(row, values, noted=not is_removed))
            plain = number + 1
        return pieces

    def add_rows(
        self, first: int, requested: Mapping[int, Mapping[int, str]]
    ) -> list[bytes]:
        """Rows after the last one, with the empty ones between them."""
        pieces = list[bytes]()
        plain = first
        for number, values in sorted(requested.items()):
            if number > plain:
                empty = DocumentCell(b"<table:table-cell/>", {})
                pieces.append(_write_row(b"<table:table-row>", [empty], number - plain))
            tag = self._model.tag if self._model else b"<table:table-row>"
            added = DocumentRow(0, OF_ONE_ROW.sub(b"", tag), 1)
            pieces.append(self._write_changed(added, values))
            plain = number + 1
        return pieces

    def _write_changed(
        self, row: DocumentRow, values: Mapping[int, str], *, noted: bool = True
    ) -> bytes:
        """A row with these values, and the comments of its cells where it is `noted`."""
        cells = list(row.cells)
        for column, value in sorted(values.items()):
            cells = self._set_cell(cells, column, value, noted=noted)
        return _write_row(row.tag, cells, 1)

    def _set_cell(
        self, cells: list[DocumentCell], column: int, value: str, *, noted: bool
    ) -> list[DocumentCell]:
        result = list[DocumentCell]()
        place = 0
        is_set = False
        for cell in cells:
            end = place + cell.times
            if place <= column < end:
                result += [
                    DocumentCell(cell.xml, cell.attributes, column - place),
                    self._make_cell(cell, column, value, noted=noted),
                    DocumentCell(cell.xml, cell.attributes, end - column - 1),
                ]
                is_set = True
            else:
                result.append(cell)
            place = end
        if not is_set:
            gap = DocumentCell(b"<table:table-cell/>", {}, column - place)
            result += [gap, self._make_cell(None, column, value, noted=noted)]
        return [cell for cell in result if cell.times]

    def _make_cell(
        self, former: DocumentCell | None, column: int, value: str, *, noted: bool
    ) -> DocumentCell:
        """A cell with a value and the kind of its column, as the one that it replaces, with its comment where it is `noted`."""
        notes = b"".join(NOTES.findall(former.xml)) if former and noted else b""
        if former and DRAWN.search(NOTES.sub(b"", former.xml), 1):
            raise UnusualSheetError
        like = former if former and former.kind else self._kinds.get(column)
        model = self._model.cell_at(column) if self._model else None
        inherited: dict[str, str] = {}
        for cell in (model, former):
            known = cell.attributes if cell else {}
            inherited |= {name: known[name] for name in INHERITED if known.get(name)}
        own_attributes, text = _content(value, like)
        attributes = inherited | own_attributes
        listed = "".join(
            f' {name}="{escape(content)}"' for name, content in attributes.items()
        )
        inner = notes + _paragraphs(text)
        if inner:
            xml = (
                f"<table:table-cell{listed}>".encode() + inner + b"</table:table-cell>"
            )
        else:
            xml = f"<table:table-cell{listed}/>".encode()
        return DocumentCell(xml, attributes)


def _write_row(tag: bytes, cells: Iterable[DocumentCell], times: int) -> bytes:
    opened = _repeat(tag, ROWS_REPEATED, "table:number-rows-repeated", times)
    if opened.endswith(b"/>"):
        opened = opened.removesuffix(b"/>") + b">"
    written = b"".join(cell.write(cell.times) for cell in cells)
    return opened + written + b"</table:table-row>"


def _content(value: str, like: DocumentCell | None) -> tuple[dict[str, str], str]:
    """The attributes and the text of a cell that says this and is of the kind of another one."""
    if not value:
        return {}, ""
    kind = like.kind if like else ""
    attribute = _value_attribute(value, kind)
    if not attribute:
        return {"office:value-type": "string"}, value
    attributes = {"office:value-type": kind, **attribute}
    currency = like.attributes.get("office:currency", "") if like else ""
    if kind == "currency" and currency:
        attributes["office:currency"] = currency
    return attributes, value


def _value_attribute(value: str, kind: str) -> dict[str, str]:
    """The attribute that says the value of a cell of a kind; none where it is no value of it."""
    if kind in NUMBERS and PLAIN_NUMBER.fullmatch(value):
        return {"office:value": value}
    if kind == "boolean" and value in {"true", "false"}:
        return {"office:boolean-value": value}
    try:
        if kind == "date" and ISO_DAY.fullmatch(value):
            return {"office:date-value": date.fromisoformat(value).isoformat()}
        if kind == "date" and ISO_MOMENT.fullmatch(value):
            return {"office:date-value": datetime.fromisoformat(value).isoformat()}
        if kind == "time" and CLOCK.fullmatch(value):
            moment = time.fromisoformat(value)
            seconds = f"{moment:%S}"
            if moment.microsecond:
                seconds += f".{moment.microsecond:06}"
            return {"office:time-value": f"PT{moment:%H}H{moment:%M}M{seconds}S"}
    except ValueError:
        return {}
    return {}


def _paragraphs(text: str) -> bytes:
    """A text as paragraphs, one for each of its lines; blanks that XML would lose are elements."""
    if not text:
        return b""
    return "".join(
        f"<text:p>{BLANKS.sub(_blank, escape(line, quote=False))}</text:p>"
        for line in text.split("\n")
    ).encode()


def _blank(match: re.Match[str]) -> str:
    if match[0] == "\t":
        return "<text:tab/>"
    return f'<text:s text:c="{len(match[0])}"/>'
