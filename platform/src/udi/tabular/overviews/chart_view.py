"""A chart as a page shows it: the drawing, and the same figures in words of the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from udi.tabular.overviews.chart_figures import Chart
from udi.tabular.overviews.chart_labels import (
    cell_label,
    figure,
    point_label,
    table_rows,
    value_label,
)
from udi.tabular.overviews.chart_request import ChartKind
from udi.tabular.overviews.chart_svg import ChartDrawing, draw_chart

MOST_TABLE_ROWS = 200


@dataclass(frozen=True)
class ChartView:
    """A chart in one language."""

    chart: Chart
    locale: str

    @cached_property
    def drawing(self) -> ChartDrawing:
        """The inside of the picture."""
        return draw_chart(self.chart, self.locale)

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """The same as a table, the first 200 points."""
        return table_rows(self.chart, self.locale)[:MOST_TABLE_ROWS]

    @property
    def legend(self) -> list[tuple[str, str]]:
        """(class of the colour, name) of each series, where there are several; the name of what is left is empty."""
        if len(self.chart.series) == 1:
            return []
        return [
            (
                "s5" if series.name == "" else f"s{place}",
                "" if series.name == "" else cell_label(series.name, self.locale),
            )
            for place, series in enumerate(self.chart.series)
        ]

    @property
    def largest(self) -> tuple[str, str]:
        """(label, value) of the largest point."""
        values = self.chart.first_values
        place = max(
            range(len(values)), key=lambda at: values[at] or float("-inf"), default=0
        )
        return (
            point_label(self.chart, place, self.locale),
            value_label(self.chart, values[place], self.locale),
        )

    @property
    def others(self) -> str:
        """What the values that are not drawn hold together; empty where that says nothing."""
        if self.chart.others is None:
            return ""
        return value_label(self.chart, self.chart.others, self.locale)

    @property
    def total_rows(self) -> Sequence[str]:
        """Values that seem to stand for the sum of the others."""
        return [cell_label(value, self.locale) for value in self.chart.total_rows]

    @property
    def total(self) -> str:
        """What all rows hold together; empty where that says nothing."""
        if self.chart.total is None:
            return ""
        return figure(self.chart.total, self.locale)

    @property
    def counts_rows(self) -> bool:
        """Whether rows are counted, not a column measured."""
        return not self.chart.request.of

    @property
    def is_dots(self) -> bool:
        """Whether points are pairs of numbers."""
        return self.chart.kind is ChartKind.DOTS
