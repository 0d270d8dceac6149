"""Generated families of hard spreadsheets, and of the formats of old ones, each with what it should be read as."""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from xml.sax.saxutils import escape

import xlsxwriter

from bench.load.reading.labels import LabelledReading
from bench.load.reading.tables import Table, make_table
from bench.load.reading.text_families import Family

SHEET = "Données"
CREATED = datetime(2026, 1, 1, tzinfo=UTC)
"""The date in the properties of each workbook, so that its bytes are the same each time."""
Cells = Sequence[Sequence[str | float]]


def sheet_records(table: Table) -> list[list[str | float]]:
    """The rows, numbers as numbers."""
    return [
        [
            _format_cell(cell) if _is_number(column.types) else cell
            for cell, column in zip(record, table.columns, strict=True)
        ]
        for record in table.records
    ]


def sheet_cells(table: Table) -> list[list[str | float]]:
    """The names, and the rows below them."""
    names: list[str | float] = [*table.names]
    return [names, *sheet_records(table)]


def _is_number(types: Sequence[str]) -> bool:
    return bool({"integer", "number"} & set(types))


def _format_cell(cell: str) -> float:
    return float(cell.replace(",", "."))


def write_workbook(
    cells: Cells, merged: Sequence[tuple[int, int, int, int, str]] = ()
) -> bytes:
    """A sheet of these cells; `merged` ranges hold a text: first row, first column, last row, last column, text."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    book.set_properties({"created": CREATED})
    sheet = book.add_worksheet(SHEET)
    for row, record in enumerate(cells):
        for column, cell in enumerate(record):
            if cell != "":
                sheet.write(row, column, cell)
    for first_row, first_column, last_row, last_column, text in merged:
        sheet.merge_range(first_row, first_column, last_row, last_column, text)
    book.close()
    return content.getvalue()


def in_sheet(
    name: str, content: bytes, table: Table, suffix: str = ".xlsx"
) -> LabelledReading:
    """A table whose names are on the first row of a sheet."""
    return LabelledReading(
        name=name.removesuffix(".csv") + suffix,
        family="",
        content=lambda: content,
        names=tuple(table.names),
        rows=len(table.records),
        types=table.types,
    )


def plain_sheet(draw: Random, name: str) -> LabelledReading:
    """Nothing odd."""
    table = make_table(draw, "place", "town", "count", "amount")
    return in_sheet(name, write_workbook(sheet_cells(table)), table)


def tables_below(draw: Random, name: str) -> LabelledReading:
    """Another table below the first one, after an empty row."""
    table = make_table(draw, "place", "count", "amount")
    other = make_table(draw, "town", "open", "street")
    content = write_workbook([*sheet_cells(table), [], *sheet_cells(other)])
    return replace(
        in_sheet(name, content, table), remarks=frozenset({"several_tables"})
    )


def merged_groups(draw: Random, name: str) -> LabelledReading:
    """Merged cells above the names say what several columns are about."""
    table = make_table(draw, "town", "count", "count", "count", "count")
    groups = draw.choice((("2023", "2024"), ("Filles", "Garçons")))
    below = draw.choice((("entrées", "sorties"), ("matin", "soir")))
    joined = ["commune", *(f"{group} {part}" for group in groups for part in below)]
    table = Table(
        tuple(
            replace(column, name=name)
            for column, name in zip(table.columns, joined, strict=True)
        )
    )
    content = write_workbook(
        [[], ["commune", *below, *below], *sheet_records(table)],
        [(0, 1, 0, 2, groups[0]), (0, 3, 0, 4, groups[1])],
    )
    return replace(in_sheet(name, content, table), header_line=2, first_line=3)


def merged_rows(draw: Random, name: str) -> LabelledReading:
    """A merged cell holds the value of several rows."""
    table = make_table(draw, "town", "place", "count", rows=12)
    towns = [table.records[start][0] for start in range(0, 12, 4)]
    cells = [["", *record[1:]] for record in sheet_records(table)]
    merged = [
        (1 + 4 * number, 0, 4 + 4 * number, 0, town)
        for number, town in enumerate(towns)
    ]
    content = write_workbook([table.names, *cells], merged)
    return replace(in_sheet(name, content, table), remarks=frozenset({"merged_cells"}))


def formulas_without_values(draw: Random, name: str) -> LabelledReading:
    """Formulas that no program computed before the file was saved."""
    table = make_table(draw, "place", "count")
    names, *rows = sheet_cells(table)
    cells = [
        [*names, "double"],
        *([*row, f"=B{number}*2"] for number, row in enumerate(rows, start=2)),
    ]
    whole = zipfile.ZipFile(io.BytesIO(write_workbook(cells)))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in whole.infolist():
            data = whole.read(entry)
            if entry.filename.startswith("xl/worksheets/sheet"):
                data = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", data)
            target.writestr(entry, data)
    reading = in_sheet(name, content.getvalue(), table)
    return replace(
        reading,
        names=(*table.names, "double"),
        types={**table.types, "double": frozenset({"empty"})},
        remarks=frozenset({"formulas_without_values"}),
    )


def far_cells(draw: Random, name: str) -> LabelledReading:
    """A blank cell in the last column that there can be: 16,384 are declared."""
    table = make_table(draw, "place", "count", "amount")
    last: list[str | float] = [""] * (16_383 - len(table.names))
    names, *records = sheet_cells(table)
    rows = [[*names, *last, " "], *records]
    return in_sheet(name, write_workbook(rows), table)


def flat_open_document(draw: Random, name: str) -> LabelledReading:
    """OpenDocument in one XML file (`.fods`)."""
    table = make_table(draw, "place", "town", "count")
    rows = "".join(
        f"<table:table-row>{''.join(_flat_cell(cell) for cell in record)}</table:table-row>"
        for record in sheet_cells(table)
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<office:document'
        ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3"'
        ' office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><office:body><office:spreadsheet>'
        f'<table:table table:name="{SHEET}">{rows}</table:table></office:spreadsheet></office:body></office:document>'
    )
    return in_sheet(name, text.encode(), table, ".fods")


def _flat_cell(cell: str | float) -> str:
    if isinstance(cell, float):
        return (
            f'<table:table-cell office:value-type="float" office:value="{cell:g}">'
            f"<text:p>{cell:g}</text:p></table:table-cell>"
        )
    return f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'


def symbolic_link(draw: Random, name: str) -> LabelledReading:
    """Microsoft's symbolic link (`.slk`)."""
    table = make_table(draw, "place", "count", "amount")
    lines = ["ID;PWXL;N;E"]
    for row, record in enumerate(sheet_cells(table), start=1):
        for column, cell in enumerate(record, start=1):
            value = f"{cell:g}" if isinstance(cell, float) else f'"{cell}"'
            lines.append(f"C;Y{row};X{column};K{value}")
    return in_sheet(
        name, "\r\n".join([*lines, "E", ""]).encode("cp1252"), table, ".slk"
    )


def data_interchange(draw: Random, name: str) -> LabelledReading:
    """Data Interchange Format (`.dif`)."""
    table = make_table(draw, "place", "count", "amount")
    records = sheet_cells(table)
    lines = [
        "TABLE",
        "0,1",
        '"EXCEL"',
        "VECTORS",
        f"0,{len(records)}",
        '""',
        "TUPLES",
        f"0,{len(table.names)}",
        '""',
        "DATA",
        "0,0",
        '""',
    ]
    for record in records:
        lines += ["-1,0", "BOT"]
        for cell in record:
            lines += (
                [f"0,{cell:g}", "V"]
                if isinstance(cell, float)
                else ["1,0", f'"{cell}"']
            )
    lines += ["-1,0", "EOD", ""]
    return in_sheet(name, "\r\n".join(lines).encode("cp1252"), table, ".dif")


SHEET_FAMILIES: dict[str, Family] = {
    "sheet: plain": plain_sheet,
    "sheet: two tables": tables_below,
    "sheet: merged names": merged_groups,
    "sheet: merged rows": merged_rows,
    "sheet: formulas without values": formulas_without_values,
    "sheet: 16,384 columns": far_cells,
    "sheet: .fods": flat_open_document,
    "sheet: .slk": symbolic_link,
    "sheet: .dif": data_interchange,
}
