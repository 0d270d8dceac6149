"""The stock of datasets as SVG whose text keeps its size: widths are shares of the page, heights are pixels."""

from collections.abc import Iterator, Sequence

from babel.dates import format_date

from udi.portal.territory.figures.computation import MonthlyStock
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
    yield f'<line class="axis" x1="0" x2="100%" y1="{BASE}" y2="{BASE}"/>'
    yield f'<text x="0" y="{HEIGHT - 6}">{name_month(stock[0], language)}</text>'
    yield (
        f'<text x="100%" y="{HEIGHT - 6}" text-anchor="end">'
        f"{name_month(stock[-1], language)}</text>"
    )
