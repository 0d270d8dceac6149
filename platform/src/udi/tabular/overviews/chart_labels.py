"""What the points and the values of a chart are called, in the reader's language."""

from datetime import date
from functools import lru_cache

from babel.dates import format_date
from babel.numbers import format_compact_decimal, format_decimal, format_percent

from udi.tabular.columns.area_names import name_code
from udi.tabular.overviews.chart_figures import Chart, Value
from udi.tabular.overviews.chart_request import ChartKind
from udi.tabular.overviews.statistics import Scalar
from udi.ui.formats import display_figure, find_locale

YES_AND_NO = {"fr": ("non", "oui"), "en": ("no", "yes"), "es": ("no", "sí")}
"""The words of a cell that is false or true, by language."""
EMPTY = "–"
LARGE = 1000
"""Sums and means from here on have no decimals."""
PERIODS = {"day": "medium", "week": "medium", "month": "MMM y", "quarter": "QQQ y"}
DAY = 10


def point_label(chart: Chart, place: int, locale: str) -> str:
    """What one point of a chart is."""
    value = chart.points[place]
    if chart.kind is ChartKind.DOTS:
        return display_figure(float(value), locale)
    if chart.width and isinstance(value, int | float):
        end = float(value) + chart.width
        return f"{figure(float(value), locale)} – {figure(end, locale)}"
    if chart.is_time and isinstance(value, str):
        return time_label(value, chart.request.step, locale)
    return name_code(cell_label(value, locale), chart.by_type)


def cell_label(value: Scalar | None, locale: str) -> str:
    """A cell: words as they are, yes or no, numbers."""
    if value is None or value == "":
        return EMPTY
    if isinstance(value, bool):
        return YES_AND_NO.get(locale, YES_AND_NO["en"])[value]
    if isinstance(value, float):
        return figure(value, locale)
    return str(value)


@lru_cache(maxsize=4096)
def time_label(text: str, step: str, locale: str) -> str:
    """A period by its first day, a moment, or a month in words as the file writes it."""
    try:
        day = date.fromisoformat(text[:DAY])
    except ValueError:
        return text
    if step == "year":
        return str(day.year)
    if len(text) > DAY and not step:
        return text[DAY + 1 : DAY + 6]
    return str(
        format_date(day, PERIODS.get(step, "medium"), locale=find_locale(locale))
    )


def value_label(chart: Chart, value: Value, locale: str) -> str:
    """A value: counts whole, sums and means without more decimals than they bear."""
    if value is None:
        return EMPTY
    if chart.kind is ChartKind.SHARE and chart.total:
        return str(
            format_percent(value / chart.total, "#,##0.#%", locale=find_locale(locale))
        )
    return figure(value, locale)


def figure(value: float, locale: str) -> str:
    """A number with two decimals at most, none when it is large."""
    if abs(value) >= 1e15 or 0 < abs(value) < 0.01:  # noqa: PLR2004 - as powers of ten
        return display_figure(value, locale)
    pattern = "#,##0" if abs(value) >= LARGE else "#,##0.##"
    return str(format_decimal(value, pattern, locale=find_locale(locale)))


@lru_cache(maxsize=4096)
def tick_label(value: float, locale: str) -> str:
    """A number beside an axis: short."""
    return str(
        format_compact_decimal(value, fraction_digits=1, locale=find_locale(locale))
    )


def table_rows(chart: Chart, locale: str) -> list[tuple[str, list[str]]]:
    """The figures of a chart, as the table beside it says them: a label, then a value of each series."""
    return [
        (
            point_label(chart, place, locale),
            [
                value_label(chart, series.values[place], locale)
                for series in chart.series
            ],
        )
        for place in range(len(chart.points))
    ]
