"""What is asked of the places of a table, before anything is read."""

from dataclasses import dataclass

from udi.tabular.columns.column import Bounds


@dataclass(frozen=True)
class FeatureQuery:
    """A question. `bbox` is west, south, east, north (west beyond east crosses the 180th meridian); `since` and
    `until` are moments in UTC, both included.
    """

    limit: int
    offset: int = 0
    bbox: Bounds | None = None
    since: str | None = None
    until: str | None = None
    equal: tuple[tuple[str, str], ...] = ()
    feature: int | None = None
