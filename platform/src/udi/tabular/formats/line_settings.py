"""Which lines of a file are what, as its producer settled it, and whether that holds for another file too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

SAME_NAMES = 0.8
"""Share of the names that must be on the settled lines of another file."""


@dataclass(frozen=True)
class LineSettings:
    """What a producer settled of the lines of a file; None means: as it is understood.

    `header` are the first and the last line of the names, `(0, 0)` without any; a last line of 0 means that the groups
    above the names are looked for. `units` is the line of the units, 0 without any. `first` is the line of the first
    row, 0 right below the names. `below` counts the lines with a value below the last row. `totals` is whether lines of
    totals are left out. `columns` are the names on the settled lines, empty for the file on which they were settled.
    """

    header: tuple[int, int] | None = None
    units: int | None = None
    first: int = 0
    below: int | None = None
    totals: bool = False
    columns: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return replace(self, columns=()) != NO_LINES

    @property
    def name_lines(self) -> int:
        """How many lines the names take; 0 where that is as it is understood."""
        first, last = self.header or (0, 0)
        return last - first + 1 if last else 0

    @property
    def places_rows(self) -> bool:
        """Whether it says where the rows begin."""
        return self.header is not None or self.units is not None or self.first > 0

    def for_next_file(self, columns: Sequence[str]) -> "LineSettings":
        """What holds for the next file, when the names in this one are these; nothing when it has none."""
        names = self.columns or tuple(columns)
        if not self or not names:
            return NO_LINES
        return replace(self, columns=names)

    def fits_names(self, names: Sequence[str]) -> bool:
        """Whether the names read from the settled lines are still those of the columns."""
        if not self.columns:
            return True
        common = set(self.columns) & set(names)
        return len(common) >= SAME_NAMES * len(set(self.columns))

    def as_json(self) -> dict[str, Any]:
        """For a JSON column; only what was settled."""
        whole = {
            "header": list(self.header) if self.header else None,
            "units": self.units,
            "first": self.first or None,
            "below": self.below,
            "totals": self.totals or None,
            "columns": list(self.columns) or None,
        }
        return {name: value for name, value in whole.items() if value is not None}

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> "LineSettings":
        """What `as_json` gave."""
        value = value or {}
        header = value.get("header")
        return cls(
            header=(int(header[0]), int(header[1])) if header else None,
            units=value.get("units"),
            first=int(value.get("first") or 0),
            below=value.get("below"),
            totals=bool(value.get("totals")),
            columns=tuple(map(str, value.get("columns") or ())),
        )


NO_LINES = LineSettings()
