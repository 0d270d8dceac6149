"""What of a table is kept for whoever may read a part of it, and what was written of it."""

from dataclasses import dataclass
from typing import Any

from udi.tabular.columns.column import Bounds


@dataclass(frozen=True)
class TableExtract:
    """What of a table is kept: columns by rank, with their names; rows by a condition on the view `t` and its values.

    `places`: the rank of the geometry, where it is kept; `kinds` of places there are.
    """

    columns: tuple[tuple[int, str], ...]
    condition: str
    values: tuple[Any, ...] = ()
    places: int | None = None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExtractResult:
    """A part that was written: its rows, the digest of its content, the rectangle of its places."""

    rows: int
    digest: str
    bbox: Bounds | None = None
