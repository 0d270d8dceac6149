"""Cells of an XLSX are changed in its sheet: styles, formulas and every other part of the workbook stay."""

import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from udi.tabular.editing.row_changes import (
    CorrectionResult,
    RowEdit,
    RowQuery,
    TableCorrection,
    correct_rows,
    read_rows,
)
from udi.tabular.editing.row_positions import digest_of
from udi.tabular.editing.sheet_cells import UnusualSheetError, change_sheet

NAMES = ("nom", "ville", "membres", "création", "actif")
ROWS: list[list[object]] = [
    ["Les Amis du Phare", "Kerlévan", 12, date(1987, 3, 12), True],
    ["École de voile", "Brest", 3.5, date(1999, 9, 4), False],
    ["Judo & Cie", "Brest", 40, date(2001, 1, 31), True],
]
FIRST = ("Les Amis du Phare", "Kerlévan", "12", "1987-03-12", "true")


def workbook(
    folder: Path,
    *,
    left: int = 0,
    above: int = 0,
    formula: bool = False,
    total: bool = False,
    below: str = "",
    later_days: bool = False,
    comments: Sequence[str] = (),
) -> Path:
    """A workbook with a table on its second sheet."""
    path = folder / "clubs.xlsx"
    options = {"default_date_format": "dd/mm/yyyy", "date_1904": later_days}
    book = xlsxwriter.Workbook(str(path), options)
    notice = book.add_worksheet("Notice")
    notice.write(0, 0, "À lire")
    if total:
        notice.write_formula(1, 0, "=SUM(Clubs!C2:C4)", None, 55.5)
    sheet = book.add_worksheet("Clubs")
    bold = book.add_format({"bold": True})
    for column, name in enumerate(NAMES):
        sheet.write(above, left + column, name, bold)
    for place, row in enumerate(ROWS, start=above + 1):
        sheet.write_row(place, left, row)
    if formula:
        sheet.write_formula(above + 1, left + 2, "=6+6", None, 12)
    if below:
        sheet.write(above + 6, left, below)
    for place, comment in enumerate(comments, start=above + 1):
        notice.write_comment(place, left, f"Notice : {comment}")
        sheet.write_comment(place, left, comment)
    book.close()
    return path


def shown_rows(path: Path) -> list[tuple[str, ...]]:
    page = read_rows(path, path.name, {}, RowQuery())
    assert page.refusal == ""
    assert page.names == NAMES
    return [row.cells for row in page.rows]


def correct(path: Path, *edits: RowEdit) -> tuple[CorrectionResult, Path]:
    target = path.parent / "out" / "new.xlsx"
    target.parent.mkdir(exist_ok=True)
    correction = TableCorrection(tuple(edits), digest_of(NAMES))
    return correct_rows(path, path.name, {}, target, correction), target


def edit(number: int, before: tuple[str, ...], **after: str) -> RowEdit:
    values = {**dict(zip(NAMES, before, strict=True)), **after}
    return RowEdit(number, digest_of(before), tuple(values.values()))


@pytest.mark.parametrize(("left", "above"), [(0, 0), (2, 3)])
def test_cells_keep_their_kind_and_the_workbook_its_other_parts(
    tmp_path: Path, left: int, above: int
) -> None:
    path = workbook(tmp_path, left=left, above=above)
    rows = shown_rows(path)
    assert rows[0] == FIRST

    result, target = correct(
        path,
        edit(1, rows[0], ville="Ré <&>", membres="13", création="1988-02-29"),
        edit(3, rows[2], actif="false"),
    )

    assert (result.changed, result.refusal) == (2, "")
    assert shown_rows(target) == [
        (FIRST[0], "Ré <&>", "13", "1988-02-29", "true"),
        rows[1],
        (*rows[2][:4], "false"),
    ]
    sheet = CalamineWorkbook.from_path(str(target)).get_sheet_by_name("Clubs")
    kinds = [type(cell) for cell in sheet.to_python()[1]]
    assert kinds == [str, str, float, date, bool]
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target) as new:
        assert old.namelist() == new.namelist()
        changed = [name for name in old.namelist() if old.read(name) != new.read(name)]
    assert changed == ["xl/worksheets/sheet2.xml"]


def test_a_removed_row_takes_its_comment_with_it(tmp_path: Path) -> None:
    path = workbook(tmp_path, comments=("Un", "Deux", "Trois"))
    rows = shown_rows(path)

    result, target = correct(path, RowEdit(2, digest_of(rows[1]), None))

    with zipfile.ZipFile(target) as archive:
        texts = [
            archive.read(name).decode()
            for name in sorted(archive.namelist())
            if name.startswith("xl/comments")
        ]
    assert (result.removed, result.refusal) == (1, "")
    assert "Notice : Deux" in texts[0]
    assert [word in texts[1] for word in (">Un<", ">Deux<", ">Trois<")] == [
        True,
        False,
        True,
    ]
    assert '<comment ref="A3" authorId="0"><text/></comment>' in texts[1]


THREADS = (
    '<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments">'
    '<threadedComment ref="A2" dT="2026-01-05T10:00:00.00" personId="{P}" id="{1}"><text>Un</text></threadedComment>'
    '<threadedComment ref="A3" dT="2026-01-05T10:00:00.00" personId="{P}" id="{2}"><text>Deux</text></threadedComment>'
    '<threadedComment ref="A3" dT="2026-01-06T10:00:00.00" personId="{P}" id="{3}" parentId="{2}"><text>Vraiment deux</text></threadedComment>'
    "</ThreadedComments>"
)
THREADS_RELATION = (
    '<Relationship Id="rId99" Type="http://schemas.microsoft.com/office/2017/10/relationships/threadedComment"'
    ' Target="../threadedComments/threadedComment1.xml"/></Relationships>'
)


def test_a_removed_row_takes_its_threads_with_it(tmp_path: Path) -> None:
    """Excel 365 keeps a conversation about a cell beside the comment that older programs show."""
    path = workbook(tmp_path, comments=("Un", "Deux", "Trois"))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    relations = "xl/worksheets/_rels/sheet2.xml.rels"
    parts[relations] = parts[relations].replace(
        b"</Relationships>", THREADS_RELATION.encode()
    )
    parts["xl/threadedComments/threadedComment1.xml"] = THREADS.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    rows = shown_rows(path)

    result, target = correct(path, RowEdit(2, digest_of(rows[1]), None))

    with zipfile.ZipFile(target) as archive:
        threads = archive.read("xl/threadedComments/threadedComment1.xml").decode()
    assert (result.removed, result.refusal) == (1, "")
    assert "<text>Un</text>" in threads
    assert "eux" not in threads
    assert threads.count("<text/>") == 2


def test_days_of_workbooks_that_count_from_1904_stay_days(tmp_path: Path) -> None:
    path = workbook(tmp_path, later_days=True)
    rows = shown_rows(path)

    _, target = correct(path, edit(1, rows[0], création="1988-02-29"))

    assert shown_rows(target)[0][3] == "1988-02-29"


def test_rows_are_added_with_the_look_of_the_last_and_removed(tmp_path: Path) -> None:
    path = workbook(tmp_path)
    rows = shown_rows(path)
    new = ("Échecs", "Ré", "7", "2020-02-02", "false")

    result, target = correct(
        path,
        RowEdit(2, digest_of(rows[1]), None),
        RowEdit(0, "", new),
    )

    assert (result.added, result.removed) == (1, 1)
    assert shown_rows(target) == [rows[0], rows[2], new]
    sheet = CalamineWorkbook.from_path(str(target)).get_sheet_by_name("Clubs")
    assert [type(cell) for cell in sheet.to_python()[4]] == [
        str,
        str,
        float,
        date,
        bool,
    ]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_workbook_with_formulas_is_not_corrected(
    tmp_path: Path, *, elsewhere: bool
) -> None:
    path = workbook(tmp_path, formula=not elsewhere, total=elsewhere)
    rows = shown_rows(path)

    for change in ({"membres": "13"}, {"ville": "Ré"}):
        refused, target = correct(path, edit(1, rows[0], **change))
        assert (refused.refusal, target.exists()) == ("formula", False)
    total = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Notice")
    assert total.to_python()[-1][-1] == (55.5 if elsewhere else "À lire")


def test_no_row_is_added_where_something_stands_below(tmp_path: Path) -> None:
    path = workbook(tmp_path, below="Source : mairie, relevé de 2025")
    rows = shown_rows(path)
    new = ("Échecs", "Ré", "7", "2020-02-02", "false")

    refused, _ = correct(path, RowEdit(0, "", new))
    changed, target = correct(path, edit(1, rows[0], ville="Ré"))

    assert refused.refusal == "below"
    assert changed.changed == 1
    assert shown_rows(target)[0][1] == "Ré"


def test_a_letter_that_xml_lacks_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path)
    rows = shown_rows(path)

    result, _ = correct(path, edit(1, rows[0], ville="\x01"))

    assert [(one.column, one.letter) for one in result.refused] == [(1, "\x01")]


def test_signed_workbooks_are_not_changed(tmp_path: Path) -> None:
    path = workbook(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("_xmlsignatures/sig1.xml", "<Signature/>")

    assert read_rows(path, path.name, {}, RowQuery()).refusal == "format"


def test_a_workbook_of_an_older_format_is_not_written_anew(
    shared_data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "csvkit_sheets.xls"
    path.write_bytes((shared_data / "data/tables" / path.name).read_bytes())

    assert read_rows(path, path.name, {}, RowQuery()).refusal == "old_workbook"


def merge(path: Path, *ranges: str) -> None:
    """Merge cells of the second sheet, whatever they say."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    merged = "".join(f'<mergeCell ref="{cells}"/>' for cells in ranges)
    parts["xl/worksheets/sheet2.xml"] = parts["xl/worksheets/sheet2.xml"].replace(
        b"</sheetData>", f"</sheetData><mergeCells>{merged}</mergeCells>".encode()
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("cells", ["A3:A4", "A2:B2", "A4:B5", "H3:H4"])
def test_a_table_with_merged_cells_in_its_rows_is_not_changed(
    tmp_path: Path, cells: str
) -> None:
    path = workbook(tmp_path)
    merge(path, cells)
    correction = TableCorrection((RowEdit(0, "", FIRST),), digest_of(NAMES))

    preview = read_rows(path, path.name, {}, RowQuery())
    result = correct_rows(path, path.name, {}, tmp_path / "new.xlsx", correction)

    assert (preview.refusal, result.refusal) == ("irregular", "irregular")


def test_cells_merged_above_the_table_or_below_it_stay(tmp_path: Path) -> None:
    path = workbook(tmp_path, above=3)
    merge(path, "A1:E2", "A9:B10")
    rows = shown_rows(path)

    changed, target = correct(path, edit(1, rows[0], ville="Ré"))
    below, _ = correct(path, RowEdit(0, "", FIRST))

    assert changed.changed == 1
    assert below.refusal == "below"
    with zipfile.ZipFile(target) as archive:
        assert b'<mergeCell ref="A1:E2"/>' in archive.read("xl/worksheets/sheet2.xml")


def kinds_of(path: Path, row: int) -> list[type]:
    """The kinds of the cells of a row of the second sheet."""
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Clubs")
    return [type(cell) for cell in sheet.to_python()[row]]


def test_an_empty_cell_is_filled_with_the_kind_of_its_column(tmp_path: Path) -> None:
    path = tmp_path / "clubs.xlsx"
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "dd/mm/yyyy"})
    book.add_worksheet("Notice")
    sheet = book.add_worksheet("Clubs")
    grey = book.add_format({"bg_color": "#dddddd"})
    sheet.write_row(0, 0, NAMES)
    for place, row in enumerate(ROWS, start=1):
        sheet.write_row(place, 0, row)
    sheet.write_row(4, 0, ["Échecs", "Ré"])
    for column in (2, 3, 4):
        sheet.write_blank(4, column, None, grey)
    book.close()
    rows = shown_rows(path)
    assert rows[3] == ("Échecs", "Ré", "", "", "")
    after = {"membres": "2.5", "création": "2020-02-02", "actif": "true"}

    result, target = correct(path, edit(4, rows[3], **after))

    assert result.changed == 1
    assert shown_rows(target)[3] == ("Échecs", "Ré", *after.values())
    assert kinds_of(target, 4) == [str, str, float, date, bool]


def test_numbers_that_say_that_they_are_stay_numbers(tmp_path: Path) -> None:
    xml = '<sheetData><row r="1"><c r="A1" t="n"><v>1</v></c></row></sheetData>'

    written = change_sheet(xml, {1: {0: "2"}}, (), model=0, later_days=False)

    assert '<c r="A1"><v>2</v></c>' in written


@pytest.mark.parametrize("later_days", [False, True])
def test_moments_and_times_of_day_keep_their_kind(
    tmp_path: Path, *, later_days: bool
) -> None:
    path = tmp_path / "clubs.xlsx"
    book = xlsxwriter.Workbook(str(path), {"date_1904": later_days})
    book.add_worksheet("Notice")
    sheet = book.add_worksheet("Clubs")
    moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"})
    clock = book.add_format({"num_format": "hh:mm:ss"})
    sheet.write_row(0, 0, NAMES)
    for place in range(1, 4):
        sheet.write_row(place, 0, [f"Club {place}", "Ré"])
        half_past_two = datetime(2025, 6, place, 14, 30, tzinfo=UTC)
        sheet.write_datetime(place, 2, half_past_two.replace(tzinfo=None), moment)
        sheet.write_datetime(place, 3, time(9, 15), clock)
        sheet.write(place, 4, place)
    book.close()
    rows = shown_rows(path)
    assert rows[0][2:4] == ("2025-06-01 14:30:00", "09:15:00")
    after = {"membres": "2024-02-29 23:59:59", "création": "07:13:47"}

    result, target = correct(path, edit(1, rows[0], **after))

    assert result.changed == 1
    assert shown_rows(target)[0][2:4] == tuple(after.values())
    assert kinds_of(target, 1) == [str, str, datetime, time, float]


@pytest.mark.parametrize(
    "xml",
    [
        "<worksheet/>",
        "<worksheet><sheetData><row><c/></row></sheetData></worksheet>",
        '<worksheet><sheetData><row r="1"><c><v>1</v></c></row></sheetData></worksheet>',
    ],
)
def test_a_sheet_without_the_places_of_its_cells_is_refused(xml: str) -> None:
    with pytest.raises(UnusualSheetError):
        change_sheet(xml, {1: {0: "a"}}, (), model=0, later_days=False)
