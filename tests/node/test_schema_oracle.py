"""The same schemas and tables through frictionless give the same cells; where they do not, each difference has its reason."""

import csv
import json
import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from frictionless import Resource
    from frictionless import Schema as TheirSchema

from tests.depth import examples
from tests.node.texts import write_texts
from udi.tabular.schemas.tableschema import is_table_schema, read_table_schema
from udi.tabular.schemas.validation import validate_table

FoundFaults = set[tuple[str, str, int]]
ODD = (
    "", "abc", "-1", "999999999", "2024-02-31", "1,5", "true", "x" * 300, '["a"]', "10/02/2024", "é–", "http://x",
    "12:30:00", "2024-01-01T00:00:00Z", "2.48, 48.1", "01", "NaN", "a.b@c.fr",
)  # fmt: skip
"""Each becomes a row that holds nothing else."""
MOST_FIELDS = 20
"""Of each schema: fewer errors than a report keeps."""
ORDERED = {"required", "minimum", "maximum", "enum", "unique"}
APPLIED = {
    "string": {"required", "minLength", "maxLength", "pattern", "enum", "unique"},
    "array": {"required", "minLength", "maxLength", "enum", "unique"},
    **{
        kind: {"required", "enum", "unique"}
        for kind in ("boolean", "geopoint", "geojson")
    },
    **dict.fromkeys(("integer", "number", "date", "datetime", "time", "year"), ORDERED),
}
"""frictionless refuses a whole schema for a constraint that a type does not have; we leave the constraint out."""
READ = (
    "name", "type", "trueValues", "falseValues", "decimalChar", "groupChar", "bareNumber", "arrayItem", "missingValues",
)  # fmt: skip


KINDS = {"type-error": "type", "unique-error": "unique", "primary-key": "primary_key"}
CONSTRAINT = re.compile(r'constraint "(\w+)"')
"""The kind of an error of another type stands in its note."""


def for_them(document: dict[str, Any]) -> dict[str, Any]:
    """A descriptor without what makes frictionless refuse it as a whole: a wrong example, a constraint out of place."""
    fields = []
    for field in document["fields"]:
        field_descriptor = {key: field[key] for key in READ if key in field}
        if field.get("format"):
            field_descriptor["format"] = field["format"]
        rules = field.get("constraints")
        field_descriptor["constraints"] = (
            {k: v for k, v in rules.items() if k in APPLIED[field["type"]]}
            if rules
            else {}
        )
        fields.append(field_descriptor)
    return {"fields": fields} | {
        key: document[key] for key in ("primaryKey", "missingValues") if key in document
    }


def theirs(
    document: dict[str, Any], names: Sequence[str], rows: Sequence[Sequence[str]]
) -> FoundFaults:
    schema = TheirSchema.from_descriptor(for_them(document))
    resource = Resource(data=[list(names), *map(list, rows)], schema=schema)
    findings = set()
    for error in resource.validate(limit_errors=1_000_000).tasks[0].errors:
        kind = KINDS.get(error.type) or CONSTRAINT.findall(error.note)[0]
        findings.add((getattr(error, "field_name", "(key)"), kind, error.row_number))
    return findings


def ours(
    folder: Path,
    document: dict[str, Any],
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
) -> FoundFaults:
    schema = replace(read_table_schema(document, "schema.json"), row_checks=())
    report = validate_table(
        write_texts(folder / "texts.parquet", names, rows), names, schema
    )
    assert report.wrong_cells == len(report.errors), "the oracle needs all of them"
    return {
        ("(key)" if e.kind == "primary_key" else e.column, e.kind, e.line)
        for e in report.errors
    }


def reason(
    fault: tuple[str, str, int], document: dict[str, Any], both: FoundFaults
) -> str:
    """Why one side alone says it; empty when it may not."""
    column, kind, row = fault
    key = document.get("primaryKey") or ()
    key = [key] if isinstance(key, str) else list(key)
    if kind == "primary_key" and any((name, "type", row) in both for name in key):
        return "a key of the wrong type counts as no key there; here it is one error, of its type"
    if kind in {"required", "primary_key"} and (column == "(key)" or column in key):
        return "an empty key is «this cell must be filled» here"
    if kind == "unique" and column in key:
        return "a column that is unique and the key is reported once here"
    return ""


def table_schemas(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.json"))
    documents = {path: json.loads(path.read_bytes()) for path in paths}
    return [
        path
        for path, document in documents.items()
        if isinstance(document, dict) and is_table_schema(document)
    ]


def unseen(fields: list[dict[str, Any]], seen: set[str]) -> list[dict[str, Any]]:
    """Columns that ask for something that no column before asked for."""
    new_fields = []
    for field in fields:
        requirements = {
            key: value
            for key, value in field.items()
            if key in {*READ, "format", "constraints"} - {"name"}
        }
        if (mark := json.dumps(requirements, sort_keys=True)) not in seen:
            seen.add(mark)
            new_fields.append(field)
    return new_fields


def test_odd_values_in_every_schema_are_judged_alike(
    shared_data: Path, tmp_path: Path
) -> None:
    compared = 0
    differences = {}
    marks = set[str]()
    for path in table_schemas(shared_data / "data/schemas")[:: examples(3, 1)]:
        document = json.loads(path.read_bytes())
        document["fields"] = unseen(document["fields"], marks)[:MOST_FIELDS]
        if not document["fields"]:
            continue
        names = [field["name"] for field in document["fields"]]
        if not set(_key(document)) <= set(names):
            document.pop("primaryKey")
        rows = [[value] * len(names) for value in ODD]
        for row in rows[0], rows[ODD.index("NaN")]:
            row[-1] = "not a blank row"
        us = ours(tmp_path, document, names, rows)
        them = theirs(document, names, rows)
        compared += len(us & them)
        for disagreement in us ^ them:
            if not reason(disagreement, document, us | them):
                differences[path.name, disagreement] = (
                    "ours" if disagreement in us else "theirs"
                )

    assert differences == {}
    assert compared > examples(1_900, 4_500), compared


def _key(document: dict[str, Any]) -> list[str]:
    key = document.get("primaryKey", [])
    if isinstance(key, str):
        return [key]
    return key


REAL = {
    "etalab-schema-hautes-remunerations_exemple-valide.csv": "etalab_schema-hautes-remunerations_schema.json",
    "etalab-schema-irve_exemple-valide-dynamique.csv": "etalab_schema-irve-dynamique_schema-dynamique.json",
    "etalab-schema-irve_exemple-valide-statique.csv": "etalab_schema-irve-statique_schema-statique.json",
    "etalab-schema-lieux-covoiturage_exemple-valide.csv": "etalab_schema-lieux-covoiturage_schema.json",
    "etalab-schema-passage-a-niveau_exemple-valide.csv": "etalab_schema-passage-a-niveau_schema.json",
    "etalab-schema-stationnement-cyclable_exemple-valide.csv": "etalab_schema-stationnement-cyclable_schema.json",
    "etalab-schema-stationnement_exemple-valide.csv": "etalab_schema-stationnement_schema.json",
    "etalab-schema-dispositif-aide_exemple.csv": "etalab_dispositif-aide-professionnels_schema.json",
    "etalab-schema-comptage-mobilites-measure_exemple-valide.csv": "etalab_schema-comptage-mobilites-measure_schema.json",
    "megalis_budget-crach-001_expected.csv": "scdl_budget_schema.json",
    "transport-fr_csv_utf8.csv": "etalab_schema-lieux-covoiturage_schema.json",
}


@pytest.mark.parametrize(("table", "schema"), REAL.items())
def test_a_real_file_is_judged_alike(
    shared_data: Path, tmp_path: Path, table: str, schema: str
) -> None:
    text = (shared_data / "data/tables" / table).read_text("utf-8-sig")
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    names, *rows = csv.reader(text.splitlines(), delimiter=delimiter)
    document = json.loads((shared_data / "data/schemas" / schema).read_bytes())
    document["fields"] = [
        field for field in document["fields"] if field["name"] in names
    ]
    places = [names.index(field["name"]) for field in document["fields"]]
    rows = [
        [row[place].strip() for place in places]
        for row in rows
        if len(row) == len(names)
    ][:40]
    names = [names[place] for place in places]

    us = ours(tmp_path, document, names, rows)
    them = theirs(document, names, rows)

    assert {
        disagreement
        for disagreement in us ^ them
        if not reason(disagreement, document, us | them)
    } == set()
