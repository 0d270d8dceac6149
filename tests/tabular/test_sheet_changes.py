"""Cells of an XLSX are changed in its sheet: styles, formulas and every other part of the workbook stay."""

import zipfile
from datetime import date
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
    digest_of,
    read_rows,
)
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
    below: str = "",
    later_days: bool = False,
) -> Path:
    """A workbook with a table on its second sheet."""
    path = folder / "clubs.xlsx"
    options = {"default_date_format": "dd/mm/yyyy", "date_1904": later_days}
    book = xlsxwriter.Workbook(str(path), options)
    book.add_worksheet("Notice").write(0, 0, "À lire")
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


def test_a_formula_is_not_written_over(tmp_path: Path) -> None:
    path = workbook(tmp_path, formula=True)
    rows = shown_rows(path)

    refused, target = correct(path, edit(1, rows[0], membres="13"))
    assert (refused.refusal, target.exists()) == ("formula", False)

    beside, target = correct(path, edit(1, rows[0], ville="Ré"))
    assert beside.changed == 1
    with zipfile.ZipFile(target) as archive:
        assert b"<f>6+6</f>" in archive.read("xl/worksheets/sheet2.xml")


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


def test_merged_cells_and_signed_workbooks_are_not_changed(tmp_path: Path) -> None:
    path = workbook(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("_xmlsignatures/sig1.xml", "<Signature/>")

    assert read_rows(path, path.name, {}, RowQuery()).refusal == "format"


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
