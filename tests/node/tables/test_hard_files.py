"""Files that programs and people write badly: each class is read as it was meant, and what is doubtful is told."""

import io
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter

from udi.tabular.columns.column import ColumnType
from udi.tabular.formats.text_encoding import detect_encoding
from udi.tabular.formats.uncomputed import UNCOMPUTED
from udi.tabular.profiles.profile import Profile, profile_file

ROWS = "Mairie;12\nStade;30\nPiscine;25\nHalle;40\n"


def read(content: str | bytes, name: str = "t.csv") -> Profile:
    data = content.encode() if isinstance(content, str) else content
    return profile_file(name, len(data), lambda: [data])


def names(profile: Profile) -> list[str]:
    return [column.name for column in profile.columns]


def types(profile: Profile) -> list[ColumnType]:
    return [column.type for column in profile.columns]


def codes(profile: Profile) -> set[str]:
    return {note.code for note in profile.notes}


def test_cells_beyond_the_names_are_told_with_their_line() -> None:
    profile = read("voie,numero,montant\nrue A,12,5,100\nrue B,3,4\nrue C,4,5\n")

    note = next(note for note in profile.notes if note.code == "wide_rows")
    assert note.values == {"count": "1", "line": "2"}
    assert names(profile) == ["voie", "numero", "montant", "col4"]


def test_a_blank_before_a_quote_shifts_nothing() -> None:
    profile = read('nom, adresse, nombre\nA, "1, rue B", 5\nC, "2, rue D", 6\n')

    assert names(profile) == ["nom", "adresse", "nombre"]
    assert profile.sample[0] == ("A", "1, rue B", "5")


def test_a_line_of_units_is_no_row() -> None:
    profile = read("lieu;places;surface\n;nombre;m²\nMairie;12;3\nStade;30;4\nX;1;5\n")

    assert (profile.rows, profile.header_line) == (3, 1)
    assert types(profile)[1:] == [ColumnType.INTEGER, ColumnType.INTEGER]
    assert "units_line" in codes(profile)


def test_a_row_of_words_that_are_units_elsewhere_stays() -> None:
    profile = read("nom;genre\nh;m\na;h\nb;m\n")

    assert (profile.rows, "units_line" in codes(profile)) == (3, False)


@pytest.mark.parametrize(
    "content",
    [
        "code\nA\nB\nC\n",
        "sexe;classe\nH;A\nF;B\nF;C\n",
        "actif;vote\nNo;No\nYes;Yes\nYes;abstention\n",
        "groupe;n\nA;\nB;3\nC;4\n",
    ],
)
def test_a_first_row_of_words_that_are_units_elsewhere_stays(content: str) -> None:
    profile = read(content)

    assert (profile.rows, "units_line" in codes(profile)) == (3, False)


@pytest.mark.parametrize(
    "below",
    [
        "Source : mairie, 2024;\n",
        ";\n* chiffres provisoires;\n(1) hors annexes;\n",
        ";\nLes places debout ne sont pas comptées dans ce tableau;\n",
    ],
)
def test_notes_below_a_table_are_no_rows(below: str) -> None:
    profile = read(f"lieu;places\n{ROWS}{below}")

    assert (profile.rows, profile.last_line) == (4, 5)
    assert "footer" in codes(profile)


def test_a_last_row_with_empty_cells_stays() -> None:
    profile = read(f"lieu;places\n{ROWS}Théâtre;\n")

    assert (profile.rows, profile.last_line) == (5, 0)


def test_a_second_table_ends_the_first() -> None:
    rows = "Mairie;12;1,5\nStade;30;2\nPiscine;25;3,5\nHalle;40;1\n"
    other = "rue;ouvert;jour\nA;oui;lundi\nB;non;mardi\nC;oui;jeudi\n"

    profile = read(f"lieu;places;surface\n{rows};;\n{other}")

    assert (names(profile), profile.rows) == (["lieu", "places", "surface"], 4)
    assert types(profile)[1] is ColumnType.INTEGER
    assert "several_tables" in codes(profile)


def test_a_wider_second_table_is_not_taken_for_the_first() -> None:
    wide = "rue;ouvert;type;jour\n" + "A;oui;x;lundi\n" * 9

    profile = read(f"lieu;places\n{ROWS};\n{wide}")

    assert (names(profile), profile.header_line) == (["lieu", "places"], 1)
    assert (profile.rows, profile.last_line) == (4, 5)


def test_an_empty_line_between_rows_ends_no_table() -> None:
    profile = read(f"lieu;places\n{ROWS};\n{ROWS}")

    assert (profile.rows, profile.last_line) == (8, 0)


@pytest.mark.parametrize(
    "below",
    [
        "lieu;places;surface\nA;1;2\nB;3;4\nC;5;6\n",
        "Lieu ;places;Surface\nA;1;2\nB;3;4\nC;5;6\n",
        "Suite;;\nlieu;places;surface\nA;1;2\nB;3;4\n",
    ],
)
def test_rows_that_go_on_below_an_empty_line_stay(below: str) -> None:
    above = "Mairie;12;1\nStade;30;2\nHalle;40;3\n"

    profile = read(f"lieu;places;surface\n{above};;\n{below}")

    assert (profile.last_line, profile.rows) == (0, 7)


@pytest.mark.parametrize("below", ["A;1\nB;3\nC;5\n", "A;secret\nB;nc\nC;secret\n"])
def test_one_word_below_numbers_and_an_empty_line_begins_no_table(below: str) -> None:
    profile = read(f"lieu;places\n{ROWS};\nLorient;secret\n{below}")

    assert (profile.last_line, profile.rows) == (0, 8)


@pytest.mark.parametrize(
    "last", ["Champ de Mars, Rennes;;\n", "Source de la Vilaine, 35;;\n"]
)
def test_a_last_place_that_begins_as_a_note_stays(last: str) -> None:
    above = "Mairie;12;1\nStade;30;2\nHalle;40;3\n"

    profile = read(f"lieu;places;surface\n{above}{last}")

    assert (profile.last_line, profile.rows) == (0, 4)


def test_notes_far_below_an_empty_line_are_no_rows() -> None:
    notes = "".join(f"({mark}) hors annexes;\n" for mark in "abcdef")

    profile = read(f"lieu;places\n{ROWS};\n{notes}")

    assert (profile.last_line, profile.rows) == (5, 4)


def test_names_have_the_group_above_them() -> None:
    profile = read(
        ";2023;;2024;\nlieu;jour;nuit;jour;nuit\nA;1;2;3;4\nB;5;6;7;8\nC;9;1;2;3\n"
    )

    assert names(profile) == [
        "lieu",
        "2023 jour",
        "2023 nuit",
        "2024 jour",
        "2024 nuit",
    ]


def test_whole_lines_between_quotes_are_records() -> None:
    profile = read('"lieu,places"\n"Mairie,12"\n"Le ""Stade"",30"\n')

    assert (names(profile), profile.rows) == (["lieu", "places"], 2)
    assert types(profile)[1] is ColumnType.INTEGER


def test_a_list_between_quotes_is_not_cut_at_its_commas() -> None:
    profile = read('"lieu"\n"48.1, -1.6"\n"48.2, -1.7"\n')

    assert (names(profile), profile.rows) == (["lieu"], 2)


def test_a_record_of_whole_lines_that_cannot_be_cut_stays_whole() -> None:
    lines = "".join(f'"Mairie {number},12"\n' for number in range(20))

    profile = read(f'"lieu,places"\n{lines}"Halle\ncouverte,40"\n')

    assert (names(profile), profile.failure) == (["lieu", "places"], None)
    assert profile.rows == 21


def test_cells_between_quotes_are_no_whole_lines() -> None:
    profile = read('"lieu","places"\n"Mairie","12"\n"Stade","30"\n')

    assert (names(profile), profile.delimiter) == (["lieu", "places"], ",")


def test_utf_8_encoded_twice_has_its_accents() -> None:
    text = "équipement;places\nÉcole;12\nMédiathèque;3\n"

    profile = read(text.encode().decode("cp1252").encode())

    assert names(profile)[0] == "équipement"
    assert profile.sample[1][0] == "Médiathèque"
    assert "double_encoded" in codes(profile)


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("code_postal", ["1400", "35000", "1380"], ColumnType.POSTCODE),
        ("code_insee", ["1001", "35238", "2034"], ColumnType.COMMUNE),
        ("siret", ["5720784400013", "21350238800019"], ColumnType.SIRET),
        ("telephone", ["299000001", "0299000002"], ColumnType.PHONE),
    ],
)
def test_codes_that_lost_a_zero_are_reported(
    name: str, values: list[str], kind: ColumnType
) -> None:
    rows = "".join(f"x;{value}\n" for value in values)

    profile = read(f"lieu;{name}\n{rows}")

    assert types(profile)[1] is kind
    assert "lost_zeros" in codes(profile)


def test_foreign_postcodes_of_four_digits_lost_nothing() -> None:
    profile = read("lieu;code_postal\nA;1000\nB;1050\n")

    assert "lost_zeros" not in codes(profile)


def test_foreign_telephone_numbers_of_nine_digits_lost_nothing() -> None:
    profile = read("lieu;telephone\nA;912345678\nB;934567890\n")

    assert types(profile)[1] is ColumnType.PHONE
    assert "lost_zeros" not in codes(profile)


def test_codes_that_became_powers_of_ten_are_text() -> None:
    profile = read("lieu;siret\nA;2,1E+13\nB;3,5E+13\n")

    assert types(profile)[1] is ColumnType.TEXT
    assert "damaged_number" in codes(profile)


def test_an_integer_of_over_64_bits_is_not_rounded() -> None:
    profile = read("lieu;objet\nA;-123456789012345678901\nB;12\nC;13\n")

    assert types(profile)[1] is ColumnType.TEXT


def test_exchanged_coordinates_are_reported() -> None:
    rows = "".join(f"x;48.{n};-1.{n}\n" for n in range(1, 6))

    exchanged = read(f"lieu;longitude;latitude\n{rows}")
    right = read(f"lieu;latitude;longitude\n{rows}")

    assert "swapped_coordinates" in codes(exchanged)
    assert "swapped_coordinates" not in codes(right)


@pytest.mark.parametrize(
    ("codec", "charset", "word"),
    [
        ("cp932", "Shift_JIS", "図書館 東京都港区 市民会館"),
        ("gb18030", "GB18030", "图书馆 北京市海淀区 人民广场"),
        ("cp950", "Big5", "圖書館 臺北市信義區 國民小學"),
        ("cp1251", "Windows-1251", "Библиотека улица Мира площадь"),
        ("koi8-r", "KOI8-R", "Библиотека улица Мира площадь"),
        ("iso8859-7", "ISO-8859-7", "Βιβλιοθήκη πλατεία Ομονοίας"),
        ("cp1250", "Windows-1250", "Żłobek Gdańsk Częstochowa Świetlica"),
        ("cp1252", "Windows-1252", "Médiathèque à l’Île-de-Bréhat 3 m³"),
        ("mac_roman", "macintosh", "Médiathèque à l’Île-de-Bréhat élève"),
    ],
)
def test_a_national_encoding_is_told_from_its_letters(
    codec: str, charset: str, word: str
) -> None:
    profile = read(f"{word};n\n{word} 1;1\n{word} 2;2\n".encode(codec))

    assert profile.encoding == charset
    assert profile.sample[0][0] == f"{word} 1"


@pytest.mark.parametrize(
    ("codec", "encoding", "words"),
    [
        ("cp1252", "cp1252", "Children’s Centre,Queen’s Park,St John’s,King’s Cross"),
        ("cp1252", "cp1252", "12°C,13°C,14°C,15°C"),
        ("cp850", "cp850", "Médiathèque,Théâtre,École,Bibliothèque"),
        ("mac_roman", "mac_roman", "Médiathèque,Théâtre,École,Bibliothèque"),
        (
            "cp1252",
            "cp1252",
            "\xa0\xa0\xa0Hommes,\xa0\xa0\xa0Femmes,\xa0\xa0\xa0Enfants",
        ),
    ],
)
def test_ordinary_western_words_are_of_no_other_alphabet(
    codec: str, encoding: str, words: str
) -> None:
    rows = "".join(f"{word};1\n" for word in words.split(","))

    content = f"lieu;n\n{rows}".encode(codec)

    assert detect_encoding([content], len(content)).encoding == encoding


@pytest.mark.parametrize(
    "word", [b"caf\xe9", b"\xc9cole", b"r\xe9\xe9lu", b"b\xe9n\xe9fici\xe9e"]
)
def test_one_accent_is_of_the_west(word: bytes) -> None:
    assert detect_encoding([b"a;b\n" + word + b";1\n"], 100).encoding == "cp1252"


def sheet(write: Callable[[Any], object]) -> Profile:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    write(book.add_worksheet("x"))
    book.close()
    return read(content.getvalue(), "t.xlsx")


def test_rows_of_a_merged_cell_have_its_value() -> None:
    def write(page: xlsxwriter.workbook.Worksheet) -> None:
        page.write_row(0, 0, ["ville", "lieu", "places"])
        for row in range(1, 5):
            page.write_row(row, 1, [f"lieu {row}", row])
        page.merge_range(1, 0, 2, 0, "Rennes")
        page.merge_range(3, 0, 4, 0, "Brest")

    profile = sheet(write)

    assert [record[0] for record in profile.sample] == [
        "Rennes",
        "Rennes",
        "Brest",
        "Brest",
    ]
    assert "merged_cells" in codes(profile)


def test_merged_cells_of_a_table_away_from_the_corner_fill_their_column() -> None:
    def write(page: xlsxwriter.workbook.Worksheet) -> None:
        page.write_row(2, 2, ["ville", "lieu", "places"])
        for row in range(3, 6):
            page.write_row(row, 3, [f"lieu {row}", row])
        page.merge_range(3, 2, 4, 2, "Rennes")
        page.write(5, 2, "Brest")

    profile = sheet(write)

    assert [record[:2] for record in profile.sample] == [
        ("Rennes", "lieu 3"),
        ("Rennes", "lieu 4"),
        ("Brest", "lieu 5"),
    ]


FLAT = (
    '<?xml version="1.0"?><office:document xmlns:office="o" xmlns:table="t" xmlns:text="x"'
    ' office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><table:table>{rows}</table:table></office:document>'
)
CELL = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
NUMBER = '<table:table-cell office:value-type="float" office:value="{}"/>'
SYMBOLIC = (
    "ID;PWXL\r\n"
    'C;Y1;X1;K"lieu"\r\nC;X2;K"places"\r\nC;Y2;X1;K"Rue A;;B"\r\nC;X2;K12\r\nE\r\n'
)
INTERCHANGE = (
    'TABLE\n0,1\n"x"\nDATA\n0,0\n""\n-1,0\nBOT\n1,0\n"lieu"\n1,0\n"places"\n'
    '-1,0\nBOT\n1,0\n"Rue A;B"\n0,12\nV\n-1,0\nEOD\n'
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "t.fods",
            FLAT.format(
                rows="".join(
                    f"<table:table-row>{cells}</table:table-row>"
                    for cells in (
                        CELL.format("lieu") + CELL.format("places"),
                        CELL.format("Rue A;B") + NUMBER.format(12),
                    )
                )
            ),
        ),
        ("t.slk", SYMBOLIC),
        ("t.dif", INTERCHANGE),
    ],
)
def test_spreadsheets_in_text_are_tables(name: str, content: str) -> None:
    profile = read(content, name)

    assert (names(profile), profile.rows) == (["lieu", "places"], 1)
    assert profile.sample == (("Rue A;B", "12"),)


def test_a_record_of_formats_moves_the_cell_of_a_symbolic_link() -> None:
    content = SYMBOLIC.replace("C;X2;K12\r\n", "F;P19;FG0G;X2\r\nC;K45000\r\n")

    assert read(content, "t.slk").sample == (("Rue A;B", "45000"),)


def test_the_last_row_of_an_interchange_without_its_end_stays() -> None:
    content = INTERCHANGE.removesuffix("-1,0\nEOD\n")

    assert read(content, "t.dif").sample == (("Rue A;B", "12"),)


def test_breaks_and_blanks_of_a_flat_document_are_in_its_cells() -> None:
    text = 'Rue<text:s text:c="2"/>A<text:line-break/>Bourg<text:tab/>B'
    cells = (("lieu", "places"), (text, "x"), ("Halle", "y"))
    rows = "".join(
        f"<table:table-row>{''.join(map(CELL.format, record))}</table:table-row>"
        for record in cells
    )

    profile = read(FLAT.format(rows=rows), "t.fods")

    assert profile.sample[0][0] == "Rue  A\nBourg\tB"


def flat_book(*sheets: tuple[str, list[list[str]]], hidden: str = "") -> str:
    """A flat document of these sheets."""
    style = '<style:style style:name="h" style:family="table"><style:table-properties table:display="false"/></style:style>'
    tables = ""
    for name, records in sheets:
        rows = "".join(
            f"<table:table-row>{''.join(map(CELL.format, record))}</table:table-row>"
            for record in records
        )
        attribute = ' table:style-name="h"' if name == hidden else ""
        tables += f'<table:table table:name="{name}"{attribute}>{rows}</table:table>'
    book = FLAT.format(rows="").replace("<table:table></table:table>", style + tables)
    return book.replace("xmlns:office", 'xmlns:style="s" xmlns:office', 1)


STREETS = [["lieu", "places"], ["Rue A", "12"], ["Rue B", "7"]]


def test_the_sheets_of_a_flat_document_are_chosen_as_in_others() -> None:
    book = flat_book(
        ("Bonjour", [["bonjour"]]),
        ("Calculs", STREETS),
        ("Rues", STREETS),
        ("Suite", STREETS),
        hidden="Calculs",
    )

    profile = read(book, "t.fods")

    assert (profile.sheet, profile.rows, names(profile)) == (
        "Rues",
        2,
        ["lieu", "places"],
    )
    assert [(sheet.name, sheet.hidden) for sheet in profile.sheets] == [
        ("Bonjour", False),
        ("Calculs", True),
        ("Rues", False),
        ("Suite", False),
    ]
    assert {"other_sheets", "hidden_sheets"} <= {note.code for note in profile.notes}


SPANNED = CELL.replace(
    "<table:table-cell", '<table:table-cell table:number-rows-spanned="3"', 1
)
COVERED = "<table:covered-table-cell/>"


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        (
            f"<table:table-row>{COVERED}{CELL.format('12')}</table:table-row>"
            f"<table:table-row>{COVERED}{CELL.format('7')}</table:table-row>"
            f"<table:table-row>{CELL.format('Bourg')}{CELL.format('9')}</table:table-row>",
            (("Rue A", "3"), ("Rue A", "12"), ("Rue A", "7"), ("Bourg", "9")),
        ),
        (
            f'<table:table-row table:number-rows-repeated="9">{COVERED}</table:table-row>'
            f"<table:table-row>{CELL.format('Bourg')}{CELL.format('9')}</table:table-row>",
            (("Rue A", "3"), ("Rue A", ""), ("Rue A", ""), ("Bourg", "9")),
        ),
        (
            f"<table:table-row>{CELL.format('Halle')}{CELL.format('12')}</table:table-row>",
            (("Rue A", "3"), ("Halle", "12")),
        ),
    ],
    ids=["covered", "covered and empty", "a cell of its own"],
)
def test_each_row_of_a_merged_cell_of_a_flat_document_has_its_value(
    below: str, expected: tuple[tuple[str, ...], ...]
) -> None:
    rows = (
        f"<table:table-row>{CELL.format('lieu')}{CELL.format('places')}</table:table-row>"
        f"<table:table-row>{SPANNED.format('Rue A')}{CELL.format('3')}</table:table-row>"
    )

    profile = read(FLAT.format(rows=rows + below), "t.fods")

    assert tuple((row[0], row[1] or "") for row in profile.sample) == expected
    assert [
        note.values["count"] for note in profile.notes if note.code == "merged_cells"
    ] == ["1"]


def test_a_table_in_a_cell_of_a_flat_document_is_no_sheet() -> None:
    cell = CELL.format("dedans")
    inner = f"<table:table><table:table-row>{cell}</table:table-row></table:table>"
    book = flat_book(("Rues", STREETS), ("Suite", STREETS)).replace(
        "<text:p>Rue A</text:p>", f"<text:p>Rue A</text:p>{inner}", 1
    )

    profile = read(book, "t.fods")

    assert [sheet.name for sheet in profile.sheets] == ["Rues", "Suite"]
    assert profile.sample[0] == ("Rue A", "12")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "t.fods",
            '<!DOCTYPE a [<!ENTITY e "x">]><a mimetype="opendocument.spreadsheet">&e;</a>',
        ),
        (
            "t.fods",
            FLAT.format(
                rows="<table:table-row>"
                + CELL.format("lieu") * 2
                + "</table:table-row>"
            ).removesuffix("</office:document>"),
        ),
        ("t.slk", "ID;P\nC;Yx;X1;K1\n"),
        ("t.slk", f"ID;P\nC;Y{'1' * 5000};X1;K1\n"),
        ("t.dif", "TABLE\n0,1\n"),
    ],
)
def test_a_damaged_spreadsheet_in_text_is_refused_in_words(
    name: str, content: str
) -> None:
    profile = read(content, name)

    assert profile.failure is not None
    assert profile.failure.code == "damaged"


def test_formulas_without_a_value_are_found_in_linear_time() -> None:
    cells = b"<c><f>A1</f>\n<v></v>\n</c><c><f>A2</f> </c><c><f>A3</f><v>3</v></c>"

    assert len(UNCOMPUTED.findall(cells)) == 2
    assert UNCOMPUTED.findall(b"<f/>" + b" " * 300_000) == []


def test_a_shape_alone_asks_for_its_companions() -> None:
    profile = read(b"\x00\x00\x27\x0a" + bytes(96), "communes.shp")

    assert profile.failure is not None
    assert profile.failure.code == "lone_shapefile"
