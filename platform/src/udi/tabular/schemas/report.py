"""What a check against a schema found. It holds values of cells: for the producer's eyes, on the node alone."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

MOST_ERRORS = 1000
LONGEST_VALUE = 200


@dataclass(frozen=True)
class SchemaCellError:
    """One cell: `line` of the producer's file, what is wrong (`kind`), what it says, what it should be."""

    line: int
    column: str
    kind: str
    value: str
    expected: str = ""


@dataclass(frozen=True)
class ColumnFault:
    """One column of the file or of the schema: `missing`, `optional` (missing too), `extra`, `renamed` or `order`.

    Only `missing` makes a file wrong. `other` is the schema's name of a renamed column.
    """

    kind: str
    column: str
    other: str = ""

    @property
    def is_error(self) -> bool:
        return self.kind == "missing"


@dataclass(frozen=True)
class SchemaErrorCount:
    """How many cells of a column are wrong in one way."""

    column: str
    kind: str
    cells: int


@dataclass(frozen=True)
class SchemaReport:
    """A whole check. `errors` are the first in the order of the file; `unchecked` names (column, constraint) left out."""

    schema: str
    title: str
    version: str
    rows: int
    columns: tuple[ColumnFault, ...]
    counts: tuple[SchemaErrorCount, ...]
    errors: tuple[SchemaCellError, ...]
    unchecked: tuple[tuple[str, str], ...] = ()

    @property
    def wrong_cells(self) -> int:
        """All of them, beyond those listed."""
        return sum(count.cells for count in self.counts)

    @property
    def is_right(self) -> bool:
        """Whether the file does what the schema asks."""
        return not self.wrong_cells and not any(
            fault.is_error for fault in self.columns
        )

    def as_json(self) -> dict[str, Any]:
        """For a JSON file of the node."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "SchemaReport":
        """What `as_json` gave."""
        parts = {
            "columns": tuple(ColumnFault(**fault) for fault in value["columns"]),
            "counts": tuple(SchemaErrorCount(**count) for count in value["counts"]),
            "errors": tuple(SchemaCellError(**error) for error in value["errors"]),
            "unchecked": tuple((column, kind) for column, kind in value["unchecked"]),
        }
        return cls(**{**value, **parts})
