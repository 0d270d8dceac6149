"""The models that come with every node, and their rules between columns: what is right passes, what is wrong is said."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.node.texts import write_texts
from udi.tabular.schemas.declarations import load_models, load_schema_folder
from udi.tabular.schemas.explanations import explain_cell_error
from udi.tabular.schemas.folder import read_schema
from udi.tabular.schemas.recognition import recognise_schemas
from udi.tabular.schemas.report import SchemaReport
from udi.tabular.schemas.row_checks import MAKERS, CheckedField, unknown_checks
from udi.tabular.schemas.validation import validate_table

ONE = {"column": "a"}
HOURS = [
    "24/7",
    "Mo-Fr 08:00-20:00",
    "mo-fr 8:00-12:00,14:00-18:00; Sa 09:00-12:00",
    "Mo-Su,PH 00:00-24:00",
    "Apr-Oct: Tu,Th 10:00-18:00",
    "Jan 01-Mar 31: We 14:00-17:00; Aug off",
    "08:00-20:00",
    "Sa[1],Su[-1] 10:00-12:00",
    "week 1-53/2 Fr 09:00+",
    "sunrise-sunset",
    "Mo-Fr 08:00-18:00, We 20:00-22:00",
    'Tu-Sa 09:00-19:00 open "sur rendez-vous"',
    "2026 Dec 24-2027 Jan 02 closed",
    "PH off",
    "(sunrise+01:00)-(sunset-00:30)",
    "2026+",
    '"sur rendez-vous"',
    "Mo-Fr 22:00-26:00 || unknown",
    "SH Mo-Fr 10:00-18:00",
    "Apr-Oct PH,SH Sa-Su 10:00-16:00/01:30",
]
NO_HOURS = [
    "Mo 9",
    "lundi-vendredi 8h-20h",
    "8h-20h",
    "Mo-Fr 08:00-20h",
    "Mo-Fr 8-20",
    "Mo-Fr 08:75-20:00",
    "Mo-Fr 99:00-20:00",
    "Mo Tu 08:00-20:00",
    "PH Mo Tu 08:00-20:00",
    "08:00-20:00/90:00:00",
    "ouvert",
    "tous les jours",
    ";",
    "Mo-Fr 08:00-20:00;;",
    "Lu-Ve 08:00-20:00",
    "Mo-",
    "08:00-",
    'Mo "sans fin',
]
TWO = {"column": "a", "column2": "b"}


def check_rows(
    folder: Path,
    check: tuple[str, dict[str, Any]],
    rows: Sequence[Sequence[str]],
    types: Sequence[str] = ("string", "string", "string"),
    columns: Sequence[str] = ("a", "b", "c"),
) -> SchemaReport:
    name, parameters = check
    document = {
        "fields": [
            {"name": column, "type": type_}
            for column, type_ in zip("abc", types, strict=True)
        ],
        "custom_checks": [{"name": name, "params": parameters}],
    }
    (schema,) = read_schema(document, "s.json")
    texts = write_texts(folder / "texts.parquet", list(columns), rows)
    return validate_table(texts, columns, schema)


def wrong_rows(report: SchemaReport) -> set[int]:
    return {error.line - 2 for error in report.errors}


@pytest.mark.parametrize(
    ("check", "right", "bad"),
    [
        (("french-siren-value", ONE), ["732829320", "732 829 320", ""], ["732829321", "73282932", "x"]),
        (("french-siret-value", ONE), ["73282932000074", "356 000 000 00048", "35600000049837"], ["73282932000075", "732829320", "é"]),
        (("phone-number-value", ONE), ["02 99 00 00 00", "+33 2 99 00 00 00", "3639", "112", "0033299000000"], ["99 00", "02 99 00 00", "x"]),
        (("year-interval-value", ONE | {"allow-year-only": "yes"}), ["2026", "2025/2026"], ["2026/2025", "26", "2025-2026"]),
        (("year-interval-value", ONE), ["2025/2026"], ["2026"]),
        (("opening-hours-value", ONE), HOURS, NO_HOURS),
        (("nomenclature-actes-value", ONE), ["Finances locales/Subventions", "COMMANDE PUBLIQUE/1.1"], ["Finances locales", "Sports/1"]),
    ],
    ids=["siren", "siret", "phone", "year or years", "years", "hours", "matters"],
)  # fmt: skip
def test_the_cell_of_a_column_is_right_or_wrong(
    tmp_path: Path, check: Any, right: list[str], bad: list[str]
) -> None:
    report = check_rows(tmp_path, check, [[cell, "", ""] for cell in [*right, *bad]])

    assert wrong_rows(report) == set(range(len(right), len(right) + len(bad)))
    assert report.wrong_cells == len(bad)
    sentences = [
        explain_cell_error(error).translate(str) % {} for error in report.errors
    ]
    assert all(error.value in sentence for error, sentence in zip(report.errors, sentences, strict=True))  # fmt: skip


@pytest.mark.parametrize(
    ("check", "types", "right", "bad"),
    [
        (
            ("compare-columns-value", TWO | {"op": ">="}),
            ("integer", "integer", "string"),
            [["10", "9", ""], ["9", "9", ""], ["", "9", ""], ["x", "9", ""]],
            [["9", "10", ""]],
        ),
        (
            ("compare-columns-value", TWO | {"op": ">="}),
            ("date", "date", "string"),
            [["2026-02-01", "2026-01-31", ""]],
            [["2026-01-31", "2026-02-01", ""]],
        ),
        (
            ("cohesive-columns-value", ONE | {"othercolumns": ["b", "c"]}),
            ("string", "string", "string"),
            [["1", "2", "3"], ["", "", ""]],
            [["1", "", "3"], ["", "2", ""]],
        ),
        (
            ("one-of-required", {"column1": "a", "column2": "b"}),
            ("string", "string", "string"),
            [["1", "", ""], ["", "1", ""], ["1", "1", ""]],
            [["", "", "3"]],
        ),
        (
            ("sum-columns-value", ONE | {"columns": ["b", "c"]}),
            ("integer", "integer", "integer"),
            [["3", "1", "2"], ["3", "", "2"], ["", "1", "2"]],
            [["4", "1", "2"]],
        ),
    ],
    ids=["numbers", "days", "together", "one of two", "sum"],
)
def test_the_columns_of_a_row_agree_or_not(
    tmp_path: Path, check: Any, types: Any, right: list[Any], bad: list[Any]
) -> None:
    report = check_rows(tmp_path, check, [*right, *bad], types)

    faulty_rows = {
        row
        for row in wrong_rows(report)
        if any(error.kind != "type" for error in report.errors if error.line - 2 == row)
    }
    assert faulty_rows == set(range(len(right), len(right) + len(bad)))


def test_a_column_that_the_file_lacks_counts_as_empty(tmp_path: Path) -> None:
    check = ("one-of-required", {"column1": "a", "column2": "b"})

    report = check_rows(tmp_path, check, [["1", "2"], ["", "2"]], columns=("b", "c"))

    assert [(error.line, error.column) for error in report.errors] == [(3, "b")]


def test_a_check_that_is_not_known_is_named(tmp_path: Path) -> None:
    report = check_rows(tmp_path, ("tide-table-value", ONE), [["Mo 9", "", ""]])

    assert report.unchecked == (("a", "tide-table-value"),)
    assert report.is_right


@pytest.mark.parametrize(
    "check",
    [
        ("french-siren-value", {"column1": "a"}),
        ("cohesive-columns-value", ONE | {"othercolumns": None}),
        ("cohesive-columns-value", ONE | {"othercolumns": 5}),
        ("sum-columns-value", ONE | {"columns": 3}),
        ("compare-columns-value", ONE | {"op": ">="}),
        ("one-of-required", ONE),
    ],
    ids=["column", "nothing", "number", "sum", "second column", "one of"],
)
def test_a_check_without_its_parameters_is_named_and_not_made(
    tmp_path: Path, check: Any
) -> None:
    report = check_rows(tmp_path, check, [["1", "2", "3"]])

    assert (report.unchecked, report.errors) == ((("a", check[0]),), ())


@pytest.mark.parametrize(
    "check",
    [
        ("french-siren-value", {"column": "z", "column1": "a"}),
        ("one-of-required", {"column": "a", "column1": "y", "column2": "z"}),
    ],
    ids=["siren", "one of"],
)
def test_a_check_of_columns_that_the_file_lacks_makes_no_rule(
    tmp_path: Path, check: Any
) -> None:
    assert check_rows(tmp_path, check, [["1", "2", "3"]]).errors == ()


def test_every_check_of_a_model_has_its_parameters() -> None:
    for schema in load_models().schemas:
        fields = {field.name: CheckedField(field, "v") for field in schema.fields}
        unmade = {check.kind for check in unknown_checks(schema.row_checks, fields)}
        assert unmade == set(), schema.name


def test_every_model_is_read_with_its_checks() -> None:
    models = load_models()

    assert models.unread == ()
    assert len({schema.source for schema in models.schemas}) == 30
    known = {check.kind for schema in models.schemas for check in schema.row_checks}
    assert known == set(MAKERS)


def test_the_folder_of_the_operator_replaces_a_model(tmp_path: Path) -> None:
    document = {"name": "deliberations", "fields": [{"name": "mine"}]}
    (tmp_path / "own.json").write_text(json.dumps(document))

    schemas = load_schema_folder(tmp_path).schemas

    named = [schema for schema in schemas if schema.name == "deliberations"]
    assert [field.name for schema in named for field in schema.fields] == ["mine"]
    assert len(schemas) == len(load_models().schemas)


@pytest.mark.parametrize(
    ("file", "name", "expected_kinds"),
    [
        ("bal_1.4-valid.csv", "base-adresse-locale", set()),
        ("bal_1.3-valid.csv", "base-adresse-locale", set()),
        ("bal_1.5-valid.csv", "base-adresse-locale-toponyme", set()),
        ("bal_1.4-bad-id-ban-adresse.csv", "base-adresse-locale", {"pattern"}),
        ("bal_1.4-valid-relax.csv", "base-adresse-locale", {"missing"}),
    ],
)
def test_an_address_base_is_recognised_and_checked_without_any_setting(
    shared_data: Path, tmp_path: Path, file: str, name: str, expected_kinds: set[str]
) -> None:
    path = shared_data / "data/tables" / file
    with path.open(newline="", encoding="utf-8-sig") as lines:
        columns, *rows = csv.reader(lines, delimiter=";")
    folder = load_schema_folder(None)

    (best, *_) = recognise_schemas(columns, folder.schemas)
    texts = write_texts(tmp_path / "texts.parquet", columns, rows)
    report = validate_table(texts, columns, best.schema)

    assert best.schema.name == name
    kinds = {error.kind for error in report.errors}
    kinds |= {fault.kind for fault in report.columns if fault.is_error}
    assert kinds == expected_kinds
    assert list(unknown_checks(best.schema.row_checks, {})) == []


@pytest.mark.parametrize(
    ("key", "municipality", "number", "is_right"),
    [
        ("35238_0456_00012", "35238", "12", True),
        ("35238_0456_00012", "35239", "12", False),
        ("35238_0456_00012", "35238", "13", False),
    ],
)
def test_the_key_of_an_address_agrees_with_its_row(
    tmp_path: Path,
    key: str,
    municipality: str,
    number: str,
    is_right: bool,  # noqa: FBT001 - a case of the table
) -> None:
    schema = load_schema_folder(None).find_schema("base-adresse-locale")
    assert schema is not None
    columns = ["cle_interop", "commune_insee", "numero"]
    texts = write_texts(tmp_path / "t.parquet", columns, [[key, municipality, number]])

    kinds = {error.kind for error in validate_table(texts, columns, schema).errors}

    assert kinds == (set() if is_right else {"bal_key"})
