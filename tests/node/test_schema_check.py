"""A table against a schema: what is wrong, where, and how it is said."""

import codecs
import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.depth import examples
from tests.node.texts import write_texts
from udi.kit.csv_writer import write_csv
from udi.node.site import LOCALES
from udi.tabular.schemas.explanations import (
    explain_cell_error,
    explain_column_fault,
)
from udi.tabular.schemas.folder import read_schema
from udi.tabular.schemas.report import MOST_ERRORS, SchemaCellError, SchemaReport
from udi.tabular.schemas.validation import validate_table
from udi.ui.locale import load_translations

OFTEN = settings(
    max_examples=examples(6, 25),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def checked(
    folder: Path, field: dict[str, Any], cells: Sequence[str], **schema: Any
) -> SchemaReport:
    (read,) = read_schema(
        {"fields": [{"name": "x", **field}, {"name": "n"}], **schema}, "s.json"
    )
    rows = [[cell, str(number)] for number, cell in enumerate(cells)]
    return validate_table(
        write_texts(folder / "texts.parquet", ["x", "n"], rows), ["x", "n"], read
    )


def error_kinds(report: SchemaReport) -> dict[int, list[str]]:
    """Kinds of error by record, from 0."""
    kinds_by_record: dict[int, list[str]] = {}
    for error in report.errors:
        kinds_by_record.setdefault(error.line - 2, []).append(error.kind)
    return kinds_by_record


@pytest.mark.parametrize(
    ("field", "right", "bad"),
    [
        ({"type": "integer"}, ["1", "-2", "+3", "007"], ["1.5", "a", "1 000"]),
        ({"type": "integer", "bareNumber": False}, ["12 €", "5%"], ["€"]),
        ({"type": "number"}, ["1.5", "-2", ".5", "1e3", "NaN"], ["1,5", "x"]),
        (
            {"type": "number", "decimalChar": ",", "groupChar": " "},
            ["1 000,5"],
            ["1.5"],
        ),
        ({"type": "boolean"}, ["true", "0"], ["oui", "VRAI"]),
        (
            {"type": "boolean", "trueValues": ["oui"], "falseValues": ["non"]},
            ["oui", "non"],
            ["true"],
        ),
        ({"type": "date"}, ["2024-02-29"], ["2023-02-29", "29/02/2024", "2024"]),
        (
            {"type": "date", "format": "%d/%m/%Y"},
            ["29/02/2024"],
            ["2024-02-29", "31/02/2024", "01/01/24"],
        ),
        (
            {"type": "datetime"},
            ["2024-01-01T10:00:00", "2024-01-01T10:00:00Z"],
            ["2024-01-01", "2024-13-01T10:00:00"],
        ),
        ({"type": "time"}, ["23:59:59"], ["24:00:00", "10:00"]),
        ({"type": "year"}, ["2024"], ["24", "20245"]),
        ({"type": "yearmonth"}, ["2024-12"], ["2024-13"]),
        ({"type": "duration"}, ["P1DT2H"], ["1 h"]),
        ({"type": "geopoint"}, ["2.3, 48.8"], ["200, 48", "2.3", "a, b"]),
        (
            {"type": "geopoint", "format": "array"},
            ["[2.3, 48.8]"],
            ["2.3, 48.8", "[2.3]"],
        ),
        (
            {"type": "geopoint", "format": "object"},
            ['{"lon": 2, "lat": 48}'],
            ['{"lon": 2}'],
        ),
        (
            {"type": "geojson"},
            ['{"type": "Point", "coordinates": [1, 2]}'],
            ["{}", "[1, 2]", "{"],
        ),
        ({"type": "array"}, ["[1]"], ["1", "{}", "["]),
        ({"type": "object"}, ["{}"], ["[]", "x"]),
        (
            {"type": "string", "format": "email"},
            ["a.b+c@x-y.fr"],
            ["a@b", "a b@c.fr", "é"],
        ),
        (
            {"type": "string", "format": "uri"},
            ["https://x.fr/é?a=b", "urn:x:y"],
            ["www.x.fr", "https://a b"],
        ),
        (
            {"type": "string", "format": "uuid"},
            ["0f8fad5b-d9cb-469f-a165-70867728950e"],
            ["0f8fad5b"],
        ),
    ],
)
def test_a_value_of_another_type_is_an_error(
    tmp_path: Path, field: dict[str, Any], right: list[str], bad: list[str]
) -> None:
    report = checked(tmp_path, field, [*right, "", *bad])

    assert error_kinds(report) == {
        number: ["type"] for number in range(len(right) + 1, len(right) + 1 + len(bad))
    }
    assert report.counts[0].cells == report.wrong_cells == len(bad)
    assert report.rows == len(right) + 1 + len(bad)


@pytest.mark.parametrize(
    ("field", "rules", "right", "bad"),
    [
        ("string", {"required": True}, ["a"], [""]),
        ("string", {"enum": ["a", "b"]}, ["a", ""], ["A", "c"]),
        ("integer", {"enum": [1, 2]}, ["01", "2"], ["3"]),
        ("number", {"minimum": 0.5}, ["0.5", "1"], ["0.49", "-1"]),
        ("integer", {"maximum": 5}, ["5", "-9"], ["6", "99999999999999999999999"]),
        ("integer", {"exclusiveMinimum": 5}, ["6"], ["5"]),
        ("date", {"exclusiveMaximum": "2024-01-01"}, ["2023-12-31"], ["2024-01-01"]),
        (
            "datetime",
            {"minimum": "2024-01-01T00:00:00Z"},
            ["2024-01-01T00:00:00Z"],
            ["2023-12-31T23:59:59Z"],
        ),
        ("string", {"minLength": 2}, ["éé"], ["é"]),
        ("string", {"maxLength": 2}, ["éé"], ["ééé"]),
        ("array", {"minLength": 2}, ["[1, 2]"], ["[1]"]),
        ("string", {"pattern": "a|bc"}, ["a", "bc"], ["ab", "abc", "xa"]),
        ("string", {"pattern": r"\w+"}, ["été_1"], ["a-b"]),
        ("string", {"pattern": r"[\w\-\–]+"}, ["é–a"], ["a b"]),
        ("string", {"pattern": r"[\u00C0-\u00FF]+"}, ["é"], ["e"]),
        ("string", {"pattern": r"(\d)\1"}, ["11"], ["12"]),
        ("string", {"pattern": r"(?!x).*"}, ["ax"], ["xa"]),
    ],
)
def test_a_broken_constraint_is_an_error(
    tmp_path: Path, field: str, rules: dict[str, Any], right: list[str], bad: list[str]
) -> None:
    report = checked(tmp_path, {"type": field, "constraints": rules}, [*right, *bad])

    (kind,) = rules
    assert error_kinds(report) == {
        number: [kind] for number in range(len(right), len(right) + len(bad))
    }
    assert report.unchecked == ()


def test_a_pattern_that_no_engine_reads_is_told_and_checks_nothing(
    tmp_path: Path,
) -> None:
    report = checked(
        tmp_path, {"type": "string", "constraints": {"pattern": "(["}}, ["a"]
    )

    assert (report.errors, report.unchecked) == ((), (("x", "pattern"),))


def test_what_stands_for_nothing_is_not_checked(tmp_path: Path) -> None:
    report = checked(
        tmp_path, {"type": "integer"}, ["NC", "1", "-"], missingValues=["", "NC"]
    )

    assert error_kinds(report) == {2: ["type"]}


def test_items_of_a_list_are_checked(tmp_path: Path) -> None:
    field = {
        "type": "array",
        "arrayItem": {"type": "string", "constraints": {"enum": ["a", "b"]}},
    }

    assert error_kinds(
        checked(tmp_path, field, ['["a"]', '["a", "c"]', "[]", "x"])
    ) == {
        1: ["enum"],
        3: ["type"],
    }


def test_the_second_of_two_equal_keys_is_wrong_and_names_the_first(
    tmp_path: Path,
) -> None:
    cells = ["a", "b", "a", "", "", "a"]
    report = checked(tmp_path, {"constraints": {"unique": True}}, cells)
    key = checked(tmp_path, {}, cells, primaryKey="x")
    pair = checked(tmp_path, {}, cells, primaryKey=["x", "n"])

    assert [(error.line, error.kind, error.expected) for error in report.errors] == [
        (4, "unique", "2"), (7, "unique", "2"),
    ]  # fmt: skip
    assert error_kinds(key) == {
        2: ["primary_key"],
        3: ["required"],
        4: ["required"],
        5: ["primary_key"],
    }
    assert pair.is_right


def test_a_foreign_key_points_into_its_package(tmp_path: Path) -> None:
    parks = write_texts(tmp_path / "parks.parquet", ["id"], [["p1"], ["p2"]])
    trees = write_texts(tmp_path / "trees.parquet", ["park"], [["p1"], ["p9"], [""]])
    (schema,) = read_schema(
        {
            "fields": [{"name": "park"}],
            "foreignKeys": [
                {"fields": "park", "reference": {"resource": "parks", "fields": "id"}}
            ],
        },
        "trees.json",
    )

    report = validate_table(trees, ["park"], schema, others={"parks": parks})

    assert [(error.line, error.kind, error.value) for error in report.errors] == [
        (3, "foreign_key", "p9")
    ]
    assert validate_table(trees, ["park"], schema).is_right


def test_columns_missing_added_moved_and_written_otherwise(tmp_path: Path) -> None:
    fields = [
        {"name": "id", "constraints": {"required": True}},
        {"name": "nom"},
        {"name": "coordonnees"},
    ]
    (schema,) = read_schema(
        {"fields": [*fields, {"name": "date"}, {"name": "lieu"}]}, "s.json"
    )
    names = ["Coordonnnées", "NOM", "plus", "lieu"]

    report = validate_table(
        write_texts(tmp_path / "t.parquet", names, [["a", "b", "c", "d"]]),
        names,
        schema,
    )

    assert {(fault.kind, fault.column, fault.other) for fault in report.columns} == {
        ("missing", "id", ""), ("optional", "date", ""), ("renamed", "NOM", "nom"), ("extra", "plus", ""),
        ("renamed", "Coordonnnées", "coordonnees"), ("order", "Coordonnnées", "NOM"),
    }  # fmt: skip
    assert not report.is_right
    assert all(
        explain_column_fault(fault).translate(str).endswith(".")
        for fault in report.columns
    )


@pytest.mark.thorough
def test_all_are_counted_and_the_first_thousand_kept_in_the_order_of_the_file(
    tmp_path: Path,
) -> None:
    report = checked(tmp_path, {"type": "integer"}, ["x"] * (MOST_ERRORS + 500))

    assert (len(report.errors), report.wrong_cells) == (MOST_ERRORS, MOST_ERRORS + 500)
    assert [error.line for error in report.errors] == list(range(2, MOST_ERRORS + 2))
    assert SchemaReport.from_json(report.as_json()) == report


@pytest.mark.parametrize(
    ("error", "english", "french"),
    [
        (
            ("type", "31/02/2024", "date"),
            "31/02/2024 does not exist in the calendar.",
            "n’existe pas",
        ),
        (("type", "12/05/2024", "date"), "write 2024-05-12.", "écrivez 2024-05-12."),
        (
            ("type", "2024-05-12", "date %d/%m/%Y"),
            "write 12/05/2024.",
            "écrivez 12/05/2024.",
        ),
        (("type", "demain", "date"), "is not a date", "n’est pas une date"),
        (("type", "1,5", "number"), "write 1.5.", "une virgule"),
        (
            ("type", "2,10104E+13", "integer"),
            "damaged by a spreadsheet",
            "abîmé par un tableur",
        ),
        (
            ("type", "www.x.fr", "string uri"),
            "must begin with https://.",
            "commencer par",
        ),
        (
            ("type", "oui", "true, false"),
            "not one of the answers allowed: true, false.",
            "réponses possibles",
        ),
        (("required", "", ""), "must be filled.", "doit être remplie."),
        (
            ("enum", "rouge", "vert, bleu"),
            "vert, bleu.",
            "« rouge » n’est pas une des réponses possibles",
        ),
        (
            ("maximum", "9", "5"),
            "9 is too large: 5 at most.",
            "9 est trop grand : 5 au plus.",
        ),
        (("unique", "a", "12"), "is already on line 12", "déjà à la ligne 12"),
    ],
)
def test_each_error_is_said_in_plain_words(
    error: tuple[str, str, str], english: str, french: str
) -> None:
    kind, value, expected = error
    explanation = explain_cell_error(SchemaCellError(12, "date", kind, value, expected))

    translate = load_translations([*LOCALES])["fr"].gettext
    assert english in explanation.translate(str)
    assert french in re.sub(
        "[\N{NO-BREAK SPACE}]", " ", explanation.translate(translate)
    )


def test_the_errors_are_written_for_a_spreadsheet_that_runs_nothing() -> None:
    errors = [
        SchemaCellError(12, "date", "type", "31/02/2024", "date"),
        SchemaCellError(13, "=x", "type", "=cmd()", "integer"),
    ]

    error_rows = [
        (
            error.line,
            error.column,
            error.value,
            explain_cell_error(error).translate(str),
        )
        for error in errors
    ]
    content = write_csv(
        ["line", "column", "what it says", "what is wrong"], error_rows, "fr"
    )

    rows = list(
        csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    )
    assert content.startswith(codecs.BOM_UTF8)
    assert write_csv(["a", "b"], [("=1", -2)]) == b"a,b\r\n'=1,-2\r\n"
    assert rows[1] == [
        "12",
        "date",
        "31/02/2024",
        "31/02/2024 does not exist in the calendar.",
    ]
    assert rows[2][:3] == ["13", "'=x", "'=cmd()"]


CELLS = st.lists(
    st.sampled_from(
        ["", "a", "b", "é", "12", "012", "3.5", "-1", "x" * 9, "2024-02-30", "true"]
    ),
    max_size=12,
)


@OFTEN
@given(
    cells=CELLS, low=st.integers(-2, 20), length=st.integers(0, 5), needed=st.booleans()
)
def test_constraints_agree_with_a_model(
    tmp_path: Path, cells: list[str], low: int, length: int, *, needed: bool
) -> None:
    rules = {
        "required": needed,
        "minLength": length,
        "enum": ["a", "12", "x" * 9],
        "unique": True,
    }
    texts = checked(tmp_path, {"type": "string", "constraints": rules}, cells)
    numbers = checked(
        tmp_path, {"type": "integer", "constraints": {"minimum": low}}, cells
    )

    expected = set()
    for place, cell in enumerate(cells):
        if not cell and needed:
            expected.add((place, "required"))
        if cell and len(cell) < length:
            expected.add((place, "minLength"))
        if cell and cell not in rules["enum"]:  # type: ignore[operator]
            expected.add((place, "enum"))
        if cell and cell in cells[:place]:
            expected.add((place, "unique"))
    assert {
        (place, kind) for place, kinds in error_kinds(texts).items() for kind in kinds
    } == expected
    whole = [re.fullmatch(r"[-+]?\d+", cell) for cell in cells]
    assert error_kinds(numbers) == {
        place: ["type" if not match else "minimum"]
        for place, (cell, match) in enumerate(zip(cells, whole, strict=True))
        if cell and (not match or int(cell) < low)
    }


@OFTEN
@given(
    names=st.lists(
        st.text(min_size=1, max_size=8).filter(lambda s: "\0" not in s and s.strip()),
        max_size=4,
    ),
    value=st.text(max_size=8),
)
def test_no_name_and_no_value_breaks_the_check(
    tmp_path: Path, names: list[str], value: str
) -> None:
    names = list(
        {
            name.casefold(): name for name in names if name.casefold() != "__line"
        }.values()
    )
    rules = {"enum": [value], "pattern": value, "minimum": value}
    document = {
        "fields": [
            {"name": name, "type": kind, "constraints": rules}
            for name in names
            for kind in ("string",)
        ]
    }
    if not names:
        return
    (schema,) = read_schema(document, "s.json")
    cell = value.replace("\0", "").encode("utf-8", "ignore").decode()

    report = validate_table(
        write_texts(tmp_path / "t.parquet", names, [[cell] * len(names)]), names, schema
    )

    assert report.rows == 1
