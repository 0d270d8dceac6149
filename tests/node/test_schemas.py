"""Schemas read from a folder, and recognised by the header of a file."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.depth import examples
from udi.tabular.schemas.folder import SchemaFolder, load_schemas, read_schema
from udi.tabular.schemas.recognition import recognise_schemas
from udi.tabular.schemas.schema import FieldType, UnreadableSchemaError

TREES: dict[str, Any] = {
    "name": "arbres",
    "title": "Arbres",
    "primaryKey": "id",
    "fields": [
        {"name": "id", "type": "integer", "constraints": {"required": True}},
        {
            "name": "espece",
            "type": "string",
            "constraints": {"enum": ["chene", "hetre"]},
        },
        {"name": "plante_le", "type": "date"},
    ],
}


@pytest.fixture(scope="module")
def loaded_schemas(shared_data: Path) -> SchemaFolder:
    return load_schemas(shared_data / "data/schemas")


def test_a_folder_is_read_whatever_it_also_holds(tmp_path: Path) -> None:
    (tmp_path / "trees.json").write_text(json.dumps(TREES))
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "nameless.json").write_text(
        json.dumps({"fields": [{"type": "string"}]})
    )
    (tmp_path / "empty.json").write_text(json.dumps({"fields": []}))
    (tmp_path / "readme.md").write_text("not looked at")

    schema_folder = load_schemas(tmp_path)

    assert [schema.name for schema in schema_folder.schemas] == ["arbres"]
    assert {unread.source for unread in schema_folder.unread} == {
        "broken.json", "list.json", "deep.json", "nameless.json", "empty.json",
    }  # fmt: skip
    assert all(
        unread.why.translate(str).endswith(".") for unread in schema_folder.unread
    )


def test_every_schema_of_the_shared_folder_loads_or_is_refused_with_words(
    loaded_schemas: SchemaFolder,
) -> None:
    refused = {unread.source for unread in loaded_schemas.unread}

    assert len(loaded_schemas.schemas) >= 79
    assert {source for source in refused if "datapackage" not in source} == {
        "schemas.json", "schemas-scdl.json", "schemas-tableschema.json",
    }  # fmt: skip
    assert all(" " in unread.why.translate(str) for unread in loaded_schemas.unread)
    assert all(schema.fields and schema.title for schema in loaded_schemas.schemas)


def test_the_tables_of_a_package_know_each_other(tmp_path: Path) -> None:
    (tmp_path / "trees.json").write_text(json.dumps(TREES))
    package = {
        "name": "parcs",
        "resources": [
            {"name": "arbres", "schema": "trees.json"},
            {
                "name": "bancs",
                "schema": {"fields": [{"name": "arbre", "type": "integer"}]},
            },
            {"name": "allees", "schema": "../allees.json"},
        ],
    }
    (tmp_path / "datapackage.json").write_text(json.dumps(package))

    schema_folder = load_schemas(tmp_path)

    assert {(schema.name, schema.package) for schema in schema_folder.schemas} == {
        ("arbres", "parcs"),
        ("bancs", "parcs"),
    }
    assert [unread.why.values for unread in schema_folder.unread] == [
        {"name": "../allees.json"}
    ]


def test_the_second_version_of_table_schema_is_read() -> None:
    document = {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "missingValues": [{"value": "NC", "label": "not known"}],
        "primaryKey": ["id"],
        "uniqueKeys": [["id", "state"]],
        "fields": [
            {"name": "id", "type": "integer", "constraints": {"exclusiveMinimum": 0}},
            {
                "name": "state",
                "type": "string",
                "categories": [{"value": "a", "label": "A"}, {"value": "b"}],
            },
            {"name": "tags", "type": "list", "delimiter": ";", "missingValues": ["-"]},
            {"name": "odd", "type": "colour"},
        ],
    }

    (schema,) = read_schema(document, "x.json")

    assert (schema.missing, schema.primary_key, schema.unique_keys) == (
        ("NC",),
        ("id",),
        (("id", "state"),),
    )
    assert schema.fields[0].bounds == {"exclusiveMinimum": "0"}
    assert (schema.fields[1].enum, schema.fields[2].missing) == (("a", "b"), ("-",))
    assert schema.fields[3].type is FieldType.ANY
    assert schema.doubts[0].values == {"type": "colour", "column": "odd"}


RECORD = {
    "type": "object",
    "required": ["id", "day"],
    "properties": {
        "id": {"$ref": "#/$defs/Id"},
        "day": {"type": ["string", "null"], "format": "date"},
        "level": {
            "anyOf": [{"type": "integer", "minimum": 1, "maximum": 5}, {"type": "null"}]
        },
    },
}
IDS = {"$defs": {"Id": {"type": "string", "pattern": "^[a-z]+$"}}}


@pytest.mark.parametrize(
    "document",
    [
        {**IDS, **RECORD},
        {**IDS, "type": "array", "items": RECORD},
        {
            **IDS,
            "type": "object",
            "properties": {"trees": {"type": "array", "items": RECORD}},
        },
        {**IDS, "allOf": [RECORD]},
        {
            **IDS,
            "properties": {
                "type": {},
                "features": {
                    "items": {"properties": {"properties": RECORD, "geometry": {}}}
                },
            },
        },
    ],
)
def test_a_json_schema_of_records_is_a_table(document: dict[str, Any]) -> None:
    (schema,) = read_schema(document, "x.json")

    fields = {field.name: field for field in schema.fields}
    assert list(fields) == ["id", "day", "level"]
    assert schema.required == ("id",)
    assert (fields["id"].pattern, fields["id"].anywhere) == ("^[a-z]+$", True)
    assert fields["day"].type is FieldType.DATE
    assert (fields["level"].type, fields["level"].bounds) == (
        FieldType.INTEGER,
        {"minimum": "1", "maximum": "5"},
    )


@pytest.mark.parametrize(
    "document",
    [{"items": {"$ref": "#"}}, {"$ref": "#/a", "a": {"$ref": "#/a"}}, {"title": "x"}],
)
def test_a_document_that_describes_no_record_is_refused(
    document: dict[str, Any],
) -> None:
    with pytest.raises(UnreadableSchemaError) as refusal:
        read_schema(document, "x.json")

    assert refusal.value.sentence.translate(str).endswith(".")


def test_a_header_is_recognised_however_hands_write_it(tmp_path: Path) -> None:
    (schema,) = read_schema(TREES, "trees.json")

    (match,) = recognise_schemas(["ID", "Espèce", "Planté le", "remarque"], [schema])

    assert match.schema is schema
    assert match.matched == ("espece", "id", "plante_le")
    assert "3 of your 4 columns" in match.why.translate(str)
    assert recognise_schemas(["nom", "adresse", "ville"], [schema]) == []


ONE_IN = examples(8, 1)
"""Of how many files that follow no schema one is looked at."""
EXPECTED = {
    "etalab-schema-comptage-mobilites-measure": "schema-comptage-mobilites-measure",
    "etalab-schema-decp-dpa": "etalab_schema-decp-dpa_schema",
    "etalab-schema-dispositif-aide_exemple.csv": "dispositif-aide-professionnels",
    "etalab-schema-dispositif-aide_exemple-complet": "dispositif-aide-professionnels",
    "etalab-schema-dispositif-aide_exemple_": "dispositif-aide",
    "etalab-schema-hautes-remunerations": "hautes-remunerations",
    "etalab-schema-irve_exemple-valide-dynamique": "schema-irve-dynamique",
    "etalab-schema-irve_exemple-valide-statique": "schema-irve-statique",
    "etalab-schema-lieux-covoiturage": "etalab_schema-lieux-covoiturage_schema",
    "etalab-schema-passage-a-niveau": "passage-a-niveau",
    "etalab-schema-stationnement-cyclable": "stationnement-cyclable",
    "etalab-schema-stationnement_": "etalab_schema-stationnement_schema",
    "megalis_": "budget",
    "transport-fr_csv": "etalab_schema-lieux-covoiturage_schema",
}
"""By the beginning of a file's name. The catalogue, the register of digital inclusion and its mapping follow older
schemas that the folder does not hold: their columns are other ones."""


def _header(path: Path) -> list[str]:
    line = next(
        iter(path.read_bytes()[:20_000].decode("utf-8-sig", "replace").splitlines()), ""
    )
    delimiter = max(",;\t", key=line.count)
    return next(csv.reader([line], delimiter=delimiter), [])


def test_the_files_of_the_shared_folder_are_recognised_and_no_other_is(
    loaded_schemas: SchemaFolder, shared_data: Path
) -> None:
    mismatches = {}
    for number, path in enumerate(sorted((shared_data / "data/tables").glob("*.csv"))):
        if number % ONE_IN and not path.name.startswith(tuple(EXPECTED)):
            continue
        actual = next(
            (
                match.schema.name
                for match in recognise_schemas(_header(path), loaded_schemas.schemas)
            ),
            "",
        )
        expected = next(
            (name for start, name in EXPECTED.items() if path.name.startswith(start)),
            "",
        )
        if actual != expected:
            mismatches[path.name] = (actual, expected)

    assert mismatches == {}
