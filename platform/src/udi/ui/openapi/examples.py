"""An example of a schema, made of the examples of its fields."""

from collections.abc import Mapping
from typing import Any

from udi.ui.openapi.example_values import BY_TYPE

Schema = Mapping[str, Any]
BY_FORMAT = {
    "uuid": "6d4a3b1c-2f58-4c0e-9a44-0e5f6a7b8c9d",
    "date-time": "2026-03-02T08:30:00Z",
    "date": "2026-03-02",
    "uri": "https://portelune.example/",
}
TEXT = "…"
DEEPEST = 12
"""Schemas one inside the other; a schema that holds itself ends there."""


def make_example(
    schema: Schema, schemas: Mapping[str, Schema], depth: int = DEEPEST
) -> Any:
    """What `schema` says of itself as an example, else one made of the parts of its type; `schemas` are the components."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        return make_example(find_schema(schema, schemas), schemas, depth)
    for name in ("anyOf", "allOf", "oneOf"):
        if name in schema:
            return make_example(_first_choice(schema[name]), schemas, depth)
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("type") == "object":
        return _make_object(schema, schemas, depth - 1)
    if schema.get("type") == "array":
        items = schema.get("items")
        return [make_example(items, schemas, depth - 1)] if items and depth else []
    return _make_value(schema)


def find_schema(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """The component that a reference names, else the schema itself."""
    return schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)


def _first_choice(choices: list[Schema]) -> Schema:
    """Of several types one that has a name, else the first that is not null."""
    named = [choice for choice in choices if "$ref" in choice]
    others = [choice for choice in choices if choice.get("type") != "null"]
    return [*named, *others, *choices][0]


def _make_object(schema: Schema, schemas: Mapping[str, Schema], depth: int) -> Any:
    """Its fields: of those that may be left out, only those that have an example."""
    required = set(schema.get("required", ()))
    if depth < 0:
        return {}
    return {
        name: _make_field(name, field, schemas, depth)
        for name, field in schema.get("properties", {}).items()
        if name in required or field.get("examples")
    }


def _make_field(
    name: str, field: Schema, schemas: Mapping[str, Schema], depth: int
) -> Any:
    """By the type of a field where that says something, else by its name."""
    schema = _first_choice(field["anyOf"]) if "anyOf" in field else field
    values = BY_TYPE.get(schema.get("type", ""), {})
    says_something = "examples" in field or any(
        key in schema for key in ("examples", "enum", "format", "$ref")
    )
    if says_something or name not in values or _has_own_items(schema):
        return make_example(field, schemas, depth)
    return values[name]


def _has_own_items(schema: Schema) -> bool:
    items = schema.get("items", {})
    return "$ref" in items or "enum" in items


def _make_value(schema: Schema) -> Any:
    kind = schema.get("type", "string")
    if kind in {"integer", "number"}:
        return schema.get("minimum", 1)
    if kind == "boolean":
        return False
    if kind == "null":
        return None
    return BY_FORMAT.get(schema.get("format", ""), TEXT)
