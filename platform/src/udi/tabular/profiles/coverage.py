"""What a table says of where and when: for the description, from columns of codes, coordinates and dates."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import duckdb

from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.profiles.regularity import classify_gaps
from udi.tabular.sandbox.duckdb_sandbox import identifier, literal

MOST_CODES = 10
PLACES = {
    "communes": ColumnType.COMMUNE,
    "departments": ColumnType.DEPARTMENT,
    "postcodes": ColumnType.POSTCODE,
    "regions": ColumnType.REGION,
}
PERSONAL = ("naiss", "birth", "nele", "née", "dob")
EARLIEST = 1800
LATEST = 2100
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Coverage:
    """Where and when a table is about. `box` is west, south, east, north; codes come most frequent first."""

    box: Box | None = None
    communes: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    postcodes: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    regularity: str = ""
    """How often the days of that column follow one another (`regularity.GAPS`)."""

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        days = {"first_day": self.first_day, "last_day": self.last_day}
        return {
            **asdict(self),
            **{name: day.isoformat() if day else None for name, day in days.items()},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Coverage":
        """What `as_json` gave."""
        days: dict[str, Any] = {
            name: date.fromisoformat(value[name]) if value[name] else None
            for name in ("first_day", "last_day")
        }
        lists: dict[str, Any] = {name: tuple(value[name]) for name in PLACES}
        box = value["box"]
        return cls(
            box=(box[0], box[1], box[2], box[3]) if box else None,
            regularity=value.get("regularity", ""),
            **lists,
            **days,
        )


def compute_coverage(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[TypedColumn],
    *,
    box: Box | None = None,
) -> Coverage:
    """The coverage of the table that a connection shows as `table0` (`open_parquet_views`).

    `box` is that of its geometries, when the conversion knows it.
    """
    first, last, regularity = _period(connection, columns)
    return Coverage(
        regularity=regularity,
        box=box or _box(connection, columns),
        first_day=first,
        last_day=last,
        **{name: _codes(connection, columns, kind) for name, kind in PLACES.items()},
    )


def _first(columns: Sequence[TypedColumn], kind: ColumnType) -> str | None:
    return next(
        (identifier(column.name) for column in columns if column.type is kind),
        None,
    )


def _codes(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[TypedColumn],
    kind: ColumnType,
) -> tuple[str, ...]:
    name = _first(columns, kind)
    if not name:
        return ()
    rows = connection.execute(
        f"SELECT {name} FROM table0 WHERE nullif({name}, '') IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1"
        f" LIMIT {MOST_CODES}"
    ).fetchall()
    return tuple(code for (code,) in rows)


def _box(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[TypedColumn]
) -> Box | None:
    """Of nearly all points: one in a hundred on each side may be a slip, such as 0, 0."""
    latitude = _first(columns, ColumnType.LATITUDE)
    longitude = _first(columns, ColumnType.LONGITUDE)
    if not latitude or not longitude:
        point = _first(columns, ColumnType.POINT)
        if not point:
            return None
        numbers = f"regexp_extract_all({point}, {literal(r'[-+]?[0-9]+([.][0-9]+)?')})"
        latitude, longitude = (
            f"try_cast({numbers}[{place}] AS DOUBLE)" for place in (1, 2)
        )
    row = connection.execute(
        f"SELECT quantile_cont(x, [0.01, 0.99]), quantile_cont(y, [0.01, 0.99]) FROM"
        f" (SELECT {longitude} AS x, {latitude} AS y FROM table0)"
        " WHERE x BETWEEN -180 AND 180 AND y BETWEEN -90 AND 90 AND NOT (x = 0 AND y = 0)"
    ).fetchone()
    if not row or row[0] is None:
        return None
    (west, east), (south, north) = row
    return round(west, 5), round(south, 5), round(east, 5), round(north, 5)


def _period(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[TypedColumn]
) -> tuple[date | None, date | None, str]:
    """First and last day of the first column of dates, or of years, that is nobody's birthday, and their regularity."""
    for kind in (ColumnType.DATE, ColumnType.DATETIME, ColumnType.YEAR):
        for column in columns:
            if column.type is not kind or any(
                word in column.name.lower().replace(" ", "") for word in PERSONAL
            ):
                continue
            name = identifier(column.name)
            days = name if kind is ColumnType.YEAR else f"CAST({name} AS DATE)"
            year = name if kind is ColumnType.YEAR else f"year({name})"
            within = f"{year} BETWEEN {EARLIEST} AND {LATEST}"
            first, last = connection.execute(
                f"SELECT min({days}), max({days}) FROM table0 WHERE {within}"
            ).fetchone() or (
                None,
                None,
            )
            if first is not None:
                if kind is ColumnType.YEAR:
                    days = f"make_date({name}, 1, 1)"
                    first = date(first, 1, 1)
                    last = date(last, 12, 31)
                return first, last, _regularity(connection, days, within)
    return None, None, ""


def _regularity(connection: duckdb.DuckDBPyConnection, days: str, within: str) -> str:
    """How often the different days of a column follow one another."""
    gaps = connection.execute(
        f"SELECT gap, count(*) FROM (SELECT day - lag(day) OVER (ORDER BY day) AS gap FROM"
        f" (SELECT DISTINCT {days} AS day FROM table0 WHERE {within})) WHERE gap IS NOT NULL GROUP BY gap"
    )
    return classify_gaps(dict(gaps.fetchall()))
