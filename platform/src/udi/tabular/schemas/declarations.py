"""The schema that a table is said to follow, and those that it seems to follow."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from udi.tabular.messages.messages import TranslatableMessage
from udi.tabular.schemas.folder import SchemaFolder, load_schemas, read_schema
from udi.tabular.schemas.recognition import recognise_schemas
from udi.tabular.schemas.schema import TableSchema, UnreadableSchemaError

LARGEST = 1024**2
"""Bytes of a schema that a producer gives by its address."""
MODELS = Path(__file__).parent / "models"
MODEL_LANGUAGE = "fr"


@dataclass(frozen=True)
class DeclaredSchema:
    """A schema by its name in the operator's folder, or by its address with what was read there."""

    name: str
    address: str = ""
    document: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return dict(vars(self))

    def find_schema(
        self, schema_folder: SchemaFolder, columns: Sequence[str]
    ) -> TableSchema | None:
        """The schema itself; of a document that describes several tables, the one that these columns are nearest to."""
        if self.document is None:
            return schema_folder.find_schema(self.name)
        schemas = read_schema(self.document, self.name)
        near = recognise_schemas(columns, schemas)
        return replace(near[0].schema if near else schemas[0], address=self.address)


@dataclass(frozen=True)
class ProposedSchema:
    """A schema that a table seems to follow, without its columns."""

    name: str
    title: str
    why: TranslatableMessage

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return {"name": self.name, "title": self.title, "why": self.why.as_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "ProposedSchema":
        """What `as_json` gave."""
        return cls(
            value["name"], value["title"], TranslatableMessage.from_json(value["why"])
        )


@dataclass(frozen=True)
class SchemaInspection:
    """What a document is: a schema with its title, or none and why."""

    title: str = ""
    document: dict[str, Any] = field(default_factory=dict)
    refused: str = ""
    values: dict[str, Any] = field(default_factory=dict)


def suggest_schemas(
    columns: Sequence[str], schema_folder: SchemaFolder
) -> list[ProposedSchema]:
    """The schemas that a table with these columns seems to follow, the likeliest first."""
    return [
        ProposedSchema(match.schema.name, match.schema.title, match.why)
        for match in recognise_schemas(columns, schema_folder.schemas)
    ]


def load_schema_folder(folder: Path | None) -> SchemaFolder:
    """The models of the distribution and the schemas of the operator's folder, which replace those of the same name."""
    if not folder or not folder.is_dir():
        return load_models()
    added = load_schemas(folder)
    names = {schema.name for schema in added.schemas}
    models = (schema for schema in load_models().schemas if schema.name not in names)
    return SchemaFolder((*added.schemas, *models), added.unread)


@cache
def load_models() -> SchemaFolder:
    """The schemas that come with the distribution, read once a process."""
    return load_schemas(MODELS)


def language_of(schema: TableSchema | None) -> str:
    """The language of the texts of a model: French for those of the distribution, unknown (empty) for others."""
    if schema is not None and schema in load_models().schemas:
        return MODEL_LANGUAGE
    return ""


def inspect_schema_document(content: bytes, source: str) -> SchemaInspection:
    """Read a document that a producer's address gave."""
    try:
        document = json.loads(content)
        schemas = read_schema(document, source)
    except UnreadableSchemaError as error:
        return SchemaInspection(
            refused=error.sentence.message, values=dict(error.sentence.values)
        )
    except (ValueError, RecursionError):
        return SchemaInspection(refused="This file is not JSON that can be read.")
    return SchemaInspection(schemas[0].title, document)
