"""Cells of an OpenDocument spreadsheet are changed in its XML: styles, comments and every other part stay."""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from udi.tabular.editing.document_cells import change_document
from udi.tabular.editing.row_changes import (
    CorrectionResult,
    RowEdit,
    RowQuery,
    TableCorrection,
    correct_rows,
    read_rows,
)
from udi.tabular.editing.row_positions import digest_of
from udi.tabular.editing.sheet_cells import UnusualSheetError

NAMES = ("nom", "ville", "membres", "création", "actif")
FIRST = ("Les Amis du Phare", "Brest", "12", "1987-03-12", "true")
SECOND = ("École de voile", "Brest", "3.5", "1999-09-04", "false")
THIRD = ("Judo & Cie", "Brest", "40", "2001-01-31", "true")
ROOT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" office:version="1.3"><office:body><office:spreadsheet>'
)
END = "</office:spreadsheet></office:body></office:document-content>"
FLAT_ROOT = ROOT.replace("<office:document-content", "<office:document").replace(
    ' office:version="1.3"', ' office:version="1.3" office:mimetype="{mime}"'
)
SCRIPTS = (
    ' <office:scripts>\n  <office:script script:language="ooo:Basic" xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0">\n'
    '   <ooo:libraries xmlns:ooo="http://openoffice.org/2004/office">\n    <ooo:library-embedded ooo:name="Standard"/>\n'
    "   </ooo:libraries>\n  </office:script>\n </office:scripts>\n"
)
"""What LibreOffice writes into each flat document, be there a macro or none."""
MIME = "application/vnd.oasis.opendocument.spreadsheet"
MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MIME}"/></manifest:manifest>'
)
EMPTY = '<table:table-cell table:number-columns-repeated="1019"/>'
NOTICE = '<table:table table:name="Notice"><table:table-row><table:table-cell office:value-type="string"><text:p>À lire</text:p></table:table-cell></table:table-row></table:table>'
COMMENT = "<office:annotation><text:p>Voir l'annuaire</text:p></office:annotation>"


def text(value: str, *, style: str = "", inside: str = "") -> str:
    look = f' table:style-name="{style}"' if style else ""
    display = value.replace("&", "&amp;")
    return f'<table:table-cell{look} office:value-type="string">{inside}<text:p>{display}</text:p></table:table-cell>'


def value_cell(kind: str, value: str, display: str, style: str = "ce1") -> str:
    name = "value" if kind == "float" else f"{kind}-value"
    return f'<table:table-cell table:style-name="{style}" office:value-type="{kind}" office:{name}="{value}"><text:p>{display}</text:p></table:table-cell>'


def row(*cells: str) -> str:
    return f'<table:table-row table:style-name="ro1">{"".join(cells)}{EMPTY}</table:table-row>'


def sheet(*, first_city: str = "", extra: str = "") -> str:
    """A table whose two last rows share their city's cell by no repetition, and a long empty tail."""
    header = row(*(text(name, style="ce9") for name in NAMES))
    city = first_city or text("Brest")
    rows = [
        row(
            text("Les Amis du Phare", style="ce3", inside=COMMENT),
            city,
            value_cell("float", "12", "12,0"),
            value_cell("date", "1987-03-12", "12/03/87"),
            value_cell("boolean", "true", "VRAI"),
        ),
        row(
            text("École de voile"),
            text("Brest"),
            value_cell("float", "3.5", "3,5"),
            value_cell("date", "1999-09-04", "04/09/99"),
            value_cell("boolean", "false", "FAUX"),
        ),
        row(
            text("Judo & Cie"),
            text("Brest"),
            value_cell("float", "40", "40,0"),
            value_cell("date", "2001-01-31", "31/01/01"),
            value_cell("boolean", "true", "VRAI"),
        ),
    ]
    tail = '<table:table-row table:number-rows-repeated="1048572"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>'
    return f'<table:table table:name="Clubs &amp; Cie">{header}{"".join(rows)}{extra or tail}</table:table>'


def document(
    folder: Path,
    body: str,
    others: Mapping[str, str] | None = None,
    name: str = "clubs.ods",
) -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", MIME, zipfile.ZIP_STORED)
        archive.writestr("content.xml", ROOT + body + END)
        archive.writestr("styles.xml", "<styles/>")
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        for member, content in (others or {}).items():
            archive.writestr(member, content)
    return path


def flat_document(folder: Path, body: str) -> Path:
    """The same as `document` in one file of XML, with lines and blanks between its elements."""
    path = folder / "clubs.fods"
    root = FLAT_ROOT.replace("{mime}", MIME).replace(
        "<office:body>", f"{SCRIPTS}<office:body>"
    )
    end = END.replace("document-content", "document")
    indented = re.sub(r">(?=<(?:table:|text:p|/table:))", ">\n  ", body)
    path.write_text(root + indented + end, newline="")
    return path


def edit(number: int, before: tuple[str, ...], **after: str) -> RowEdit:
    values = {**dict(zip(NAMES, before, strict=True)), **after}
    return RowEdit(number, digest_of(before), tuple(values.values()))


def correct(path: Path, *edits: RowEdit) -> tuple[CorrectionResult, Path]:
    target = path.parent / "out" / path.name
    target.parent.mkdir(exist_ok=True)
    correction = TableCorrection(tuple(edits), digest_of(NAMES))
    return correct_rows(path, path.name, {}, target, correction), target


def shown_rows(path: Path) -> list[tuple[str, ...]]:
    page = read_rows(path, path.name, {}, RowQuery())
    assert page.refusal == ""
    return [one.cells for one in page.rows]


def content_of(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read("content.xml").decode()


def test_cells_keep_their_kind_and_look_and_the_rest_its_bytes(tmp_path: Path) -> None:
    path = document(tmp_path, NOTICE + sheet())
    change = edit(
        1, FIRST, nom="Les  Amis <3", membres="13", création="1988-02-29", actif="false"
    )

    result, written = correct(path, change)

    assert (result.changed, result.refusal) == (1, "")
    assert shown_rows(written) == [
        ("Les  Amis <3", "Brest", "13", "1988-02-29", "false"),
        SECOND,
        THIRD,
    ]
    before = content_of(path)
    after = content_of(written)
    start = before.index("</table:table-row>", before.index("Clubs"))
    end = before.index(
        '<table:table-row table:style-name="ro1"><table:table-cell office:value-type="string"><text:p>École'
    )
    assert after.startswith(before[:start])
    assert after.endswith(before[end:])
    assert COMMENT in after
    assert 'table:style-name="ce3" office:value-type="string"' in after
    assert 'table:style-name="ce1" office:value-type="float" office:value="13"' in after
    with zipfile.ZipFile(path) as first, zipfile.ZipFile(written) as second:
        assert first.namelist() == second.namelist()
        assert second.infolist()[0].compress_type == zipfile.ZIP_STORED
        others = set(first.namelist()) - {"content.xml"}
        assert all(first.read(name) == second.read(name) for name in others)


def test_a_flat_document_keeps_every_byte_of_what_is_not_changed(
    tmp_path: Path,
) -> None:
    moment = value_cell("date", "1987-03-12T14:30:00", "12/03/87 14:30")
    body = NOTICE + sheet().replace(
        value_cell("date", "1987-03-12", "12/03/87"), moment
    )
    path = flat_document(tmp_path, body)
    first = (*FIRST[:3], "1987-03-12 14:30:00", FIRST[4])
    new = ("Chorale", "Brest", "8", "2020-01-01", "true")
    assert shown_rows(path) == [first, SECOND, THIRD]

    result, written = correct(
        path,
        edit(1, first, nom="Ré <&>", membres="13", création="1988-02-29 08:00:00"),
        RowEdit(2, digest_of(SECOND), None),
        RowEdit(0, "", new),
    )

    before, after = (
        file.read_text().split("<table:table-row") for file in (path, written)
    )
    corrected = ("Ré <&>", "Brest", "13", "1988-02-29 08:00:00", "true")
    assert (result.changed, result.removed, result.added) == (1, 1, 1)
    assert shown_rows(written) == [corrected, THIRD, new]
    assert after[:3] == before[:3]
    assert after[5] == before[5]
    assert "Voir l'annuaire" in after[3]
    assert 'office:date-value="1988-02-29T08:00:00"' in after[3]


@pytest.mark.parametrize(
    ("city", "refusal"),
    [
        ('<table:table-cell table:formula="of:=1+1" office:value-type="string"><text:p>Brest</text:p></table:table-cell>', "formula"),
        ('<table:table-cell table:number-columns-spanned="2" office:value-type="string"><text:p>Brest</text:p></table:table-cell>', "irregular"),
    ],
)  # fmt: skip
def test_a_flat_document_that_cannot_be_changed_alone_is_refused(
    tmp_path: Path, city: str, refusal: str
) -> None:
    path = flat_document(tmp_path, sheet(first_city=city))

    result, written = correct(path, edit(1, FIRST, nom="Autre"))

    assert result.refusal == refusal
    assert not written.exists()


def test_rows_are_added_and_removed_within_the_sheet(tmp_path: Path) -> None:
    path = document(tmp_path, sheet())
    new = ("Chorale", "Brest", "8", "2020-01-01", "true")

    result, written = correct(
        path, RowEdit(0, "", new), RowEdit(2, digest_of(SECOND), None)
    )

    assert (result.added, result.removed, result.refusal) == (1, 1, "")
    assert shown_rows(written) == [FIRST, THIRD, new]
    xml = content_of(written)
    assert xml.count("<table:table-row") == 6
    assert 'table:number-rows-repeated="1048571"' in xml
    assert 'office:value-type="date" office:date-value="2020-01-01"' in xml


def test_equal_cells_and_rows_that_are_written_once_are_told_apart(
    tmp_path: Path,
) -> None:
    """A program writes equal cells side by side, and equal rows, as one with their number."""
    cells = text("a").replace(
        "<table:table-cell", '<table:table-cell table:number-columns-repeated="3"', 1
    )
    xml = (
        f'{ROOT}<table:table table:name="S"><table:table-row table:number-rows-repeated="4">{cells}'
        f"</table:table-row></table:table>{END}"
    )

    changed = change_document(
        xml.encode(), "S", {2: {1: "b"}, 4: {2: ""}}, [3], model=0, kinds={}
    )

    path = document(tmp_path, "")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", MIME)
        archive.writestr("content.xml", changed)
        archive.writestr("META-INF/manifest.xml", MANIFEST)
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name("S").to_python()
    assert rows == [["a", "a", "a"], ["a", "b", "a"], ["", "", ""], ["a", "a", ""]]


@pytest.mark.parametrize(
    "cell",
    [
        text("a", inside=COMMENT),
        f"<table:table-cell>{COMMENT}</table:table-cell>",
        "<table:table-cell><text:p>Voir l'annuaire</text:p></table:table-cell>",
    ],
)
def test_a_removed_row_leaves_no_comment(cell: str) -> None:
    rows = row(text("a", inside=COMMENT)) + row(text("b"), cell)
    xml = f'{ROOT}<table:table table:name="S">{rows}</table:table>{END}'

    changed = change_document(
        xml.encode(), "S", {1: {0: "c"}}, [2], model=1, kinds={}
    ).decode()

    first_row, removed = changed.split("</table:table-row>")[:2]
    assert "annuaire" in first_row
    assert "annuaire" not in removed


def test_a_picture_in_a_row_is_not_left_when_the_row_is_removed() -> None:
    rows = row(text("b"), "<table:table-cell><draw:frame/></table:table-cell>")
    xml = f'{ROOT}<table:table table:name="S">{rows}</table:table>{END}'

    with pytest.raises(UnusualSheetError):
        change_document(xml.encode(), "S", {}, [1], model=0, kinds={})


def test_cells_keep_their_list_of_values_and_new_rows_are_visible() -> None:
    listed = text("a").replace(
        "<table:table-cell", '<table:table-cell table:content-validation-name="val1"'
    )
    model = row(listed).replace(
        "<table:table-row", '<table:table-row xml:id="r1" table:visibility="filter"'
    )
    xml = f'{ROOT}<table:table table:name="S">{model}</table:table>{END}'

    changed = change_document(
        xml.encode(), "S", {1: {0: "b"}, 2: {0: "c"}}, [], model=1, kinds={}
    ).decode()

    corrected, added = changed.split("</table:table-row>")[:2]
    assert 'table:content-validation-name="val1"' in corrected
    assert 'table:visibility="filter"' in corrected
    assert added.startswith('<table:table-row table:style-name="ro1">')
    assert 'table:content-validation-name="val1"' in added


def test_rows_beyond_the_last_that_is_written_follow_it() -> None:
    xml = f'{ROOT}<table:table table:name="S">{row(text("a"))}</table:table>{END}'

    changed = change_document(xml.encode(), "S", {3: {1: "é"}}, [], model=1, kinds={})

    added = changed.decode().partition("</table:table-row>")[2]
    assert added.startswith("<table:table-row><table:table-cell/></table:table-row>")
    assert re.search(
        r"<table:table-cell/><table:table-cell office:value-type=\"string\"><text:p>é</text:p>",
        added,
    )


@pytest.mark.parametrize(
    ("first_city", "extra", "others", "refusal"),
    [
        ('<table:table-cell table:formula="of:=1+1" office:value-type="string"><text:p>Brest</text:p></table:table-cell>', "", {}, "formula"),
        ('<table:table-cell table:number-rows-spanned="2" table:number-columns-spanned="1" office:value-type="string"><text:p>Brest</text:p></table:table-cell>', "", {}, "irregular"),
        ("", "", {"META-INF/documentsignatures.xml": "<x/>"}, "format"),
    ],
)  # fmt: skip
def test_what_cannot_be_changed_alone_is_refused(
    tmp_path: Path, first_city: str, extra: str, others: dict[str, str], refusal: str
) -> None:
    path = document(tmp_path, sheet(first_city=first_city, extra=extra), others)

    result, written = correct(path, edit(1, FIRST, nom="Autre"))

    assert result.refusal == refusal
    assert not written.exists()


def test_no_row_is_added_above_what_stands_below_the_table(tmp_path: Path) -> None:
    below = row(*["<table:table-cell/>"] * 5) * 2 + row(text("Source : mairie"))
    path = document(tmp_path, sheet(extra=below))

    result, _ = correct(path, RowEdit(0, "", FIRST))

    assert result.refusal == "below"


@pytest.mark.parametrize(
    "xml",
    [
        "<a", f'{ROOT}<table:table table:name="Autre"/>{END}',
        '<!DOCTYPE a [<!ENTITY b "c">]>' + f"<x>{sheet()}</x>",
        '<?xml version="1.0" encoding="UTF-16"?><x/>',
        f'{ROOT}<table:table table:name="S"><table:table-row table:number-rows-repeated="9999999"><table:table-cell/></table:table-row></table:table>{END}',
        f'{ROOT}<table:table table:name="S">{row("<table:table-cell><draw:frame/></table:table-cell>")}</table:table>{END}',
    ],
)  # fmt: skip
def test_what_is_not_written_as_usual_is_left_alone(xml: str) -> None:
    with pytest.raises(UnusualSheetError):
        change_document(xml.encode(), "S", {1: {0: "a"}}, [], model=1, kinds={})


@pytest.mark.parametrize("name", ["data-fair_actions.ods", "csv-detective_file.ods"])
def test_a_cell_of_a_real_document_is_corrected(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes((shared_data / "data/tables" / name).read_bytes())
    page = read_rows(path, name, {}, RowQuery())
    first = page.rows[0]
    values = ("Corrigé", *first.cells[1:])
    target = tmp_path / "out" / name
    target.parent.mkdir()
    change = RowEdit(1, digest_of(first.cells), values)

    result = correct_rows(
        path, name, {}, target, TableCorrection((change,), digest_of(page.names))
    )

    before, after = (
        CalamineWorkbook.from_path(file)
        .get_sheet_by_index(0)
        .to_python(skip_empty_area=False)
        for file in (path, target)
    )
    differing = [
        (old, new)
        for old_row, new_row in zip(before, after, strict=True)
        for old, new in zip(old_row, new_row, strict=True)
        if old != new
    ]
    assert (result.changed, result.refusal) == (1, "")
    assert [new for _, new in differing] == ["Corrigé"]
