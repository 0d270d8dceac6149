"""Write the table that may be published: columns dropped, masked, coded, made coarser, or rows counted."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

import duckdb
import shapely

from udi.kit.errors import field_error
from udi.tabular.columns.column import TypedColumn, places_name
from udi.tabular.personal.cells import open_table
from udi.tabular.personal.small_groups import (
    OF_PLACES,
    PLACE_TYPES,
    SMALLEST_GROUP,
)
from udi.tabular.personal.transformations import Change, transformation_of
from udi.tabular.personal.treatments import (
    PLACED,
    Treatment,
    TreatmentMethod,
    check_treatments,
)
from udi.tabular.personal.vocabulary import (
    ADDRESSES,
    DIGITAL_ADDRESSES,
    Header,
    words,
)
from udi.tabular.sandbox.duckdb_sandbox import identifier

PIECE = 10_000
MOST_GROUPS = 1_000_000
OTHERS = "*"
COUNT = "count"
COORDINATES = words("lat latitude lon lng long longitude coordonnees coordinates")
"""Words of columns of coordinates, which a map may give as plain numbers."""


@dataclass(frozen=True)
class TreatmentSummary:
    """What the new file holds and what changed: cells by column (all those filled, for a dropped one).

    `merged` rows are counted together under `*`, since fewer than five shared their details; `left_out` rows are counted nowhere.
    """

    columns: tuple[str, ...]
    rows: int
    changed: Mapping[str, int]
    dropped: tuple[str, ...] = ()
    merged: int = 0
    left_out: int = 0

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return {
            **asdict(self),
            "columns": list(self.columns),
            "dropped": list(self.dropped),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "TreatmentSummary":
        """What `as_json` gave."""
        return cls(
            **{
                **value,
                "columns": tuple(value["columns"]),
                "dropped": tuple(value["dropped"]),
            }
        )


@dataclass
class _RecordTreatment:
    """The columns that are read, what is done to each by its place, and how many cells changed."""

    names: list[str]
    changes: dict[int, Change]
    changed: Counter[str] = field(default_factory=Counter)

    def transform_record(self, record: Sequence[Any]) -> list[Any]:
        """A record as it will be published."""
        new_record = list(record)
        for place, change in self.changes.items():
            if new_record[place] is not None:
                old = _text(new_record[place])
                new_record[place] = change(old)
                self.changed[self.names[place]] += new_record[place] != old
        return new_record


def apply_treatments(
    parquet: Path,
    columns: Sequence[TypedColumn],
    treatments: Sequence[Treatment],
    target_csv: Path,
    key: bytes,
    *,
    has_own_places: bool,
) -> TreatmentSummary:
    """Write a new CSV (UTF-8, comma, dates as ISO) in which the treatments are done; the key is the dataset's own.

    The places of a map (`has_own_places`) are a column. It is dropped when another column that says where is treated and
    it is not; places that were made of other columns are never written. Both would give back what was taken from these.

    Memory does not depend on the number of rows, except for a count's groups.

    Raises:
        InvalidError: a treatment that cannot be done on this table.
        ValueError: the key is too short.
    """
    with (
        open_table(parquet) as table,
        target_csv.open("w", newline="", encoding="utf-8") as file,
    ):
        places = places_name(column.name for column in columns)
        geometries = has_own_places and any(
            row[0] == places for row in table.execute("DESCRIBE t").fetchall()
        )
        check_treatments(treatments, columns, geometries=geometries)
        names = [column.name for column in columns] + ([places] if geometries else [])
        by = _list_columns(treatments, TreatmentMethod.AGGREGATE)
        dropped = _list_columns(treatments, TreatmentMethod.DROP)
        if geometries and _reveal_treated_places(columns, treatments, places):
            dropped.append(places)
        work = _plan(
            [name for name in by or names if name not in dropped],
            treatments,
            key,
            places,
        )
        work.changed.update(_count_filled(table, dropped))
        records = (
            work.transform_record(record)
            for record in _records(table, work.names, places)
        )
        if by:
            done = _write_groups(file, work, records)
        else:
            done = _write(file, work, records)
    return replace(
        done,
        changed=dict(work.changed),
        dropped=tuple(sorted(set(names) - set(work.names))),
    )


def _list_columns(
    treatments: Sequence[Treatment], method: TreatmentMethod
) -> list[str]:
    """The columns that are treated with a method."""
    return [
        name
        for treatment in treatments
        if treatment.way is method
        for name in treatment.columns
    ]


def _reveal_treated_places(
    columns: Sequence[TypedColumn], treatments: Sequence[Treatment], places: str
) -> bool:
    """Whether a column that says where is treated, but not the places of the map."""
    treated = {
        name
        for treatment in treatments
        if treatment.way is not TreatmentMethod.AGGREGATE
        for name in treatment.columns
    }
    return places not in treated and any(
        column.name in treated and _says_where(column) for column in columns
    )


def _says_where(column: TypedColumn) -> bool:
    """Whether a column holds coordinates, codes or names of places, or addresses, which are no mailboxes."""
    if column.type in PLACED | PLACE_TYPES:
        return True
    header = Header(column.name)
    return header.has_any_word(OF_PLACES | COORDINATES) or (
        header.has_any_word(ADDRESSES) and not header.has_any_word(DIGITAL_ADDRESSES)
    )


def _plan(
    names: list[str], treatments: Sequence[Treatment], key: bytes, places: str
) -> _RecordTreatment:
    by_cell = [
        treatment
        for treatment in treatments
        if treatment.way not in {TreatmentMethod.AGGREGATE, TreatmentMethod.DROP}
    ]
    changes = {
        names.index(name): transformation_of(treatment, key)
        for treatment in by_cell
        for name in treatment.columns
        if name in names
    }
    if places in names:
        changes.setdefault(names.index(places), str)
    return _RecordTreatment(names, changes)


def _count_filled(
    table: duckdb.DuckDBPyConnection, names: Sequence[str]
) -> dict[str, int]:
    if not names:
        return {}
    counted = ", ".join(f"count({identifier(name)})" for name in names)
    return dict(
        zip(
            names,
            table.execute(f"SELECT {counted} FROM t").fetchone() or (),
            strict=False,
        )
    )


def _records(
    table: duckdb.DuckDBPyConnection, names: Sequence[str], places: str
) -> Iterator[Sequence[Any]]:
    expressions = ", ".join(
        identifier(name) if name == places else f"{identifier(name)}::VARCHAR"
        for name in names
    )
    cursor = table.execute(f"SELECT {expressions} FROM t")
    while piece := cursor.fetchmany(PIECE):
        yield from piece


def _text(value: object) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        shape = shapely.from_wkb(bytes(value), on_invalid="ignore")
        if shape is None:
            return ""
        return str(shapely.to_wkt(shape, rounding_precision=7))
    return str(value)


def _write(
    file: TextIO, work: _RecordTreatment, records: Iterator[list[Any]]
) -> TreatmentSummary:
    rows = 0
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(work.names)
    for rows, record in enumerate(records, start=1):  # noqa: B007 - the count is what is kept
        writer.writerow(record)
    return TreatmentSummary(tuple(work.names), rows, {})


def _write_groups(
    file: TextIO, work: _RecordTreatment, records: Iterator[list[Any]]
) -> TreatmentSummary:
    """Rows by group: those of small groups together under `*`, or nowhere when even together they are too few."""
    groups: Counter[tuple[str, ...]] = Counter()
    for record in records:
        groups[tuple(value or "" for value in record)] += 1
        if len(groups) > MOST_GROUPS:
            reason = "These columns make too many groups to count."
            raise field_error(
                work.names[0],
                reason,
                "Choose fewer columns, or make them coarser.",
            )
    small = sum(number for number in groups.values() if number < SMALLEST_GROUP)
    lines: list[tuple[tuple[str, ...], int]] = sorted(
        (group, number) for group, number in groups.items() if number >= SMALLEST_GROUP
    )
    if small >= SMALLEST_GROUP:
        lines.append((tuple(OTHERS for _ in work.names), small))
    count = next(
        name for name in (COUNT, "rows", "count_of_rows") if name not in work.names
    )
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*work.names, count])
    writer.writerows([*group, number] for group, number in lines)
    merged = small if small >= SMALLEST_GROUP else 0
    return TreatmentSummary(
        (*work.names, count), len(lines), {}, merged=merged, left_out=small - merged
    )
