"""Latitudes and longitudes that stand under the name of the other."""

from collections.abc import Iterable, Sequence

from udi.tabular.columns.column import Bounds, ColumnType, TypedColumn
from udi.tabular.columns.value_patterns import is_null
from udi.tabular.messages.notes import Note

EXCHANGED: Bounds = (41.0, -5.5, 51.5, 10.0)
"""Mainland France with its latitudes first: west, south, east, north as such a file says them."""
FEWEST_PLACES = 3


def find_exchanged_coordinates(
    columns: Sequence[TypedColumn], values: Sequence[Iterable[str]]
) -> tuple[Note, ...]:
    """A note when all places are east of Africa, as those of France whose coordinates were exchanged."""
    by_type = {
        column.type: (column, column_values)
        for column, column_values in zip(columns, values, strict=True)
    }
    if not {ColumnType.LATITUDE, ColumnType.LONGITUDE} <= by_type.keys():
        return ()
    latitude, latitudes = by_type[ColumnType.LATITUDE]
    longitude, longitudes = by_type[ColumnType.LONGITUDE]
    west, south, east, north = EXCHANGED
    if _are_within(longitudes, west, east) and _are_within(latitudes, south, north):
        other = {"other": longitude.name}
        return (Note("swapped_coordinates", latitude.name, other),)
    return ()


def _are_within(values: Iterable[str], low: float, high: float) -> bool:
    numbers = [_number(value) for value in values if not is_null(value)]
    return len(numbers) >= FEWEST_PLACES and all(
        number is not None and low <= number <= high for number in numbers
    )


def _number(value: str) -> float | None:
    try:
        return float(value.strip().replace(",", "."))
    except ValueError:
        return None
