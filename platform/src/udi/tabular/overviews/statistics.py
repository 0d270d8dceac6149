"""What the columns of a typed table hold, in figures: two passes of DuckDB whatever the size, in little memory.

The most frequent values are cells of the file: give only the columns that may be shown.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.sandbox.duckdb_sandbox import Connection, connect, identifier

BINS = 12
TOP = 10
MOST_MONTHS = 1200
LONGEST_VALUE = 80
TOGETHER = 40
FEW = 30
NUMBERS = {
    ColumnType.INTEGER,
    ColumnType.NUMBER,
    ColumnType.YEAR,
    ColumnType.LATITUDE,
    ColumnType.LONGITUDE,
}
DAYS = {ColumnType.DATE, ColumnType.DATETIME}
LARGEST = 1e300
ALMOST = 0.999999
Scalar = str | int | float | bool


@dataclass(frozen=True)
class Bin:
    """Rows from `low` to `high`, which is the next one's."""

    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class ColumnStatistics:
    """One column. `distinct` is near (within 2 %) beyond some thousands; days are written as ISO 8601.

    `top` are the most frequent values with their rows, `months` the rows by month (`2024-05`), or by year when the
    table covers more than a century.
    """

    name: str
    type: ColumnType
    rows: int
    filled: int
    distinct: int
    least: Scalar | None = None
    greatest: Scalar | None = None
    mean: float | None = None
    median: float | None = None
    top: tuple[tuple[Scalar, int], ...] = ()
    bins: tuple[Bin, ...] = ()
    months: tuple[tuple[str, int], ...] = ()

    @property
    def share_filled(self) -> float:
        if self.rows:
            return self.filled / self.rows
        return 0.0


def describe_columns(
    parquet: Path, columns: Sequence[TypedColumn]
) -> list[ColumnStatistics]:
    """Figures of each column, in their order."""
    described: list[ColumnStatistics] = []
    with connect(parquet) as connection:
        for start in range(0, len(columns), TOGETHER):
            described += _describe(
                connection, parquet, columns[start : start + TOGETHER]
            )
    return described


def _describe(
    connection: Connection, parquet: Path, columns: Sequence[TypedColumn]
) -> Iterator[ColumnStatistics]:
    measures = [sql for column in columns for sql in _first_pass(column)]
    row = connection.execute(
        f"SELECT count(*), {', '.join(measures)} FROM read_parquet(?)", [str(parquet)]
    ).fetchone()
    rows = (row or (0,))[0]
    values = iter((row or (0,))[1:])
    first = [[next(values) for _ in _first_pass(column)] for column in columns]
    details = [
        _second_pass(column, measured)
        for column, measured in zip(columns, first, strict=True)
    ]
    expressions = [sql for sql, _ in details if sql]
    bound = [value for _, parameters in details for value in parameters]
    again: Any = iter(())
    if expressions:
        again = iter(
            connection.execute(
                f"SELECT {', '.join(expressions)} FROM read_parquet(?)",
                [*bound, str(parquet)],
            ).fetchone()
            or ()
        )
    for column, measured, (sql, _) in zip(columns, first, details, strict=True):
        yield _statistics(column, rows, measured, next(again) if sql else None)


def _first_pass(column: TypedColumn) -> tuple[str, ...]:
    name = identifier(column.name)
    common = (f"count({name})", f"approx_count_distinct({name})")
    if column.type in NUMBERS:
        return (
            *common,
            f"min({name})",
            f"max({name})",
            f"avg({name})",
            f"approx_quantile({name}, 0.5)",
        )
    if column.type in DAYS or column.type is ColumnType.TIME:
        return (*common, f"min({name})", f"max({name})")
    if column.type is ColumnType.BOOLEAN:
        return common
    return (*common, f"approx_top_k(left({name}, {LONGEST_VALUE}), {TOP})")


def _second_pass(column: TypedColumn, measured: Sequence[Any]) -> tuple[str, list[Any]]:
    """The SQL of a map from what is counted to its rows, with its values; empty for nothing to count."""
    name = identifier(column.name)
    (filled, distinct, *more) = measured
    if not filled:
        return "", []
    if column.type in NUMBERS:
        return _number_counts(name, distinct, *more[:2])
    if column.type in DAYS:
        return f"histogram(strftime({name}, '{_period_format(*more)}'))", []
    if column.type is ColumnType.BOOLEAN:
        return f"histogram({name})", []
    if column.type is ColumnType.TIME:
        return "", []
    prefix = f"left({name}, {LONGEST_VALUE})"
    return (
        f"histogram(CASE WHEN list_contains(?::VARCHAR[], {prefix}) THEN {prefix} END)",
        [more[0]],
    )


def _period_format(first: date, last: date) -> str:
    months = (last.year - first.year) * 12 + last.month - first.month
    if months <= MOST_MONTHS:
        return "%Y-%m"
    return "%Y"


def _number_counts(
    name: str, distinct: int, least: float, greatest: float
) -> tuple[str, list[Any]]:
    if distinct <= FEW:
        return f"histogram({name})", []
    if (binning := _choose_bins(least, greatest)) is None:
        return "", []
    return (
        f"histogram(CASE WHEN isfinite({name}::DOUBLE) THEN floor(({name} - ?::DOUBLE) / ?::DOUBLE)::INTEGER END)",
        list(binning),
    )


def _choose_bins(least: float, greatest: float) -> tuple[float, float] | None:
    """Where the first bin begins and how wide each is: 1, 2 or 5 times a power of ten, about twelve for the range."""
    if not 0 < greatest - least < LARGEST:
        return None
    ideal_width = (greatest - least) / BINS
    power = 10.0 ** math.floor(math.log10(ideal_width))
    width = next(
        step * power for step in (1, 2, 5, 10) if step * power >= ideal_width * ALMOST
    )
    return math.floor(least / width) * width, width


def _statistics(
    column: TypedColumn, rows: int, measured: Sequence[Any], counted: Any
) -> ColumnStatistics:
    filled, distinct, *more = measured
    counts: dict[Any, int] = {
        key: value for key, value in (counted or {}).items() if key is not None
    }
    common: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "rows": rows,
        "filled": filled,
    }
    common["distinct"] = min(distinct, filled)
    if not filled:
        return ColumnStatistics(**common)
    if column.type in NUMBERS:
        least, greatest, mean, median = map(_finite, more)
        limits: dict[str, Any] = {
            "least": least,
            "greatest": greatest,
            "mean": mean,
            "median": median,
        }
        if distinct <= FEW:
            return ColumnStatistics(
                **(common | limits | {"distinct": len(counts)}), top=_top(counts)
            )
        return ColumnStatistics(
            **common, **limits, bins=_bins(more[0], more[1], counts)
        )
    if column.type in DAYS:
        first, last = (value.isoformat() for value in more)
        return ColumnStatistics(
            **common, least=first, greatest=last, months=tuple(sorted(counts.items()))
        )
    if column.type is ColumnType.TIME:
        first, last = (value.isoformat() for value in more)
        return ColumnStatistics(**common, least=first, greatest=last)
    return ColumnStatistics(**common, top=_top(counts))


def _top(counts: dict[Any, int]) -> tuple[tuple[Scalar, int], ...]:
    return tuple(
        sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))[:TOP]
    )


def _bins(least: float, greatest: float, counts: dict[int, int]) -> tuple[Bin, ...]:
    binning = _choose_bins(least, greatest)
    if binning is None or not counts:
        return ()
    start, width = binning
    places = range(min(counts), max(counts) + 1)
    return tuple(
        Bin(
            _clean(start + at * width),
            _clean(start + (at + 1) * width),
            counts.get(at, 0),
        )
        for at in places
    )


def _clean(value: float) -> float:
    """Without the dust of binary fractions: 0.30000000000000004 is 0.3."""
    return float(f"{value:.12g}")


def _finite(value: Scalar | None) -> Scalar | None:
    if value is not None and math.isfinite(float(value)):
        return value
    return None
