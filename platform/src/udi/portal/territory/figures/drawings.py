"""The stock of datasets and uses by day as SVG whose text keeps its size: widths are shares of the page, heights are pixels."""

from collections.abc import Iterator, Sequence

from babel.dates import format_date

from udi.portal.territory.figures.computation import MonthlyStock
from udi.portal.territory.figures.usage import DayTotal
from udi.ui.formats import find_locale

TOP = 22
PLOT = 96
HEIGHT = TOP + PLOT + 24
BASE = TOP + PLOT


def name_month(line: MonthlyStock, language: str) -> str:
    """A month in short, in the reader's language."""
    return str(format_date(line.month, "MMM y", locale=find_locale(language)))


def draw_stock(stock: Sequence[MonthlyStock], language: str) -> str:
    """Columns over an axis with the first and last month; the inside of an `<svg>` of `HEIGHT` pixels, safe as it is."""
    return "".join(_elements(stock, language))


def _elements(stock: Sequence[MonthlyStock], language: str) -> Iterator[str]:
    most = max(line.datasets for line in stock) or 1
    slot = 100 / len(stock)
    for place, line in enumerate(stock):
        height = PLOT * line.datasets / most
        if line.datasets:
            yield (
                f'<rect class="bar" x="{slot * (place + 0.15):.2f}%" width="{slot * 0.7:.2f}%"'
                f' y="{BASE - height:.1f}" height="{height:.1f}" rx="2"/>'
            )
    yield from _axis(name_month(stock[0], language), name_month(stock[-1], language))


def name_day(line: DayTotal, language: str) -> str:
    """A day in short, in the reader's language."""
    return str(format_date(line.day, "d MMM y", locale=find_locale(language)))


def draw_usage(usage: Sequence[DayTotal], language: str) -> str:
    """Columns of downloads with those of questions to APIs on top; the inside of an `<svg>` of `HEIGHT` pixels."""
    return "".join(_usage_elements(usage, language))


def _usage_elements(usage: Sequence[DayTotal], language: str) -> Iterator[str]:
    most = max(line.downloads + line.calls for line in usage) or 1
    slot = 100 / len(usage)
    for place, line in enumerate(usage):
        base = float(BASE)
        for name, number in (("bar", line.downloads), ("alt", line.calls)):
            height = PLOT * number / most
            base -= height
            if number:
                yield (
                    f'<rect class="{name}" x="{slot * (place + 0.1):.2f}%"'
                    f' width="{slot * 0.8:.2f}%" y="{base:.1f}" height="{height:.1f}"/>'
                )
    yield from _axis(name_day(usage[0], language), name_day(usage[-1], language))


def _axis(first: str, last: str) -> Iterator[str]:
    yield f'<line class="axis" x1="0" x2="100%" y1="{BASE}" y2="{BASE}"/>'
    yield f'<text x="0" y="{HEIGHT - 6}">{first}</text>'
    yield f'<text x="100%" y="{HEIGHT - 6}" text-anchor="end">{last}</text>'
