"""A schema of a table, whichever language it was written in: Table Schema (Frictionless 1 and 2) or JSON Schema."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from udi.tabular.messages.messages import TranslatableMessage

MOST_NAMES = 4096
"""Names of columns that are kept as they were folded: those of the models are compared with each table."""


class FieldType(StrEnum):
    """Types of Table Schema; those of JSON Schema are among them."""

    ANY = "any"
    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    YEAR = "year"
    YEARMONTH = "yearmonth"
    DURATION = "duration"
    GEOPOINT = "geopoint"
    GEOJSON = "geojson"
    ARRAY = "array"
    LIST = "list"
    OBJECT = "object"


NUMERIC = frozenset({FieldType.INTEGER, FieldType.NUMBER, FieldType.YEAR})
BOUNDS = {
    "minimum": "<",
    "maximum": ">",
    "exclusiveMinimum": "<=",
    "exclusiveMaximum": ">=",
}
"""Constraints on the size of a value, with what breaks them."""
TRUE = ("true", "True", "TRUE", "1")
FALSE = ("false", "False", "FALSE", "0")


class UnreadableSchemaError(Exception):
    """A file is no schema of a table; `said` tells the operator why."""

    def __init__(self, sentence: TranslatableMessage) -> None:
        super().__init__(sentence.translate(str))
        self.sentence = sentence


@dataclass(frozen=True)
class SchemaField:
    """One column as it should be. `bounds` are by the names of `BOUNDS`; `anywhere`: the pattern may match a part."""

    name: str
    type: FieldType = FieldType.ANY
    format: str = "default"
    title: str = ""
    example: str = ""
    required: bool = False
    unique: bool = False
    pattern: str = ""
    anywhere: bool = False
    enum: tuple[str, ...] = ()
    bounds: Mapping[str, str] = field(default_factory=dict)
    shortest: int | None = None
    longest: int | None = None
    true_values: tuple[str, ...] = TRUE
    false_values: tuple[str, ...] = FALSE
    decimal_mark: str = "."
    group_mark: str = ""
    bare: bool = True
    missing: tuple[str, ...] | None = None
    delimiter: str = ","
    item: "SchemaField | None" = None


@dataclass(frozen=True)
class ForeignKey:
    """Columns whose values must stand in columns of another table of the package (empty: of the same)."""

    fields: tuple[str, ...]
    table: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class RowCheck:
    """A rule that looks at several columns of a row, or at the digits of one: an entry of `custom_checks`."""

    kind: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TableSchema:
    """A table as it should be. `source` is the name of its file in the operator's folder; `doubts`, what was not understood."""

    name: str
    title: str
    fields: tuple[SchemaField, ...]
    source: str
    version: str = ""
    address: str = ""
    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    row_checks: tuple[RowCheck, ...] = ()
    missing: tuple[str, ...] = ("",)
    package: str = ""
    doubts: tuple[TranslatableMessage, ...] = ()
    is_json: bool = False
    """Whether it describes records of JSON."""

    @property
    def required(self) -> tuple[str, ...]:
        """Columns that a file must have and fill."""
        return tuple(field.name for field in self.fields if field.required)


@lru_cache(MOST_NAMES)
def fold_name(name: str) -> str:
    """A column's name without what hands write differently: accents, case, spaces, underscores, hyphens."""
    plain = (
        unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    )
    return re.sub(r"[^0-9a-z]+", "", plain) or name.strip().lower()
