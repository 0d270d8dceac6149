"""The schema that a table is said to follow, and those that it seems to follow."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from udi.node.tables.schemas.folder import Shelf, load_schemas, read_schema
from udi.node.tables.schemas.recognise import recognise
from udi.node.tables.schemas.schema import Schema, UnreadableSchemaError
from udi.node.tables.sentence import Said

LARGEST = 1024**2
"""Bytes of a schema that a producer gives by its address."""
NOTHING = Shelf((), ())


@dataclass(frozen=True)
class Declared:
    """A schema by its name in the operator's folder, or by its address with what was read there."""

    name: str
    address: str = ""
    document: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return dict(vars(self))

    def find(self, shelf: Shelf, columns: Sequence[str]) -> Schema | None:
        """The schema itself; of a document that describes several tables, the one that these columns are nearest to."""
        if self.document is None:
            return shelf.find(self.name)
        found = read_schema(self.document, self.name)
        near = recognise(columns, found)
        return replace(near[0].schema if near else found[0], address=self.address)


@dataclass(frozen=True)
class Proposed:
    """A schema that a table seems to follow, without its columns."""

    name: str
    title: str
    why: Said

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return {"name": self.name, "title": self.title, "why": self.why.as_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Proposed":
        """What `as_json` gave."""
        return cls(value["name"], value["title"], Said.from_json(value["why"]))


@dataclass(frozen=True)
class Seen:
    """What a document is: a schema with its title, or none and why."""

    title: str = ""
    document: dict[str, Any] = field(default_factory=dict)
    refused: str = ""
    values: dict[str, Any] = field(default_factory=dict)


def propose(columns: Sequence[str], shelf: Shelf) -> list[Proposed]:
    """The schemas that a table with these columns seems to follow, the likeliest first."""
    return [Proposed(one.schema.name, one.schema.title, one.why) for one in recognise(columns, shelf.schemas)]


def shelf_of(folder: Path | None) -> Shelf:
    """The schemas of the operator's folder; none when there is no folder."""
    return load_schemas(folder) if folder and folder.is_dir() else NOTHING


def look_at_schema(content: bytes, source: str) -> Seen:
    """Read a document that a producer's address gave."""
    try:
        document = json.loads(content)
        found = read_schema(document, source)
    except UnreadableSchemaError as error:
        return Seen(refused=error.said.message, values=dict(error.said.values))
    except (ValueError, RecursionError):
        return Seen(refused="This file is not JSON that can be read.")
    return Seen(found[0].title, document)
