"""Files that programs and people write badly: each class is read as it was meant, and what is doubtful is told."""

import io

import pytest
import xlsxwriter

from udi.tabular.columns.column import ColumnType
from udi.tabular.formats.text_encoding import detect_encoding
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
    profile = read(f"lieu;places\n{ROWS};\nrue;ouvert\nA;oui\nB;non\nC;oui\n")

    assert (names(profile), profile.rows) == (["lieu", "places"], 4)
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
def test_codes_that_lost_a_zero_are_told(
    name: str, values: list[str], kind: ColumnType
) -> None:
    rows = "".join(f"x;{value}\n" for value in values)

    profile = read(f"lieu;{name}\n{rows}")

    assert types(profile)[1] is kind
    assert "lost_zeros" in codes(profile)


def test_foreign_postcodes_of_four_digits_lost_nothing() -> None:
    profile = read("lieu;code_postal\nA;1000\nB;1050\n")

    assert "lost_zeros" not in codes(profile)


def test_codes_that_became_powers_of_ten_are_text() -> None:
    profile = read("lieu;siret\nA;2,1E+13\nB;3,5E+13\n")

    assert types(profile)[1] is ColumnType.TEXT
    assert "damaged_number" in codes(profile)


def test_an_integer_of_over_64_bits_is_not_rounded() -> None:
    profile = read("lieu;objet\nA;-123456789012345678901\nB;12\nC;13\n")

    assert types(profile)[1] is ColumnType.TEXT


def test_exchanged_coordinates_are_told() -> None:
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
    "word", [b"caf\xe9", b"\xc9cole", b"r\xe9\xe9lu", b"b\xe9n\xe9fici\xe9e"]
)
def test_one_accent_is_of_the_west(word: bytes) -> None:
    assert detect_encoding([b"a;b\n" + word + b";1\n"], 100).encoding == "cp1252"


def sheet(write: object) -> Profile:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    write(book.add_worksheet("x"))  # type: ignore[operator]
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


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "t.fods",
            '<!DOCTYPE a [<!ENTITY e "x">]><a mimetype="opendocument.spreadsheet">&e;</a>',
        ),
        ("t.slk", "ID;P\nC;Yx;X1;K1\n"),
        ("t.dif", "TABLE\n0,1\n"),
    ],
)
def test_a_damaged_spreadsheet_in_text_is_refused_in_words(
    name: str, content: str
) -> None:
    profile = read(content, name)

    assert profile.failure is not None
    assert profile.failure.code == "damaged"


def test_a_shape_alone_asks_for_its_companions() -> None:
    profile = read(b"\x00\x00\x27\x0a" + bytes(96), "communes.shp")

    assert profile.failure is not None
    assert profile.failure.code == "lone_shapefile"
