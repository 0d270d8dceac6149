"""What `docs/reference/agreements.md` says that a node does, in plain Python: written from that page, not from the node.

Nothing of the program is imported here but the words of terms: a fault of the node is none of the model's.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.node.agreements.trial.sources import Cell, Kind, Row, Source, cell_text
from udi.protocol.terms import RowFilter, Terms

ALLOWED = "allowed"
GEOMETRY = "geometry"
STATUS = {
    "no_credential": 401,
    "unknown_credential": 401,
    "other_dataset": 403,
    "given_up": 403,
    "revoked": 403,
    "suspended": 403,
    "not_started": 403,
    "ended": 403,
    "credential_expired": 403,
    "other_purpose": 403,
    "other_columns": 403,
    "only_in_part": 403,
    "volume_spent": 403,
    "too_often": 429,
}
"""The status of each refusal, from the table «Refusals»."""
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}


@dataclass(frozen=True)
class Use:
    """A reading that was noted: how, with which result, how many bytes, when."""

    what: str
    outcome: str
    size: int
    moment: datetime


@dataclass
class Situation:
    """An agreement, how it stands as the node was told last, and what was read under it."""

    source: Source
    purpose: str
    terms: Terms
    starts_at: datetime
    ends_at: datetime
    secret: str
    """The one that the standing names; a replaced one opens nothing."""
    secret_ends_at: datetime
    state: str = "active"
    closes_at: datetime | None = None
    uses: list[Use] = field(default_factory=list)

    def size_of_month(self, moment: datetime) -> int:
        """Bytes given since the month of this moment began, in universal time."""
        month = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return sum(use.size for use in self.uses if use.moment >= month)

    def readings_of_minute(self, moment: datetime) -> int:
        """Readings let through since the minute of this moment began."""
        minute = moment.replace(second=0, microsecond=0)
        return sum(use.outcome == ALLOWED and use.moment >= minute for use in self.uses)


@dataclass(frozen=True)
class Reader:
    """Who reads, and what for: a machine with a secret, or a person whom the portal sent for this agreement."""

    secret: str = ""
    purpose: str = ""
    is_person: bool = False
    other_dataset: bool = False
    """The secret is a good one, of an agreement about another dataset."""


@dataclass(frozen=True)
class Record:
    """A row: its number in the table that is shown, the number that its place bears, its cells, its place."""

    number: int
    line: int
    cells: Row
    place: tuple[float, float] | None = None
    """Longitude and latitude."""


@dataclass(frozen=True)
class Table:
    """What is shown: columns in their order, rows in theirs."""

    columns: tuple[str, ...]
    records: tuple[Record, ...]

    @property
    def has_places(self) -> bool:
        """Whether some row has a place that may be seen."""
        return any(record.place is not None for record in self.records)

    def values(self, name: str) -> list[Cell]:
        """The cells of a column, from the first row to the last."""
        place = self.columns.index(name)
        return [record.cells[place] for record in self.records]


def refusal(situation: Situation, reader: Reader, moment: datetime) -> str:
    """The first thing that is wrong, in the order of the table; empty when the reading may begin."""
    if not reader.is_person:
        if not reader.secret:
            return "no_credential"
        if reader.other_dataset:
            return "other_dataset"
        if reader.secret != situation.secret:
            return "unknown_credential"
    return _standing_refusal(situation, reader, moment) or _limit_refusal(
        situation, moment
    )


def _standing_refusal(situation: Situation, reader: Reader, moment: datetime) -> str:
    """What the standing, the dates, the credential and the purpose say, the first first."""
    is_closed = situation.closes_at is not None and moment >= situation.closes_at
    is_machine = not reader.is_person
    refusals = {
        "given_up": situation.state == "given_up",
        "revoked": situation.state == "revoked" or is_closed,
        "suspended": situation.state == "suspended",
        "not_started": moment < situation.starts_at,
        "ended": moment > situation.ends_at,
        "credential_expired": is_machine and moment > situation.secret_ends_at,
        "other_purpose": is_machine and reader.purpose not in {"", situation.purpose},
    }
    return next((code for code, holds in refusals.items() if holds), "")


def _limit_refusal(situation: Situation, moment: datetime) -> str:
    if not fits(situation, 1, moment):
        return "volume_spent"
    pace = situation.terms.requests_a_minute
    if pace is not None and situation.readings_of_minute(moment) >= pace:
        return "too_often"
    return ""


def fits(situation: Situation, size: int, moment: datetime) -> bool:
    """Whether so many bytes more stay within the volume of the month."""
    limit = situation.terms.bytes_a_month
    return limit is None or situation.size_of_month(moment) + size <= limit


def again_at(situation: Situation, code: str, moment: datetime) -> datetime | None:
    """When time alone lets the reading through."""
    if code == "not_started":
        return situation.starts_at
    if code == "too_often":
        return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if code == "volume_spent":
        first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return (first + timedelta(days=32)).replace(day=1)
    return None


def whole_table(source: Source) -> Table:
    """Everything that a file holds; the numbers of its places are the lines of the file, below its header."""
    places: list[tuple[float, float] | None] = [None] * len(source.rows)
    if source.places is not None:
        latitude, longitude = source.places
        pairs = zip(source.values(longitude), source.values(latitude), strict=True)
        places = [_place(east, north) for east, north in pairs]
    records = zip(source.rows, places, strict=True)
    return Table(
        source.names,
        tuple(
            Record(rank + 1, rank + 2, cells, place)
            for rank, (cells, place) in enumerate(records)
        ),
    )


def _place(east: Cell, north: Cell) -> tuple[float, float] | None:
    if isinstance(east, Decimal) and isinstance(north, Decimal):
        return float(east), float(north)
    return None


def is_whole(terms: Terms) -> bool:
    """Whether the terms open every column and every row."""
    return not terms.columns and not terms.rows


def visible_table(source: Source, terms: Terms) -> Table | None:
    """The part that the terms open, a table of its own; None where the table has not what they name."""
    whole = whole_table(source)
    if is_whole(terms):
        return whole
    visible_names = tuple(
        name for name in source.names if not terms.columns or name in terms.columns
    )
    absent = set(terms.columns) - {*source.names, GEOMETRY}
    if (
        absent
        or not visible_names
        or not all(_is_answerable(source, condition) for condition in terms.rows)
    ):
        return None
    opens_places = not terms.columns or GEOMETRY in terms.columns
    matching_records = [
        record for record in whole.records if _passes(source, record.cells, terms)
    ]
    records = tuple(
        Record(
            number,
            number,
            _choose(record.cells, source.names, visible_names),
            record.place if opens_places else None,
        )
        for number, record in enumerate(matching_records, 1)
    )
    return Table(visible_names, records)


def _choose(cells: Row, names: tuple[str, ...], chosen: tuple[str, ...]) -> Row:
    return tuple(cells[names.index(name)] for name in chosen)


def _is_answerable(source: Source, condition: RowFilter) -> bool:
    """Whether the table has the column, and the values are of its kind."""
    if condition.column not in source.names:
        return False
    kind = source.kind(condition.column)
    return all(_value(text, kind) is not None for text in condition.values)


def _value(text: str, kind: Kind) -> Cell:
    """A value of a filter as a cell of its column; None where it is none."""
    try:
        if kind is Kind.NUMBER:
            return Decimal(text)
        if kind is Kind.DATE:
            return date.fromisoformat(text)
    except (ArithmeticError, ValueError):
        return None
    if kind is Kind.BOOLEAN:
        return {"true": True, "false": False}.get(text)
    return text


def _passes(source: Source, row: Row, terms: Terms) -> bool:
    """Whether every filter holds; an empty cell meets none."""
    return all(_holds(source, row, condition) for condition in terms.rows)


def _holds(source: Source, row: Row, condition: RowFilter) -> bool:
    cell = row[source.names.index(condition.column)]
    if cell is None:
        return False
    values = [_value(text, source.kind(condition.column)) for text in condition.values]
    if condition.operator == "isAnyOf":
        return cell in values
    if condition.operator == "isNoneOf":
        return cell not in values
    return COMPARISONS[condition.operator](cell, values[0])


@dataclass(frozen=True)
class Question:
    """What is asked of the rows: which columns, of which rows, in which order; or groups, or sums."""

    columns: tuple[str, ...] = ()
    equal: tuple[str, str] | None = None
    sort: tuple[str, bool] | None = None
    """A column, and whether the greatest comes first."""
    group: str = ""
    total: str = ""

    @property
    def used(self) -> set[str]:
        """Every column that it names."""
        named = {*self.columns, self.group, self.total} - {""}
        if self.equal is not None:
            named.add(self.equal[0])
        if self.sort is not None:
            named.add(self.sort[0])
        return named


def select(table: Table, question: Question) -> Table:
    """The rows that a question leaves of a table all of whose columns it names are shown."""
    records = list(table.records)
    if question.equal is not None:
        name, text = question.equal
        place = table.columns.index(name)
        records = [
            record for record in records if cell_text(record.cells[place]) == text
        ]
    if question.sort is not None:
        name, descending = question.sort
        records = _sorted(records, table.columns.index(name), descending=descending)
    columns = tuple(dict.fromkeys(question.columns)) or table.columns
    return Table(
        columns,
        tuple(
            replace(record, cells=_choose(record.cells, table.columns, columns))
            for record in records
        ),
    )


def _sorted(records: list[Record], place: int, *, descending: bool) -> list[Record]:
    """Empty cells are the greatest; equal rows stay in the order of the file."""
    empty = [record for record in records if record.cells[place] is None]
    full = [record for record in records if record.cells[place] is not None]
    full.sort(key=lambda record: _order(record.cells[place]), reverse=descending)
    if descending:
        return [*empty, *full]
    return [*full, *empty]


def _order(cell: Any) -> Any:
    """A cell as it is compared with others of its column."""
    return cell


def group(table: Table, question: Question) -> list[dict[str, Cell]]:
    """The sum of a column and its cells that are full, of each value of another; the empty value comes last."""
    records = list(table.records)
    if not question.group:
        return [_sum(table, records, question.total)]
    place = table.columns.index(question.group)
    values = sorted(
        {record.cells[place] for record in records if record.cells[place] is not None},
        key=_order,
    )
    groups: list[dict[str, Cell]] = []
    for value in [*values, None]:
        same = [record for record in records if record.cells[place] == value]
        if same:
            groups.append({question.group: value, **_sum(table, same, question.total)})
    return groups


def _sum(table: Table, records: list[Record], name: str) -> dict[str, Cell]:
    place = table.columns.index(name)
    numbers = [
        record.cells[place] for record in records if record.cells[place] is not None
    ]
    total = sum(numbers, Decimal()) if numbers else None  # type: ignore[arg-type]  # the column is one of numbers
    return {f"{name}__sum": total, f"{name}__count": Decimal(len(numbers))}
