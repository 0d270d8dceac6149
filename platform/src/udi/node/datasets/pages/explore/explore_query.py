"""What the address of the page says, and the addresses of the pages around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from udi.kit.errors import Refusal
from udi.tabular.queries.query import PAGE_SIZE, SEARCH, Query

TABLE = "table"
CARDS = "cards"
GROUP = "group"
ROW = "row"
COLUMN = "column"
CHART = "chart"
MAP = "map"
VERSION = "version"
LANGUAGE = "lang"
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ChartWords:
    """How a chart is asked for; empty where the page chooses.

    `by`, `split`, `of` are names of columns of the table; `how` is an aggregate, `step` a period or `bin`, `draw` a kind
    of drawing.
    """

    by: str = ""
    split: str = ""
    of: str = ""
    how: str = ""
    step: str = ""
    draw: str = ""
    top: int | None = None

    @property
    def pairs(self) -> Pairs:
        """The words that are there, in their order."""
        words = {
            "by": self.by,
            "split": self.split,
            "of": self.of,
            "how": self.how,
            "step": self.step,
            "draw": self.draw,
            "top": "" if self.top is None else str(self.top),
        }
        return tuple((name, value) for name, value in words.items() if value)


@dataclass(frozen=True)
class MapFrame:
    """Where a map is looked at: its zoom, and its centre in degrees."""

    zoom: float
    latitude: float
    longitude: float

    def __str__(self) -> str:
        return "/".join(map(_write_number, (self.zoom, self.latitude, self.longitude)))


def _write_number(value: float) -> str:
    """Digits and a point, six decimals at most, never a power of ten."""
    return f"{round(value, 6) + 0.0:.6f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class ExploreQuery:
    """Which rows, in which order, looked at in which way.

    `filters`, `sorts` and `groups` are parameters of the tabular API as they were understood, in canonical order.
    """

    view: str = TABLE
    search: str = ""
    filters: Pairs = ()
    groups: Pairs = ()
    sorts: Pairs = ()
    columns: tuple[str, ...] = ()
    """The columns that are shown, in their order; empty: all, as the table has them."""
    column: str = ""
    """The column whose panel is open."""
    chart: ChartWords = field(default_factory=ChartWords)
    at: MapFrame | None = None
    page: int = 1
    size: int = PAGE_SIZE
    settings: Pairs = ()
    """What is not of the view: the version, the language, what opens a signed address."""
    query: Query = field(default_factory=Query)
    """What the rows of this page are asked with."""
    refusals: tuple[Refusal, ...] = ()
    """What was not understood."""
    has_default: bool = False
    """Whether the address without words is that of the dataset's own view: the plain table then says so in its own."""

    @property
    def row_pairs(self) -> Pairs:
        """Which rows: the search and the filters, as the API takes them."""
        search = ((SEARCH, self.search),) if self.search else ()
        return (*search, *self.filters)

    @property
    def api_pairs(self) -> Pairs:
        """The same rows and columns in the words of the API: what is downloaded."""
        if self.view == GROUP:
            return (*self.row_pairs, *self.groups, *self.sorts)
        return (*self.row_pairs, *self.sorts, *self._column_pairs)

    @property
    def pairs(self) -> Pairs:
        """Every parameter in canonical order, without those that change nothing."""
        words = self._word_pairs
        if self.has_default and not words:
            words = (("view", TABLE),)
        return (*words, *self.settings)

    @property
    def _word_pairs(self) -> Pairs:
        """The same without settings."""
        view = (("view", self.view),) if self.view != TABLE else ()
        column = ((COLUMN, self.column),) if self.column else ()
        at = (("at", str(self.at)),) if self.at else ()
        page = (("page", str(self.page)),) if self.page != 1 else ()
        size = (("page_size", str(self.size)),) if self.size != PAGE_SIZE else ()
        return (
            *self.row_pairs,
            *self.groups,
            *self.sorts,
            *self._column_pairs,
            *view,
            *column,
            *self.chart.pairs,
            *at,
            *page,
            *size,
        )

    @property
    def _column_pairs(self) -> Pairs:
        if self.columns:
            return (("columns", ",".join(map(quote_item, self.columns))),)
        return ()

    def address(self, path: str = "", **changes: Any) -> str:
        """The address of the page with these attributes changed; on the first page unless `page` is one of them."""
        other = replace(self, **{"page": 1, **changes})
        return join_query(path, other.pairs)

    def hidden_fields(self, *omitted: str) -> Pairs:
        """What a form sends besides its own fields, so that the view stays; `omitted` are what the form sends itself."""
        return tuple(
            (name, value)
            for name, value in replace(self, page=1).pairs
            if name not in omitted
        )


def join_query(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    """An address of these parameters; without any, `?` alone where there is no path, so that it is an address."""
    query = urlencode(pairs, quote_via=quote)
    if query:
        return f"{path}?{query}"
    return path or "?"


def quote_item(name: str) -> str:
    """A name in a list with commas."""
    if set(name) & set(',"\\'):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return name


def quote_items(names: Sequence[str]) -> str:
    """Names as a list with commas."""
    return ",".join(map(quote_item, names))


Context = Mapping[str, Any]
