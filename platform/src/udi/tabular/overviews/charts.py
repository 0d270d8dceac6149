"""One chart of a table, as SVG whose text keeps its size: widths are shares of the page, heights are pixels.

No word is drawn but values of the file and dates; the title and the description belong to the template around it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from html import escape

from babel.dates import format_date
from babel.numbers import format_compact_decimal, format_decimal

from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.overviews.statistics import ColumnStatistics, Scalar
from udi.ui.formats import display_figure, find_locale

YES_AND_NO = {"fr": ("non", "oui"), "en": ("no", "yes"), "es": ("no", "sí")}
"""The words of a cell that is false or true, by language."""
FEWEST_MONTHS = 3
MOST_BARS = 30
MOST_PERIODS = 120
LONGEST_LABEL = 32
MOST_KINDS = 200
PLOT_LEFT = 11.0
PLOT_TOP = 22
PLOT_HEIGHT = 176
HEIGHT = 236
"""Share on the left for the figures, then pixels."""
ROW = 46
BAR = 14
NOT_DRAWN = {
    ColumnType.LATITUDE,
    ColumnType.LONGITUDE,
    ColumnType.POINT,
    ColumnType.JSON,
}
BIRTHS = ("naiss", "birth")


class ChartKind(StrEnum):
    """What is drawn: rows by category, rows by month or year, numbers in bins."""

    BARS = "bars"
    TIME = "time"
    HISTOGRAM = "histogram"


@dataclass(frozen=True)
class Chart:
    """What to draw of one column: labels and rows; for a histogram the label is where the bin begins and `last` where
    the last one ends. `others` are rows in none of the categories shown.
    """

    kind: ChartKind
    column: str
    points: tuple[tuple[Scalar, int], ...]
    others: int = 0
    last: float = 0.0


@dataclass(frozen=True)
class ChartDrawing:
    """The inside of an `<svg>` as wide as its place and so many pixels high; safe to put in a page as it is."""

    body: str
    height: int


def choose_chart(
    columns: Sequence[TypedColumn], statistics: Sequence[ColumnStatistics]
) -> Chart | None:
    """The chart that says most: rows in time, else by category, else the spread of a number; None without any."""
    column_names = {column.name for column in columns}
    summaries = [
        summary
        for summary in statistics
        if summary.name in column_names and summary.filled
    ]
    for choose in (_time_chart, _bar_chart, _histogram):
        for summary in summaries:
            if (chart := choose(summary)) is not None:
                return chart
    return None


def _time_chart(summary: ColumnStatistics) -> Chart | None:
    if any(word in summary.name.lower() for word in BIRTHS):
        return None
    if summary.months and len(summary.months) >= FEWEST_MONTHS:
        counts = dict(summary.months)
        periods = _periods(summary.months[0][0], summary.months[-1][0])
        if len(periods) > MOST_PERIODS:
            counts, periods = _by_year(summary.months)
        return Chart(
            ChartKind.TIME,
            summary.name,
            tuple((period, counts.get(period, 0)) for period in periods),
        )
    if (
        summary.type is ColumnType.YEAR
        and FEWEST_MONTHS <= len(summary.top) == summary.distinct
    ):
        return Chart(
            ChartKind.TIME,
            summary.name,
            tuple(sorted((str(year), rows) for year, rows in summary.top)),
        )
    return None


def _periods(first: str, last: str) -> list[str]:
    """Every month (`2024-05`) or year (`2024`) between two, both included."""
    if "-" not in first:
        return [f"{year:04}" for year in range(int(first), int(last) + 1)]
    start, end = (int(text[:-3]) * 12 + int(text[-2:]) - 1 for text in (first, last))
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(start, end + 1)]


def _by_year(months: Sequence[tuple[str, int]]) -> tuple[dict[str, int], list[str]]:
    counts: dict[str, int] = {}
    for month, rows in months:
        counts[month[:4]] = counts.get(month[:4], 0) + rows
    return counts, _periods(months[0][0][:4], months[-1][0][:4])[-MOST_PERIODS:]


def _bar_chart(summary: ColumnStatistics) -> Chart | None:
    repeated = summary.distinct <= min(MOST_KINDS, summary.filled / 2)
    worded = (
        summary.type not in NOT_DRAWN
        and not summary.bins
        and summary.type is not ColumnType.NUMBER
    )
    if len(summary.top) < 2 or not (repeated and worded):  # noqa: PLR2004 - one bar compares nothing
        return None
    top_rows = sum(rows for _, rows in summary.top)
    return Chart(
        ChartKind.BARS, summary.name, summary.top, others=summary.filled - top_rows
    )


def _histogram(summary: ColumnStatistics) -> Chart | None:
    numbers_rows = (
        summary.type is ColumnType.INTEGER
        and summary.distinct >= summary.filled * 0.9
        and summary.least in {0, 1}
    )
    if summary.type in NOT_DRAWN or len(summary.bins) < FEWEST_MONTHS or numbers_rows:
        return None
    points = tuple((interval.low, interval.rows) for interval in summary.bins)
    return Chart(ChartKind.HISTOGRAM, summary.name, points, last=summary.bins[-1].high)


def point_label(chart: Chart, place: int, locale: str) -> str:
    """What one point of a chart is, in the reader's language."""
    value = chart.points[place][0]
    if chart.kind is ChartKind.HISTOGRAM:
        if place + 1 < len(chart.points):
            end = chart.points[place + 1][0]
        else:
            end = chart.last
        return f"{_number(value, locale)} – {_number(end, locale)}"
    if chart.kind is ChartKind.TIME:
        return _period(str(value), locale)
    return _value(value, locale)


def table_of(chart: Chart, locale: str) -> list[tuple[str, int]]:
    """The figures of a chart, as the table beside it says them."""
    return [
        (point_label(chart, place, locale), rows)
        for place, (_, rows) in enumerate(chart.points)
    ]


def _value(value: Scalar, locale: str) -> str:
    if isinstance(value, bool):
        return YES_AND_NO.get(locale, YES_AND_NO["en"])[value]
    if isinstance(value, float):
        return _number(value, locale)
    return str(value)


def _period(value: str, locale: str) -> str:
    if "-" not in value:
        return value
    return str(
        format_date(
            date(int(value[:-3]), int(value[-2:]), 1),
            "MMM y",
            locale=find_locale(locale),
        )
    )


def _number(value: Scalar, locale: str) -> str:
    if isinstance(value, float):
        return display_figure(float(value), locale)
    return str(format_decimal(value, locale=find_locale(locale)))


def draw_chart(chart: Chart, locale: str) -> ChartDrawing:
    """Bars with their labels above, or columns (a line beyond thirty points) over an axis."""
    if chart.kind is ChartKind.BARS:
        return ChartDrawing("".join(_bars(chart, locale)), ROW * len(chart.points))
    values = [rows for _, rows in chart.points]
    top = _round_up(max(values))
    if len(values) <= MOST_BARS:
        plot = _columns(values, top, chart.kind)
    else:
        plot = _trend(values, top)
    return ChartDrawing(
        "".join([*_axis(top, locale), *plot, *_axis_labels(chart, locale)]), HEIGHT
    )


def _bars(chart: Chart, locale: str) -> Iterator[str]:
    longest = max(rows for _, rows in chart.points) or 1
    for place, (_, rows) in enumerate(chart.points):
        name = point_label(chart, place, locale)
        if len(name) <= LONGEST_LABEL:
            short_name = name
        else:
            short_name = name[: LONGEST_LABEL - 1].rstrip() + "…"
        top = place * ROW
        yield f'<text class="label" x="0" y="{top + 16}">{escape(short_name) or "–"}</text>'
        yield f'<text x="100%" y="{top + 16}" text-anchor="end">{_number(rows, locale)}</text>'
        yield f'<rect class="rail" width="100%" y="{top + 23}" height="{BAR}" rx="2"/>'
        yield f'<rect class="bar" width="{100 * rows / longest:.1f}%" y="{top + 23}" height="{BAR}" rx="2"/>'


def _round_up(value: int) -> int:
    """The next number that three lines cut well."""
    power: int = 10 ** max(0, math.floor(math.log10(max(value, 1))) - 1)
    return next(
        step * power
        for step in (3, 6, 9, 12, 15, 18, 24, 30, 45, 60, 75, 90, 120)
        if step * power >= value
    )


def _axis(top: int, locale: str) -> Iterator[str]:
    for third in range(4):
        y = PLOT_TOP + PLOT_HEIGHT - PLOT_HEIGHT * third / 3
        tick_label = format_compact_decimal(
            top * third / 3, fraction_digits=1, locale=find_locale(locale)
        )
        yield f'<line class="axis" x1="{PLOT_LEFT}%" x2="100%" y1="{y:.0f}" y2="{y:.0f}"/>'
        yield f'<text x="0" y="{y + 5:.0f}">{escape(str(tick_label))}</text>'


def _columns(values: Sequence[int], top: int, kind: ChartKind) -> Iterator[str]:
    slot_width = (100 - PLOT_LEFT) / len(values)
    width = slot_width * (0.94 if kind is ChartKind.HISTOGRAM else 0.68)
    for place, rows in enumerate(values):
        height = PLOT_HEIGHT * rows / top
        if rows:
            x = PLOT_LEFT + slot_width * place + (slot_width - width) / 2
            y = PLOT_TOP + PLOT_HEIGHT - max(height, 1)
            yield (
                f'<rect class="bar" x="{x:.2f}%" width="{width:.2f}%" y="{y:.1f}" height="{max(height, 1):.1f}" rx="2"/>'
            )


def _trend(values: Sequence[int], top: int) -> Iterator[str]:
    """A line over its surface, stretched to the width without thickening."""
    step = 1000 / (len(values) - 1)
    heights = [PLOT_HEIGHT * (1 - rows / top) for rows in values]
    points = " ".join(f"{place * step:.0f} {y:.0f}" for place, y in enumerate(heights))
    yield (
        f'<svg x="{PLOT_LEFT}%" y="{PLOT_TOP}" width="{100 - PLOT_LEFT}%" height="{PLOT_HEIGHT}"'
        f' viewBox="0 0 1000 {PLOT_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="under" d="M0 {PLOT_HEIGHT}L{points} 1000 {PLOT_HEIGHT}z"/>'
        f'<path class="trend" vector-effect="non-scaling-stroke" d="M{points}"/></svg>'
    )


def _axis_labels(chart: Chart, locale: str) -> Iterator[str]:
    """First, middle and last: what fits on the narrowest screen."""
    y = HEIGHT - 12
    last = len(chart.points) - 1
    if chart.kind is ChartKind.HISTOGRAM:
        middle = (last + 1) // 2
        share = PLOT_LEFT + (100 - PLOT_LEFT) * middle / (last + 1)
        ends = (chart.points[0][0], chart.points[middle][0], chart.last)
        labels = [_number(value, locale) for value in ends]
    else:
        middle = last // 2
        share = PLOT_LEFT + (100 - PLOT_LEFT) * (middle + 0.5) / (last + 1)
        labels = [point_label(chart, place, locale) for place in (0, middle, last)]
    places = zip(
        (PLOT_LEFT, share, 100.0), ("start", "middle", "end"), labels, strict=True
    )
    yield from (
        f'<text x="{x:.1f}%" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
        for x, anchor, text in places
    )
