"""JSON Schema of files that hold records: an array of objects, one object a record, or a GeoJSON collection.

What a record's properties say becomes columns; what only nested documents can say (oneOf, if, dependencies) is not
checked. References outside the document are never fetched.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from udi.tabular.messages.messages import TranslatableMessage
from udi.tabular.schemas.schema import (
    BOUNDS,
    FieldType,
    SchemaField,
    TableSchema,
    UnreadableSchemaError,
)
from udi.tabular.schemas.tableschema import (
    MOST_FIELDS,
    Document,
    list_of,
    text_of,
    texts_of,
    type_of,
    whole_of,
)

DEEPEST = 12
FORMATS = {
    "date": (FieldType.DATE, "default"),
    "date-time": (FieldType.DATETIME, "default"),
    "time": (FieldType.TIME, "default"),
    "email": (FieldType.STRING, "email"),
    "uri": (FieldType.STRING, "uri"),
    "uuid": (FieldType.STRING, "uuid"),
}


def is_json_schema(document: Document) -> bool:
    """Whether it describes a document rather than being one."""
    return any(
        key in document
        for key in ("properties", "items", "allOf", "$ref", "definitions", "$defs")
    )


def read_json_schema(document: Document, source: str) -> list[TableSchema]:
    """The tables that a JSON Schema describes: one for each kind of record.

    Raises:
        UnreadableSchemaError: no record with properties can be found in it.
    """
    if isinstance(document.get("schemas"), list):
        raise UnreadableSchemaError(
            TranslatableMessage("This is a list of schemas, not a schema.")
        )
    records = list(_records(document, document, "", 0))
    if not records:
        raise UnreadableSchemaError(
            TranslatableMessage(
                "No record with columns was found in this schema; references to other files are not followed."
            )
        )
    return [_schema(document, name, record, source) for name, record in records]


def _schema(root: Document, name: str, record: Document, source: str) -> TableSchema:
    properties = dict(_properties(root, record, 0))
    if len(properties) > MOST_FIELDS:
        raise UnreadableSchemaError(
            TranslatableMessage(
                "This schema lists %(count)s columns: between 1 and 1,000 are read.",
                {"count": len(properties)},
            )
        )
    required = set(_required(root, record, 0))
    head = _head(root)
    stem = text_of(head.get("name")) or source.removesuffix(".json")
    return TableSchema(
        name=f"{stem}#{name}" if name else stem,
        title=text_of(head.get("title")) or text_of(record.get("title")) or stem,
        fields=tuple(
            _field(root, key, entry, required=key in required)
            for key, entry in properties.items()
        ),
        source=source,
        version=text_of(head.get("version")),
        address=text_of(head.get("path"))
        or text_of(head.get("$id"))
        or text_of(head.get("homepage")),
        is_json=True,
    )


def _head(root: Document) -> Document:
    """Where the title is: at the root, or at the first part of `allOf`."""
    first = next(iter(list_of(root.get("allOf"))), None)
    return {**_mapping(first), **root}


def _records(
    root: Document, node: Document, name: str, depth: int
) -> Iterator[tuple[str, Document]]:
    """(name, schema) of each kind of record; an object that holds lists of objects is a container, not a record."""
    node = _resolve_reference(root, node)
    if depth > DEEPEST or not node:
        return
    if isinstance(node.get("items"), Mapping):
        yield from _records(root, node["items"], name, depth + 1)
        return
    properties = dict(_properties(root, node, 0))
    if isinstance(feature := properties.get("features"), Mapping):
        yield from _features(root, feature, depth)
        return
    lists = {
        key: entry for key, entry in properties.items() if _holds_records(root, entry)
    }
    if lists and len(lists) == len(
        [
            key
            for key in properties
            if not key.startswith(("@", "conformsTo", "describ"))
        ]
    ):
        for key, entry in lists.items():
            yield from _records(root, entry, key if len(lists) > 1 else name, depth + 1)
    elif properties:
        yield name, node


def _features(
    root: Document, features: Document, depth: int
) -> Iterator[tuple[str, Document]]:
    item = _resolve_reference(root, features).get("items")
    if isinstance(item, Mapping):
        inner = dict(_properties(root, _resolve_reference(root, item), 0)).get(
            "properties"
        )
        if isinstance(inner, Mapping):
            yield from _records(root, inner, "", depth + 1)


def _holds_records(root: Document, entry: Any) -> bool:
    """Whether it is a list of objects, or an object of such lists."""
    if not isinstance(entry, Mapping):
        return False
    node = _resolve_reference(root, entry)
    if isinstance(node.get("items"), Mapping):
        return bool(dict(_properties(root, _resolve_reference(root, node["items"]), 0)))
    inner = dict(_properties(root, node, 0))
    return bool(inner) and all(
        isinstance(_resolve_reference(root, subschema).get("items"), Mapping)
        for subschema in inner.values()
    )


def _resolve_reference(root: Document, node: Any, depth: int = 0) -> Document:
    """The node that local references lead to; empty for one that leads outside."""
    if not isinstance(node, Mapping):
        return {}
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return node
    siblings = {key: value for key, value in node.items() if key != "$ref"}
    if depth > DEEPEST:
        return siblings
    return {**_resolve_reference(root, _target(root, reference), depth + 1), **siblings}


def _target(root: Document, reference: str) -> Any:
    if not reference.startswith("#"):
        defined = {**_mapping(root.get("definitions")), **_mapping(root.get("$defs"))}
        return next(
            (
                definition
                for definition in defined.values()
                if _mapping(definition).get("$id") == reference
            ),
            None,
        )
    target: Any = root
    for part in filter(None, reference[1:].split("/")):
        target = _mapping(target).get(part.replace("~1", "/").replace("~0", "~"))
    return target


def _mapping(value: Any) -> Document:
    if isinstance(value, Mapping):
        return value
    return {}


def _parts(root: Document, node: Document, depth: int) -> Iterator[Document]:
    """The node and all that `allOf` adds to it."""
    yield node
    if depth < DEEPEST:
        for part in list_of(node.get("allOf")):
            yield from _parts(root, _resolve_reference(root, part), depth + 1)


def _properties(
    root: Document, node: Document, depth: int
) -> Iterator[tuple[str, Any]]:
    for part in _parts(root, node, depth):
        entries = part.get("properties")
        if isinstance(entries, Mapping):
            yield from entries.items()


def _required(root: Document, node: Document, depth: int) -> Iterator[str]:
    for part in _parts(root, node, depth):
        yield from texts_of(part.get("required"))


def _field(root: Document, name: str, entry: Any, *, required: bool) -> SchemaField:
    node = _without_null(root, _resolve_reference(root, entry))
    kind = next((type_name for type_name in _types(node) if type_name != "null"), "any")
    nullable = "null" in _types(_resolve_reference(root, entry))
    choices = node.get("enum", [node["const"]] if "const" in node else [])
    read = SchemaField(
        name=name,
        type=type_of(kind),
        title=text_of(node.get("title")),
        example=next(iter(texts_of(node.get("examples"))), ""),
        required=required and not nullable,
        pattern=text_of(node.get("pattern")),
        anywhere=True,
        enum=tuple(
            text_of(choice) for choice in list_of(choices) if choice is not None
        ),
        bounds={
            bound: text_of(node[bound])
            for bound in BOUNDS
            if isinstance(node.get(bound), int | float)
        },
        shortest=whole_of(node.get("minLength")),
        longest=whole_of(node.get("maxLength")),
    )
    if read.type in {FieldType.STRING, FieldType.ANY}:
        known_format = FORMATS.get(text_of(node.get("format")))
    else:
        known_format = None
    if known_format:
        return replace(read, type=known_format[0], format=known_format[1])
    return read


def _types(node: Document) -> tuple[str, ...]:
    kind = node.get("type")
    if kind is None and any(
        _types(option) == ("null",) for option in list_of(node.get("anyOf"))
    ):
        return ("null",)
    if isinstance(kind, str):
        return (kind,)
    return texts_of(kind)


def _without_null(root: Document, node: Document) -> Document:
    """`anyOf` of one thing and nothing is that thing."""
    options = [
        _resolve_reference(root, option) for option in list_of(node.get("anyOf"))
    ]
    others = [option for option in options if option.get("type") != "null"]
    if len(others) == 1:
        return {**others[0], **{k: v for k, v in node.items() if k != "anyOf"}}
    return node
