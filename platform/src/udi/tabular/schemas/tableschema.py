"""Table Schema, versions 1 and 2 of Frictionless: from JSON to a `Schema`, tolerant of what does not change a check."""

from collections.abc import Iterable, Mapping
from typing import Any

from udi.tabular.messages.messages import TranslatableMessage
from udi.tabular.schemas.schema import (
    BOUNDS,
    FALSE,
    TRUE,
    FieldType,
    ForeignKey,
    RowCheck,
    SchemaField,
    TableSchema,
    UnreadableSchemaError,
)

MOST_FIELDS = 1000
Document = Mapping[str, Any]


def is_table_schema(document: Document) -> bool:
    """Whether it lists fields."""
    return isinstance(document.get("fields"), list)


def read_table_schema(document: Document, source: str) -> TableSchema:
    """Read a Table Schema.

    Raises:
        UnreadableSchemaError: no field, too many, or one without a name.
    """
    entries = document["fields"]
    if not 0 < len(entries) <= MOST_FIELDS:
        raise UnreadableSchemaError(
            TranslatableMessage(
                "This schema lists %(count)s columns: between 1 and 1,000 are read.",
                {"count": len(entries)},
            )
        )
    fields = tuple(read_field(entry, place) for place, entry in enumerate(entries, 1))
    name = text_of(document.get("name")) or source.removesuffix(".json")
    return TableSchema(
        name=name,
        title=text_of(document.get("title")) or name,
        fields=fields,
        source=source,
        version=text_of(document.get("version")),
        address=text_of(document.get("path")) or text_of(document.get("homepage")),
        primary_key=names_of(document.get("primaryKey")),
        unique_keys=tuple(
            key
            for entry in list_of(document.get("uniqueKeys"))
            if (key := names_of(entry))
        ),
        foreign_keys=tuple(_foreign_keys(list_of(document.get("foreignKeys")))),
        row_checks=tuple(_row_checks(list_of(document.get("custom_checks")))),
        missing=missing_of(document.get("missingValues")) or ("",),
        doubts=tuple(_doubts(entries)),
    )


def read_field(entry: Any, place: int) -> SchemaField:
    """One field; `place` counts from 1, to name it when it has no name."""
    if not isinstance(entry, Mapping) or not text_of(entry.get("name")):
        raise UnreadableSchemaError(
            TranslatableMessage(
                "Column %(place)s of this schema has no name.", {"place": place}
            )
        )
    rules = entry.get("constraints")
    rules = rules if isinstance(rules, Mapping) else {}
    item = entry.get("arrayItem")
    return SchemaField(
        name=text_of(entry["name"]),
        type=type_of(entry.get("type", "string")),
        format=text_of(entry.get("format")).removeprefix("fmt:") or "default",
        title=text_of(entry.get("title")),
        example=text_of(entry.get("example")),
        required=rules.get("required") is True,
        unique=rules.get("unique") is True,
        pattern=text_of(rules.get("pattern")),
        enum=_choices(rules.get("enum")) or _choices(entry.get("categories")),
        bounds={
            name: text_of(rules[name]) for name in BOUNDS if text_of(rules.get(name))
        },
        shortest=whole_of(rules.get("minLength")),
        longest=whole_of(rules.get("maxLength")),
        true_values=texts_of(entry.get("trueValues")) or TRUE,
        false_values=texts_of(entry.get("falseValues")) or FALSE,
        decimal_mark=text_of(entry.get("decimalChar")) or ".",
        group_mark=text_of(entry.get("groupChar")),
        bare=entry.get("bareNumber") is not False,
        missing=missing_of(entry.get("missingValues")) or None,
        delimiter=text_of(entry.get("delimiter")) or ",",
        item=_item(entry.get("itemType"), item),
    )


def _item(kind: Any, item: Any) -> SchemaField | None:
    """What an array holds, from version 1's `arrayItem` or version 2's `itemType`."""
    if isinstance(item, Mapping):
        return read_field({"name": "item", **item}, 1)
    if isinstance(kind, str):
        return SchemaField("item", type_of(kind))
    return None


def type_of(value: Any) -> FieldType:
    """A type by its name; any for what is unknown."""
    try:
        return FieldType(value)
    except ValueError:
        return FieldType.ANY


def _doubts(entries: Iterable[Any]) -> Iterable[TranslatableMessage]:
    for entry in entries:
        kind = entry.get("type", "string")
        if kind not in set(FieldType):
            yield TranslatableMessage(
                "The type «%(type)s» of the column %(column)s is unknown: its values are not checked for it.",
                {"type": str(kind)[:40], "column": text_of(entry["name"])},
            )


def _foreign_keys(entries: Iterable[Any]) -> Iterable[ForeignKey]:
    for entry in entries:
        if isinstance(entry, Mapping):
            reference = entry.get("reference")
        else:
            reference = None
        if isinstance(reference, Mapping):
            fields = names_of(entry.get("fields"))
            others = names_of(reference.get("fields"))
            if fields and len(fields) == len(others):
                yield ForeignKey(fields, text_of(reference.get("resource")), others)


def _row_checks(entries: Iterable[Any]) -> Iterable[RowCheck]:
    for entry in entries:
        parameters = entry.get("params") if isinstance(entry, Mapping) else None
        if isinstance(parameters, Mapping) and text_of(entry.get("name")):
            yield RowCheck(text_of(entry["name"]), parameters)


def _choices(value: Any) -> tuple[str, ...]:
    """Values allowed, as text; version 2 may give each a label."""
    return tuple(
        text_of(choice.get("value") if isinstance(choice, Mapping) else choice)
        for choice in list_of(value)
    )


def missing_of(value: Any) -> tuple[str, ...]:
    """Texts that mean «nothing», with or without a label."""
    return tuple(
        str(marker.get("value", "") if isinstance(marker, Mapping) else marker)
        for marker in list_of(value)
    )


def text_of(value: Any) -> str:
    """A value of the schema as a cell would write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    return ""


def texts_of(value: Any) -> tuple[str, ...]:
    return tuple(text_of(entry) for entry in list_of(value))


def list_of(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return []


def names_of(value: Any) -> tuple[str, ...]:
    """One name or several."""
    if isinstance(value, str):
        return (value,)
    return tuple(name for name in list_of(value) if isinstance(name, str))


def whole_of(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return None
