"""What is asked of the places of a table, before anything is read."""

from dataclasses import dataclass

from udi.tabular.columns.column import Bounds
from udi.tabular.queries.sql import ALL_ROWS, Statement


@dataclass(frozen=True)
class FeatureQuery:
    """A question. `bbox` is west, south, east, north (west beyond east crosses the 180th meridian); `since` and
    `until` are moments in UTC, both included. `rows` is the clause WHERE of a question about rows, on the view `t`.
    """

    limit: int
    offset: int = 0
    bbox: Bounds | None = None
    since: str | None = None
    until: str | None = None
    equal: tuple[tuple[str, str], ...] = ()
    feature: int | None = None
    rows: Statement = ALL_ROWS
