"""The schemas of the operator's folder: Table Schemas, JSON Schemas and the packages that hold several."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from udi.node.tables.schemas.jsonschema import is_json_schema, read_json_schema
from udi.node.tables.schemas.schema import Schema, UnreadableSchemaError
from udi.node.tables.schemas.tableschema import (
    Document,
    is_table_schema,
    list_of,
    read_table_schema,
    text_of,
)
from udi.node.tables.sentence import Said

LARGEST = 8 * 1024**2


@dataclass(frozen=True)
class Unread:
    """A file that was left out, and why."""

    source: str
    why: Said


@dataclass(frozen=True)
class Shelf:
    """What a folder holds."""

    schemas: tuple[Schema, ...]
    unread: tuple[Unread, ...]

    def find(self, name: str) -> Schema | None:
        """A schema by its name, or None."""
        return next((each for each in self.schemas if each.name == name), None)


def load_schemas(folder: Path) -> Shelf:
    """All the schemas of a folder and below; a file that cannot be read is told, and the others are read."""
    schemas: list[Schema] = []
    unread: list[Unread] = []
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
            unread.append(Unread(source, error.said))
    for source, package in packages:
        schemas, missing = _join(schemas, package, source)
        unread += missing
    return Shelf(tuple(_distinct(schemas)), tuple(unread))


def read_schema(document: Any, source: str) -> list[Schema]:
    """The schemas of one document, which a producer may also give with a file.

    Raises:
        UnreadableSchemaError: it is neither a Table Schema nor a JSON Schema of records.
    """
    if not isinstance(document, Mapping):
        raise UnreadableSchemaError(Said("This is not a schema: it holds no description of columns."))
    try:
        if is_table_schema(document):
            return [read_table_schema(document, source)]
        if is_json_schema(document) or "schemas" in document:
            return read_json_schema(document, source)
    except RecursionError as error:
        raise UnreadableSchemaError(Said("This schema is nested too deeply.")) from error
    raise UnreadableSchemaError(Said("This is not a schema: it holds no description of columns."))


def _read(path: Path) -> Document:
    if path.stat().st_size > LARGEST:
        raise UnreadableSchemaError(Said("This file is too large for a schema: 8 MB at most."))
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError) as error:
        raise UnreadableSchemaError(Said("This file is not JSON that can be read.")) from error
    if not isinstance(document, dict):
        raise UnreadableSchemaError(Said("This is not a schema: it holds no description of columns."))
    return document


def _is_package(document: Document) -> bool:
    resources = document.get("resources")
    described = isinstance(resources, list) and any(
        isinstance(each, Mapping) and "schema" in each for each in resources
    )
    return described and not is_table_schema(document) and "properties" not in document


def _join(schemas: list[Schema], package: Document, source: str) -> tuple[list[Schema], list[Unread]]:
    """Mark the schemas of a package as its own; a table's schema is inside, in the folder, or one of the same name."""
    title = text_of(package.get("name")) or source
    known = {each.name: each for each in schemas} | {each.source: each for each in schemas}
    unread = []
    for resource in list_of(package.get("resources")):
        name, written = (
            (text_of(resource.get("name")), resource.get("schema")) if isinstance(resource, dict) else ("", None)
        )
        try:
            for each in _of_resource(written, name, source, known):
                schemas = [one for one in schemas if one is not each] + [replace(each, package=title)]
        except UnreadableSchemaError as error:
            unread.append(Unread(source, error.said))
    return schemas, unread


def _of_resource(written: Any, name: str, source: str, known: Mapping[str, Schema]) -> Iterable[Schema]:
    if isinstance(written, Mapping):
        return [replace(each, name=name or each.name) for each in read_schema(written, source)]
    beside = (Path(source).parent / str(written)).as_posix()
    if found := known.get(beside) or known.get(name) or _ending(known, name):
        return [found]
    raise UnreadableSchemaError(
        Said("The schema «%(name)s» of this package is not in the folder.", {"name": str(written)[:100]})
    )


def _ending(known: Mapping[str, Schema], name: str) -> Schema | None:
    """The only schema whose name ends like this one."""
    found = {each.source: each for each in known.values() if name and each.name.endswith(f"-{name}")}
    return next(iter(found.values())) if len(found) == 1 else None


def _distinct(schemas: Iterable[Schema]) -> list[Schema]:
    """One of each name and list of columns: the newest."""
    newest: dict[tuple[str, ...], Schema] = {}
    for each in schemas:
        key = (each.name, *sorted(one.name for one in each.fields))
        if key not in newest or newest[key].version < each.version:
            newest[key] = each
    return list(newest.values())
