"""What someone understood of terms that were read aloud, and what they would let through: no machine's words in it."""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tests.protocol.drawn import Cell, DrawnReading, Table

Compared = tuple[str, str, tuple[str, ...]]
"""Column, sign, values: `=`, `≠`, `<`, `≤`, `>`, `≥`, `∈`, `∉`."""
SIGNS: dict[str, Callable[[object, object], bool]] = {
    "<": operator.lt,  # type: ignore[dict-item]  # of values of one type
    "≤": operator.le,  # type: ignore[dict-item]  # of values of one type
    ">": operator.gt,  # type: ignore[dict-item]  # of values of one type
    "≥": operator.ge,  # type: ignore[dict-item]  # of values of one type
}


@dataclass
class UnderstoodTerms:
    """The facts of a text; None where it said that there is no limit."""

    subjects: set[str] = field(default_factory=set)
    """Which subjects were spoken of."""
    requesters: list[str] = field(default_factory=list)
    answer_days: int | None = None
    renewals: int | None = None
    purposes: list[str] = field(default_factory=list)
    columns: list[str] | None = None
    rows: list[Compared] = field(default_factory=list)
    bytes_a_month: int | None = None
    readings_a_minute: int | None = None
    forbidden: list[str] = field(default_factory=list)
    measures: list[str] = field(default_factory=list)
    attribution: str = ""
    general_interest: bool = False
    months: int | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    dataset: str = ""
    project: str = ""
    provider: tuple[str, str] = ("", "")
    requester: tuple[str, str] = ("", "")
    page: str = ""

    def say(self, subject: str) -> None:
        """Nothing is said twice."""
        assert subject not in self.subjects, f"said twice: {subject}"
        self.subjects.add(subject)


def cell_holds(cell: Cell, sign: str, values: tuple[str, ...]) -> bool:
    if cell is None:
        return False
    others: list[Cell] = [
        Decimal(value) if isinstance(cell, Decimal) else value for value in values
    ]
    if sign in SIGNS:
        return SIGNS[sign](cell, others[0])
    return (cell in others) == (sign in "=∈")


def lets_through(
    understood: UnderstoodTerms, reading: DrawnReading, table: Table
) -> tuple[object, ...]:
    """The verdict of whoever heard it: refused, or the columns and the rows that are given."""
    narrowed = understood.columns is not None or bool(understood.rows)
    refused = (
        understood.dataset != reading.title
        or (
            reading.purpose is not None
            and str(reading.purpose) not in understood.purposes
        )
        or (
            understood.columns is not None
            and any(name not in understood.columns for name in reading.columns or ())
        )
        or (reading.as_file and narrowed)
        or (understood.starts is not None and reading.moment < understood.starts)
        or (understood.ends is not None and reading.moment > understood.ends)
        or (
            understood.bytes_a_month is not None
            and reading.bytes_before + max(reading.size, 1) > understood.bytes_a_month
        )
        or (
            understood.readings_a_minute is not None
            and reading.readings_before + 1 > understood.readings_a_minute
        )
    )
    if refused:
        return (False,)
    return True, *given(understood.columns, understood.rows, table)


def given(
    columns: list[str] | None, rows: list[Compared], table: Table
) -> tuple[frozenset[str], tuple[bool, ...]]:
    """The columns of the table that are given, and for each of its rows whether it is."""
    visible_columns = frozenset(
        name for name in table.numeric if columns is None or name in columns
    )
    return visible_columns, tuple(
        all(cell_holds(row[column], sign, values) for column, sign, values in rows)
        for row in table.rows
    )
