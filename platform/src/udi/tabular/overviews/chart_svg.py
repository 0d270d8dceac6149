"""A chart as SVG whose text keeps its size: widths are shares of the page, heights are pixels.

No word is drawn but values of the file, numbers and dates; the title and the description belong to the template around
it. Colours are classes: `bar` of the only series, `s0` to `s4` of several, `s5` of what is left.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from udi.tabular.overviews.chart_figures import Chart, ChartSeries, Value
from udi.tabular.overviews.chart_labels import (
    figure,
    point_label,
    tick_label,
    value_label,
)
from udi.tabular.overviews.chart_request import ChartKind

MOST_COLUMNS = 30
LONGEST_LABEL = 30
PLOT_LEFT = 11.0
PLOT_TOP = 22
PLOT_HEIGHT = 200
HEIGHT = PLOT_TOP + PLOT_HEIGHT + 38
"""Share on the left for the figures, then pixels."""
MOST_LABELS = 7
"""Columns that each have their period below them."""
COLUMN = 0.68
"""Share of its place that a column takes."""
NARROWEST = 250
"""Pixels of a drawing on a phone of 320 pixels."""
CHARACTER = 7
"""Pixels of a character below the axis."""
ANCHORS = {"start": 0.0, "middle": 0.5, "end": 1.0}
"""Which share of a label is before the place where it stands."""
ROW = 46
BAR = 14
WIDTH = 1000
ROUND = {1: 4, 1.5: 3, 2: 4, 2.5: 5, 3: 3, 4: 4, 5: 5, 6: 3, 8: 4, 10: 4}
"""Round numbers, and in how many parts lines cut each."""
ALMOST = 0.999999
LAST_COLOUR = 5


@dataclass(frozen=True)
class ChartDrawing:
    """The inside of an `<svg>` as wide as its place and so many pixels high; safe to put in a page as it is."""

    body: str
    height: int


@dataclass(frozen=True)
class _Axis:
    """The range of the values, and where each stands, in pixels from the top."""

    low: float
    high: float
    step: float

    def y(self, value: float) -> float:
        """Pixels from the top of the drawing."""
        share = (value - self.low) / (self.high - self.low)
        return PLOT_TOP + PLOT_HEIGHT * (1 - share)

    @property
    def ticks(self) -> list[float]:
        """The values that have a line."""
        count = round((self.high - self.low) / self.step)
        return [self.low + self.step * place for place in range(count + 1)]


@dataclass(frozen=True)
class _AxisLabel:
    """A text below the axis: where it is (a share of the width), and which of its parts is there."""

    x: float
    text: str
    anchor: str = "middle"

    def touches(self, other: "_AxisLabel") -> bool:
        """Whether both would run into each other on the narrowest screen."""
        start, end = self.span
        other_start, other_end = other.span
        return start < other_end and other_start < end

    @property
    def span(self) -> tuple[float, float]:
        """From where to where it goes on the narrowest screen, with a blank; shares of the width."""
        width = 100 * CHARACTER * (min(len(self.text), LONGEST_LABEL) + 1) / NARROWEST
        start = self.x - width * ANCHORS[self.anchor]
        return start, start + width


def draw_chart(chart: Chart, locale: str) -> ChartDrawing:
    """Bars with their labels above; columns, lines or dots over an axis."""
    if _is_list(chart):
        return _draw_bars(chart, locale)
    if chart.kind is ChartKind.DOTS:
        return _draw_dots(chart, locale)
    axis = _axis(chart)
    if _has_columns(chart):
        plot = _columns(chart, axis, locale)
    else:
        plot = _lines(chart, axis)
    parts = [*_grid(axis, locale), *plot, *_axis_labels(chart, locale)]
    return ChartDrawing("".join(parts), HEIGHT)


def _is_list(chart: Chart) -> bool:
    """Whether labels stand above bars: values without an order."""
    if chart.kind is ChartKind.SHARE:
        return True
    return chart.kind is ChartKind.BARS and not chart.is_time and not chart.width


def _has_columns(chart: Chart) -> bool:
    if chart.kind in {ChartKind.SPREAD, ChartKind.BARS}:
        return True
    return chart.request.draw is None and len(chart.points) <= MOST_COLUMNS


def _is_stacked(chart: Chart) -> bool:
    """Whether series stand on one another: values that add up, none below zero."""
    return chart.request.is_additive and all(
        (value or 0) >= 0 for series in chart.series for value in series.values
    )


def _colour(place: int, series: ChartSeries) -> str:
    if series.name is None:
        return "bar"
    if series.name == "":
        return f"s{LAST_COLOUR}"
    return f"s{place}"


def _draw_bars(chart: Chart, locale: str) -> ChartDrawing:
    sums = [value or 0.0 for value in chart.first_values]
    if _is_stacked(chart):
        ends = [0.0, *sums]
    else:
        ends = [0.0, *(v or 0.0 for one in chart.series for v in one.values)]
    low, high = min(ends), max(ends)
    if chart.kind is ChartKind.SHARE and len(chart.series) == 1 and chart.total:
        high = max(chart.total, high)
    scale = 100 / (high - low or 1)
    zero = -low * scale
    parts: list[str] = []
    for place in range(len(chart.points)):
        top = place * ROW
        parts += _bar_text(chart, place, top, locale)
        parts.append(
            f'<rect class="rail" width="100%" y="{top + 23}" height="{BAR}" rx="2"/>'
        )
        if _is_stacked(chart):
            whole = sums[place] if chart.kind is ChartKind.SHARE else 0.0
            split = whole and len(chart.series) > 1
            parts += _stack(chart, place, top, 100 / whole if split else scale, locale)
        else:
            parts += _side_by_side(chart, place, top, (zero, scale))
    if low < 0:
        parts.append(
            f'<line class="scale" x1="{zero:.1f}%" x2="{zero:.1f}%" y1="0" y2="{ROW * len(chart.points)}"/>'
        )
    return ChartDrawing("".join(parts), ROW * len(chart.points))


def _bar_text(chart: Chart, place: int, top: int, locale: str) -> Iterator[str]:
    name = point_label(chart, place, locale)
    if len(name) > LONGEST_LABEL:
        name = name[: LONGEST_LABEL - 1].rstrip() + "…"
    yield f'<text class="label" x="0" y="{top + 16}">{escape(name)}</text>'
    if _is_stacked(chart) or len(chart.series) == 1:
        value = value_label(chart, chart.first_values[place], locale)
        yield f'<text x="100%" y="{top + 16}" text-anchor="end">{escape(value)}</text>'


def _stack(
    chart: Chart, place: int, top: int, scale: float, locale: str
) -> Iterator[str]:
    x = 0.0
    for number, series in enumerate(chart.series):
        width = (series.values[place] or 0.0) * scale
        if width > 0:
            title = _mark_title(chart, series, place, locale)
            yield (
                f'<rect class="{_colour(number, series)}" x="{x:.1f}%" width="{width:.1f}%"'
                f' y="{top + 23}" height="{BAR}"{title}'
            )
        x += width


def _mark_title(chart: Chart, series: ChartSeries, place: int, locale: str) -> str:
    """The end of a mark: with what it is called under the pointer, where there are several series."""
    if series.name is None:
        return "/>"
    value = value_label(chart, series.values[place], locale)
    name = escape(f"{series.name}: {value}" if series.name else value)
    return f"><title>{name}</title></rect>"


def _side_by_side(
    chart: Chart, place: int, top: int, frame: tuple[float, float]
) -> Iterator[str]:
    """A bar of each series from the line of zero, to either side."""
    zero, scale = frame
    height = BAR / len(chart.series)
    for number, series in enumerate(chart.series):
        value = series.values[place]
        if value is not None:
            x = zero + min(value, 0) * scale
            yield (
                f'<rect class="{_colour(number, series)}" x="{x:.1f}%" width="{abs(value) * scale:.1f}%"'
                f' y="{top + 23 + number * height:.1f}" height="{height:.1f}"/>'
            )


def _axis(chart: Chart) -> _Axis:
    if _is_stacked(chart):
        values = [value or 0.0 for value in chart.first_values]
    else:
        values = [
            value
            for series in chart.series
            for value in series.values
            if value is not None
        ]
    return _make_axis(min([0.0, *values]), max([0.0, *values]))


def _make_axis(low: float, high: float) -> _Axis:
    if low < 0 < high:
        step, _ = _round_up(max(high, -low) / 2)
        return _Axis(
            -step * math.ceil(-low / step), step * math.ceil(high / step), step
        )
    if low < 0:
        bottom, step = _round_up(-low)
        return _Axis(-bottom, 0.0, step)
    if high <= 0:
        return _Axis(0.0, 1.0, 1.0)
    top, step = _round_up(high)
    return _Axis(0.0, top, step)


def _round_up(value: float) -> tuple[float, float]:
    """The next round number, and a step that divides it well."""
    power: float = 10.0 ** math.floor(math.log10(value))
    return next(
        (top * power, top * power / parts)
        for top, parts in ROUND.items()
        if top * power >= value * ALMOST
    )


def _grid(axis: _Axis, locale: str) -> Iterator[str]:
    for value in axis.ticks:
        y = axis.y(value)
        yield f'<line class="axis" x1="{PLOT_LEFT}%" x2="100%" y1="{y:.0f}" y2="{y:.0f}"/>'
        yield f'<text x="0" y="{y + 5:.0f}">{escape(tick_label(value, locale))}</text>'
    if axis.low < 0 < axis.high:
        y = axis.y(0)
        yield f'<line class="scale" x1="{PLOT_LEFT}%" x2="100%" y1="{y:.0f}" y2="{y:.0f}"/>'


def _columns(chart: Chart, axis: _Axis, locale: str) -> Iterator[str]:
    slot = (100 - PLOT_LEFT) / len(chart.points)
    width = slot * (0.94 if chart.kind is ChartKind.SPREAD else COLUMN)
    stacked = _is_stacked(chart)
    for place in range(len(chart.points)):
        base = 0.0
        for number, series in enumerate(chart.series):
            value = series.values[place]
            if not value:
                continue
            part = width if stacked else width / len(chart.series)
            x = PLOT_LEFT + slot * place + (slot - width) / 2
            x += 0 if stacked else part * number
            top, bottom = (
                axis.y(max(base, base + value)),
                axis.y(min(base, base + value)),
            )
            yield (
                f'<rect class="{_colour(number, series)}" x="{x:.2f}%" width="{part:.2f}%"'
                f' y="{top:.1f}" height="{max(bottom - top, 1):.1f}"'
                f"{_mark_title(chart, series, place, locale)}"
            )
            base += value if stacked else 0.0


def _lines(chart: Chart, axis: _Axis) -> Iterator[str]:
    """A line of each series, stretched to the width without thickening; one alone stands over its surface."""
    step = WIDTH / max(len(chart.points) - 1, 1)
    yield (
        f'<svg x="{PLOT_LEFT}%" y="0" width="{100 - PLOT_LEFT}%" height="{HEIGHT}"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
    )
    for number, series in enumerate(chart.series):
        path = _path(series.values, step, axis)
        if len(chart.series) == 1 and None not in series.values:
            ground = axis.y(0)
            yield f'<path class="under" d="M0 {ground:.0f}L{path[1:]} {WIDTH} {ground:.0f}z"/>'
        yield (
            f'<path class="{_trend_class(number, series)}" vector-effect="non-scaling-stroke" d="{path}"/>'
        )
    yield "</svg>"


def _trend_class(place: int, series: ChartSeries) -> str:
    if series.name is None:
        return "trend"
    return f"trend {_colour(place, series)}"


def _path(values: Sequence[Value], step: float, axis: _Axis) -> str:
    """The line through the values, broken where there is none."""
    parts: list[str] = []
    for place, (before, value) in enumerate(pairwise([None, *values])):
        if value is not None:
            if before is None:
                mark = "M"
            elif parts[-1][0] == "M":
                mark = "L"
            else:
                mark = " "
            parts.append(f"{mark}{place * step:.0f} {axis.y(value):.0f}")
    return "".join(parts)


def _axis_labels(chart: Chart, locale: str) -> Iterator[str]:
    """The periods below the axis: of few columns each, else the first, the middle and the last."""
    last = len(chart.points) - 1
    if chart.width:
        return _write_labels(_interval_labels(chart, locale))
    slot = (100 - PLOT_LEFT) / (last + 1)
    if _has_columns(chart) and last < MOST_LABELS:
        places = [*range(last + 1)]
        edge = slot * (1 - COLUMN) / 2
    else:
        places = sorted({0, last // 2, last})
        edge = 0.0
    labels = [
        _AxisLabel(PLOT_LEFT + slot * (place + 0.5), point_label(chart, place, locale))
        for place in places
    ]
    if last:
        labels[0] = _AxisLabel(PLOT_LEFT + edge, labels[0].text, "start")
        labels[-1] = _AxisLabel(100 - edge, labels[-1].text, "end")
    return _write_labels(labels)


def _interval_labels(chart: Chart, locale: str) -> list[_AxisLabel]:
    """Where the first interval begins, one in the middle begins, and the last ends."""
    middle = len(chart.points) // 2
    share = PLOT_LEFT + (100 - PLOT_LEFT) * middle / len(chart.points)
    starts = [float(chart.points[place]) for place in (0, middle, -1)]
    return [
        _AxisLabel(PLOT_LEFT, figure(starts[0], locale), "start"),
        _AxisLabel(share, figure(starts[1], locale)),
        _AxisLabel(100.0, figure(starts[2] + (chart.width or 0), locale), "end"),
    ]


def _write_labels(labels: Sequence[_AxisLabel]) -> Iterator[str]:
    """Those that would touch another one on the narrowest screen are far: it does not show them."""
    ends = (labels[0], labels[-1])
    near = list(ends)
    for label in labels:
        text = label.text[:LONGEST_LABEL]
        is_far = label not in ends and any(label.touches(other) for other in near)
        if not is_far:
            near.append(label)
        style = ' class="far"' if is_far else ""
        if text:
            yield (
                f'<text{style} x="{label.x:.1f}%" y="{HEIGHT - 12}" text-anchor="{label.anchor}">{escape(text)}</text>'
            )


def _draw_dots(chart: Chart, locale: str) -> ChartDrawing:
    """A dot for each pair of numbers: one path of strokes without length."""
    xs = [float(point) for point in chart.points]
    ys = [value or 0.0 for value in chart.series[0].values]
    axis = _make_axis(min([0.0, *ys]), max([0.0, *ys]))
    low, high = min(xs), max(xs)
    width = (high - low) or 1.0
    marks = "".join(
        f"M{(x - low) / width * WIDTH:.0f} {axis.y(y):.0f}h0"
        for x, y in zip(xs, ys, strict=True)
    )
    plot = (
        f'<svg x="{PLOT_LEFT}%" y="0" width="{100 - PLOT_LEFT}%" height="{HEIGHT}" overflow="visible"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="dots" vector-effect="non-scaling-stroke" stroke-width="6" d="{marks}"/></svg>'
    )
    texts = _write_labels(
        [
            _AxisLabel(PLOT_LEFT, figure(low, locale), "start"),
            _AxisLabel(50 + PLOT_LEFT / 2, figure((low + high) / 2, locale)),
            _AxisLabel(100.0, figure(high, locale), "end"),
        ]
    )
    return ChartDrawing("".join([*_grid(axis, locale), plot, *texts]), HEIGHT)
