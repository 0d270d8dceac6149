"""A small picture of what a column holds: shares of its values, or its spread."""

from collections.abc import Sequence
from dataclasses import dataclass

from udi.tabular.overviews.statistics import ColumnStatistics

MOST_SHARES = 5
MOST_BARS = 24
HEIGHT = 26
BAND = 12
BAND_TOP = 10
GAP = 0.6
SHADES = ("s0", "s1")


@dataclass(frozen=True)
class Bar:
    """A rectangle: shares of the width in percent, pixels of the height."""

    x: float
    width: float
    y: int
    height: int
    shade: str = ""


def draw_column(statistics: ColumnStatistics) -> tuple[Bar, ...]:
    """The bars of a column; none where a picture would say nothing."""
    if statistics.bins:
        return _spread([interval.rows for interval in statistics.bins])
    if statistics.months:
        return _spread(_merge([rows for _, rows in statistics.months]))
    if statistics.top and statistics.top[0][1] > 1:
        return _shares([rows for _, rows in statistics.top], statistics.filled)
    return ()


def _merge(counts: Sequence[int]) -> list[int]:
    """The same in at most so many bars, each of as many neighbours."""
    step = -(-len(counts) // MOST_BARS)
    return [sum(counts[start : start + step]) for start in range(0, len(counts), step)]


def _spread(counts: Sequence[int]) -> tuple[Bar, ...]:
    most = max(counts) or 1
    width = 100 / len(counts)
    bars = []
    for place, rows in enumerate(counts):
        if rows:
            height = max(round(HEIGHT * rows / most), 2)
            bars.append(
                Bar(
                    round(place * width, 2),
                    round(width * 0.8, 2),
                    HEIGHT - height,
                    height,
                )
            )
    return tuple(bars)


def _shares(counts: Sequence[int], filled: int) -> tuple[Bar, ...]:
    bars = []
    start = 0.0
    for place, rows in enumerate(counts[:MOST_SHARES]):
        share = 100 * rows / filled
        shade = SHADES[place % len(SHADES)]
        bars.append(_band(start, share, shade))
        start += share
    if start < 100 - GAP:
        bars.append(_band(start, 100 - start, "sx"))
    return tuple(bars)


def _band(start: float, share: float, shade: str) -> Bar:
    return Bar(round(start, 2), round(max(share - GAP, GAP), 2), BAND_TOP, BAND, shade)
