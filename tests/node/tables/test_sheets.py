"""Spreadsheets: the sheet that holds the table, and what is told of the file."""

import struct
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from tests.node.tables.reading import converted, rows
from udi.tabular.formats.file_kind import OLE
from udi.tabular.formats.workbook_repair import has_dotted_targets, repair_workbook
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.profile import profile_path
from udi.tabular.profiles.repairs import Repair, RepairKind


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "typed.parquet"


def workbook(
    tmp_path: Path, *sheets: tuple[str, list[list[object]]], hidden: str = ""
) -> Path:
    file = tmp_path / "classeur.xlsx"
    book = xlsxwriter.Workbook(str(file), {"default_date_format": "dd/mm/yyyy"})
    for name, lines in sheets:
        sheet = book.add_worksheet(name)
        for index, line in enumerate(lines):
            sheet.write_row(index, 0, line)
        if name == hidden:
            sheet.hide()
    book.close()
    return file


TABLE = [
    ["Titre"],
    [],
    ["nom", "n", "le", "ok"],
    ["Léa", 12, date(2024, 1, 31), True],
    ["Noé", 1.5, None, False],
]


def test_a_sheet_is_a_table_like_any_other(tmp_path: Path, target: Path) -> None:
    file = workbook(
        tmp_path,
        ("Notice", [["À lire"]]),
        ("Données", TABLE),
        ("Secret", [["a", "b"], [1, 2]]),
        hidden="Secret",
    )

    done = converted(file, target)

    assert (done.profile.sheet, done.profile.header_line, done.profile.rows) == (
        "Données",
        3,
        2,
    )
    assert [sheet.name for sheet in done.profile.sheets if sheet.hidden] == ["Secret"]
    assert {note.code for note in done.profile.notes} == {
        "other_sheets",
        "hidden_sheets",
    }
    assert rows(target) == [
        (4, "Léa", 12.0, date(2024, 1, 31), True),
        (5, "Noé", 1.5, None, False),
    ]


def test_another_sheet_may_be_chosen(tmp_path: Path, target: Path) -> None:
    file = workbook(
        tmp_path,
        ("A", TABLE),
        ("B", [["x", "y"], [datetime(2024, 1, 1, 8, 30), 2]]),  # noqa: DTZ001
    )

    conversion = converted(file, target, Corrections(sheet="B"))
    gone = profile_path(file, corrections=Corrections(sheet="C"))

    assert (
        conversion.profile.sheet,
        [column.name for column in conversion.profile.columns],
    ) == ("B", ["x", "y"])
    assert gone.failure
    assert (gone.failure.code, gone.failure.values) == ("no_such_sheet", {"sheet": "C"})


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(200 * 1024**2))


def liar(path: Path) -> None:
    """A directory that says less than the archive unpacks to."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(range(256)) * 400_000)
    content = path.read_bytes()
    for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        start = content.index(mark) + place
        content = content[:start] + struct.pack("<I", 1000) + content[start + 4 :]
    path.write_bytes(content)


def packed_otherwise(path: Path) -> None:
    """Parts that are neither stored nor deflated: they unpack without bound."""
    whole = workbook(path.parent, ("A", TABLE))
    with zipfile.ZipFile(whole) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)


def truncated(path: Path) -> None:
    whole = workbook(path.parent, ("A", TABLE)).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def protected(path: Path) -> None:
    path.write_bytes(
        OLE + bytes(500) + "EncryptedPackage".encode("utf-16-le") + bytes(500)
    )


def page(path: Path) -> None:
    path.write_bytes(b"<!DOCTYPE html><html><p>404</p></html>")


def letter(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", "hello")


@pytest.mark.parametrize(
    ("make", "code"),
    [pytest.param(bomb, "bomb", marks=pytest.mark.thorough), (liar, "bomb"), (packed_otherwise, "damaged"), (truncated, "damaged"), (protected, "password"), (page, "web_page"), (letter, "not_a_sheet")],
)  # fmt: skip
def test_what_cannot_be_opened_is_explained(
    tmp_path: Path, target: Path, make: object, code: str
) -> None:
    file = tmp_path / "comptes.xlsx"
    assert callable(make)
    make(file)

    done = converted(file, target)

    assert done.failure
    assert done.failure.code == code
    assert done.failure.explanation.remedy
    assert not done.profile.is_table


def without_package_relations(name: str, part: bytes) -> bytes | None:
    return None if name == "_rels/.rels" else part


def with_dotted_targets(name: str, part: bytes) -> bytes | None:
    return part.replace(b'Target="worksheets/', b'Target="./worksheets/')


def in_utf_16(name: str, part: bytes) -> bytes | None:
    if not name.endswith(".xml"):
        return part
    return part.decode().replace("UTF-8", "UTF-16").encode("utf-16")


@pytest.mark.parametrize(
    "rewrite", [without_package_relations, with_dotted_targets, in_utf_16]
)
def test_workbooks_that_spreadsheet_programs_open_are_read(
    tmp_path: Path, rewrite: Callable[[str, bytes], bytes | None]
) -> None:
    file = workbook(tmp_path, ("A", TABLE))
    usual = profile_path(file)
    with zipfile.ZipFile(file) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(file, "w") as target:
        for name, part in parts.items():
            written = rewrite(name, part)
            if written is not None:
                target.writestr(name, written)

    profile = profile_path(file)

    assert usual.is_table
    assert (profile.columns, profile.sample) == (usual.columns, usual.sample)


def test_no_part_that_unpacks_without_bound_is_repaired(tmp_path: Path) -> None:
    file = tmp_path / "comptes.xlsx"
    packed_otherwise(file)
    content = file.read_bytes()

    assert not has_dotted_targets(content)
    assert repair_workbook(content) is None


def test_cells_that_were_merged_are_listed_with_a_mended_copy(
    tmp_path: Path, target: Path
) -> None:
    file = tmp_path / "classeur.xlsx"
    book = xlsxwriter.Workbook(str(file))
    page = book.add_worksheet("A")
    for index, line in enumerate([["ville", "n"], ["", 1], ["", 2], ["Brest", 3]]):
        page.write_row(index, 0, line)
    page.merge_range(1, 0, 2, 0, "Rennes")
    book.close()

    done = converted(file, target, Corrections(mended=True))

    assert done.repairs == (Repair(RepairKind.MERGED, 1),)


def test_macros_are_told(tmp_path: Path) -> None:
    file = workbook(tmp_path, ("A", TABLE))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")

    profile = profile_path(file)

    assert (profile.is_table, profile.label) == (True, "XLSX")
    assert [note.code for note in profile.notes] == ["macros"]


def test_an_empty_workbook_is_explained(tmp_path: Path) -> None:
    failure = profile_path(workbook(tmp_path, ("A", []))).failure

    assert failure
    assert failure.code == "no_filled_sheet"
