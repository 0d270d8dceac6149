"""How a column reads, from its name and its values."""

import pytest

from udi.tabular.columns.type_inference import infer_types


def read(name: str, *values: str, delimiter: str = ";") -> tuple[str, str, list[str]]:
    (column,), notes = infer_types([name], [values], delimiter=delimiter)
    return column.type.value, column.format, [note.code for note in notes]


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("x", ["", "NC", "-"], "empty"),
        ("nom", ["12", "douze"], "text"),
        ("Code INSEE", ["01001", "2A004"], "commune"),
        ("codeInsee", ["35238"], "commune"),
        ("CP", ["01000", "35000"], "postcode"),
        ("Postal postcode", ["4474"], "postcode"),
        ("DEP", ["01", "2A", "974"], "department"),
        ("code_region", ["53"], "region"),
        ("siren", ["130025265"], "siren"),
        ("num_siret", ["13002526500013"], "siret"),
        ("identifiant", ["13002526500013", "21350238800019"], "siret"),
        ("identifiant", ["13002526500014", "21350238800010"], "integer"),
        ("téléphone", ["02 99 01 02 03", "+33 6 01 02 03 04"], "phone"),
        ("numéro", ["007", "12"], "code"),
        ("numéro", ["12345678901234567890", "1"], "code"),
        ("courriel", ["a@example.org"], "email"),
        ("site", ["https://example.org/a?b=1"], "url"),
        ("id", ["550e8400-e29b-41d4-a716-446655440000"], "uuid"),
        ("coordonneesXY", ["[-1.67,48.11]"], "point"),
        ("geo", ['{"type": "Point", "coordinates": [1, 2]}'], "json"),
        ("ouvert", ["oui", "Non", ""], "boolean"),
        ("ouvert", ["oui", "non", "NSP"], "text"),
        ("lettre", ["n"], "text"),
        ("drapeau", ["0", "1"], "integer"),
        ("année", ["2024", "1999"], "year"),
        ("effectif", ["2024", "1999"], "integer"),
        ("latitude", ["48.1", "-12.5"], "latitude"),
        ("latitude", ["6789000.5"], "number"),
        ("Xlong", ["-1.67"], "longitude"),
        ("heure", ["08:30", "23:59:59"], "time"),
        ("ouverture", ["8h30"], "time"),
        ("horaire", ["09:00-12:00"], "text"),
        ("date", ["20240131"], "date"),
        ("nombre", ["20240131"], "integer"),
        ("le", ["1er janvier 2024", "14 juillet 2023"], "date"),
        ("le", ["31-Dec-2019"], "date"),
        ("le", ["2024-01-31T10:00:00.000Z"], "datetime"),
        ("le", ["31/02/2024"], "text"),
        ("montant", ["1 234,50 €", "12"], "number"),
        ("montant", ["(1,234.00)", "12.5"], "number"),
        ("part", ["12 %", "3,5 %"], "number"),
        ("montant", ["1e-44", "10"], "number"),
        ("version", ["1.2.3", "1.10.0"], "text"),
    ],
)
def test_a_column_is_understood(name: str, values: list[str], kind: str) -> None:
    assert read(name, *values)[0] == kind


def test_a_few_mistakes_among_many_values_keep_the_type() -> None:
    values = [str(number) for number in range(200)]

    assert read("n", *values, "x", "y") == ("integer", "", ["misfits"])
    assert read("n", *values, *"abcdefgh")[0] == "text"
    assert read("n", "1", "2", "x")[0] == "text"


def test_the_decimal_mark_comes_from_the_column_then_from_the_table() -> None:
    assert read("v", "19,582", "3,100", delimiter=",") == ("integer", "", [])
    assert read("v", "19,582", "3,100") == ("number", ",", ["thousands_or_decimals"])
    assert read("v", "19,582", "3,1") == ("number", ",", [])
    assert read("v", "1.234.567", "12.345") == ("integer", ",", [])
    assert read("v", "1.234,56") == ("number", ",", [])
    columns, notes = infer_types(
        ["a", "b"], [["1.234", "12.500"], ["0,5", "1,25"]], delimiter=";"
    )
    assert [(column.type, column.format) for column in columns] == [
        ("integer", ","),
        ("number", ","),
    ]
    assert notes == ()


def test_the_month_comes_first_only_when_a_day_proves_it() -> None:
    assert read("d", "01/02/2024") == ("date", "%d/%m/%Y", ["day_or_month"])
    assert read("d", "01/02/2024", "25/12/2024") == ("date", "%d/%m/%Y", [])
    assert read("d", "01/02/2024", "12/25/2024") == ("date", "%m/%d/%Y", [])
    assert read("d", "31-12-99") == ("date", "%d-%m-%y", [])
    assert read("d", "5/19/2006 0:00:00") == ("datetime", "%m/%d/%Y %H:%M:%S", [])
    assert read("d", "2024-01-31") == ("date", "%Y-%m-%d", [])


def test_a_code_that_a_spreadsheet_damaged_is_reported() -> None:
    kind, _, notes = read("SIRET", "13002526500013", "2,10104E+13")

    assert (kind, notes) == ("siret", ["damaged_number"])
