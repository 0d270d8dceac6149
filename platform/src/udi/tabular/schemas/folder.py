"""The schemas of the operator's folder: Table Schemas, JSON Schemas and the packages that hold several."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from udi.tabular.messages.messages import TranslatableMessage
from udi.tabular.schemas.jsonschema import is_json_schema, read_json_schema
from udi.tabular.schemas.schema import TableSchema, UnreadableSchemaError
from udi.tabular.schemas.tableschema import (
    Document,
    is_table_schema,
    list_of,
    read_table_schema,
    text_of,
)

LARGEST = 8 * 1024**2


@dataclass(frozen=True)
class UnreadSchemaFile:
    """A file that was left out, and why."""

    source: str
    why: TranslatableMessage


@dataclass(frozen=True)
class SchemaFolder:
    """What a folder holds."""

    schemas: tuple[TableSchema, ...]
    unread: tuple[UnreadSchemaFile, ...]

    def find_schema(self, name: str) -> TableSchema | None:
        """A schema by its name, or None."""
        return next((schema for schema in self.schemas if schema.name == name), None)


def load_schemas(folder: Path) -> SchemaFolder:
    """All the schemas of a folder and below; a file that cannot be read is reported, and the others are read."""
    schemas: list[TableSchema] = []
    unread: list[UnreadSchemaFile] = []
    packages: list[tuple[str, Document]] = []
    for path in sorted(folder.rglob("*.json")):
        source = path.relative_to(folder).as_posix()
        try:
            document = _read(path)
            if _is_package(document):
                packages.append((source, document))
            else:
                schemas += read_schema(document, source)
        except UnreadableSchemaError as error:
            unread.append(UnreadSchemaFile(source, error.sentence))
    for source, package in packages:
        schemas, missing = _join_package(schemas, package, source)
        unread += missing
    return SchemaFolder(tuple(_distinct(schemas)), tuple(unread))


def read_schema(document: Any, source: str) -> list[TableSchema]:
    """The schemas of one document, which a producer may also give with a file.

    Raises:
        UnreadableSchemaError: it is neither a Table Schema nor a JSON Schema of records.
    """
    if not isinstance(document, Mapping):
        raise UnreadableSchemaError(
            TranslatableMessage(
                "This is not a schema: it holds no description of columns."
            )
        )
    try:
        if is_table_schema(document):
            return [read_table_schema(document, source)]
        if is_json_schema(document) or "schemas" in document:
            return read_json_schema(document, source)
    except RecursionError as error:
        raise UnreadableSchemaError(
            TranslatableMessage("This schema is nested too deeply.")
        ) from error
    raise UnreadableSchemaError(
        TranslatableMessage("This is not a schema: it holds no description of columns.")
    )


def _read(path: Path) -> Document:
    if path.stat().st_size > LARGEST:
        raise UnreadableSchemaError(
            TranslatableMessage("This file is too large for a schema: 8 MB at most.")
        )
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError) as error:
        raise UnreadableSchemaError(
            TranslatableMessage("This file is not JSON that can be read.")
        ) from error
    if not isinstance(document, dict):
        raise UnreadableSchemaError(
            TranslatableMessage(
                "This is not a schema: it holds no description of columns."
            )
        )
    return document


def _is_package(document: Document) -> bool:
    resources = document.get("resources")
    described = isinstance(resources, list) and any(
        isinstance(resource, Mapping) and "schema" in resource for resource in resources
    )
    return described and not is_table_schema(document) and "properties" not in document


def _join_package(
    schemas: list[TableSchema], package: Document, source: str
) -> tuple[list[TableSchema], list[UnreadSchemaFile]]:
    """Mark the schemas of a package as its own; a table's schema is inside, in the folder, or one of the same name."""
    title = text_of(package.get("name")) or source
    schemas_by_name = {schema.name: schema for schema in schemas} | {
        schema.source: schema for schema in schemas
    }
    unread = []
    for resource in list_of(package.get("resources")):
        name, definition = (
            (text_of(resource.get("name")), resource.get("schema"))
            if isinstance(resource, dict)
            else ("", None)
        )
        try:
            for schema in _schemas_of_resource(
                definition, name, source, schemas_by_name
            ):
                schemas = [
                    other_schema
                    for other_schema in schemas
                    if other_schema is not schema
                ] + [replace(schema, package=title)]
        except UnreadableSchemaError as error:
            unread.append(UnreadSchemaFile(source, error.sentence))
    return schemas, unread


def _schemas_of_resource(
    definition: Any, name: str, source: str, schemas_by_name: Mapping[str, TableSchema]
) -> Iterable[TableSchema]:
    if isinstance(definition, Mapping):
        return [
            replace(schema, name=name or schema.name)
            for schema in read_schema(definition, source)
        ]
    sibling_path = (Path(source).parent / str(definition)).as_posix()
    if (
        known_schema := schemas_by_name.get(sibling_path)
        or schemas_by_name.get(name)
        or _find_by_suffix(schemas_by_name, name)
    ):
        return [known_schema]
    raise UnreadableSchemaError(
        TranslatableMessage(
            "The schema «%(name)s» of this package is not in the folder.",
            {"name": str(definition)[:100]},
        )
    )


def _find_by_suffix(
    schemas_by_name: Mapping[str, TableSchema], name: str
) -> TableSchema | None:
    """The only schema whose name ends like this one."""
    schemas_by_source = {
        schema.source: schema
        for schema in schemas_by_name.values()
        if name and schema.name.endswith(f"-{name}")
    }
    if len(schemas_by_source) == 1:
        return next(iter(schemas_by_source.values()))
    return None


def _distinct(schemas: Iterable[TableSchema]) -> list[TableSchema]:
    """One of each name and list of columns: the newest."""
    newest: dict[tuple[str, ...], TableSchema] = {}
    for schema in schemas:
        key = (schema.name, *sorted(field.name for field in schema.fields))
        if key not in newest or newest[key].version < schema.version:
            newest[key] = schema
    return list(newest.values())
