"""What a chart shows, as its address says it: `by split of how step draw top`.

`by` is the dimension, `of` the measured column (none: rows are counted), `how` the aggregate, `split` the column of the
series, `step` that of the dimension (`month`, `bin.10`), `draw` the kind, `top` how many values are shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from udi.tabular.overviews.chart_steps import choose_step, read_chart_step
from udi.tabular.overviews.roles import (
    AGGREGATES,
    DIMENSIONS,
    MEASURED,
    ColumnProfile,
    ColumnRole,
)
from udi.tabular.queries.query import Aggregate, StepUnit

TOP = 10
MOST_TOP = 50
LONGEST_TOP = 4
"""Digits, with zeros before them."""
WORDS = ("by", "split", "of", "how", "step", "draw", "top")
"""The words of an address that are a chart's, in their order."""
SPLITS = {ColumnRole.CATEGORY, ColumnRole.IDENTIFIER}
MEASURE = "measure"
"""What the form sends for `how` and `of` at once: `sum.population`, `count`."""


class ChartKind(StrEnum):
    """What is drawn."""

    BARS = "bars"
    LINE = "line"
    DOTS = "dots"
    SPREAD = "spread"
    SHARE = "share"


@dataclass(frozen=True)
class ChartRequest:
    """Names of columns, and what is done with them."""

    by: str
    of: str = ""
    how: Aggregate = Aggregate.COUNT
    split: str = ""
    step: str = ""
    draw: ChartKind | None = None
    """None: what fits the dimension."""
    top: int = TOP

    @property
    def measure(self) -> str:
        """As the form says it."""
        if self.of:
            return f"{self.how}.{self.of}"
        return str(Aggregate.COUNT)

    @property
    def is_additive(self) -> bool:
        """Whether the values of groups add up to that of all rows."""
        return self.how in {Aggregate.COUNT, Aggregate.SUM}

    def words(self) -> list[tuple[str, str]]:
        """The words of its address, what is usual left out."""
        pairs = [
            ("by", self.by),
            ("split", self.split),
            ("of", self.of),
            ("how", str(self.how) if self.of else ""),
            ("step", self.step),
            ("draw", str(self.draw or "")),
            ("top", "" if self.top == TOP else str(self.top)),
        ]
        return [(name, value) for name, value in pairs if value]

    def query_string(self) -> str:
        """The same as part of an address."""
        return "&".join(f"{name}={quote(value)}" for name, value in self.words())


def parse_chart(
    parameters: Mapping[str, str],
    profiles: Sequence[ColumnProfile],
    default: ChartRequest | None,
) -> tuple[ChartRequest | None, tuple[str, ...]]:
    """The chart that an address asks for, and the words of it that mean nothing here; `default` without any word."""
    parser = _ChartParser(parameters, profiles)
    return parser.parse(default), tuple(parser.unknown_words)


class _ChartParser:
    """Reads one word after the other."""

    def __init__(
        self, parameters: Mapping[str, str], profiles: Sequence[ColumnProfile]
    ) -> None:
        self._parameters = parameters
        self._profiles = {profile.name: profile for profile in profiles}
        self.unknown_words: list[str] = []

    def parse(self, default: ChartRequest | None) -> ChartRequest | None:
        if not any(self._text(word) for word in (*WORDS, MEASURE)):
            return default
        by = self._column("by", DIMENSIONS | MEASURED)
        if by is None:
            return default
        of, how = self._measure()
        split = self._column("split", SPLITS)
        kind = self._kind()
        return ChartRequest(
            by.name,
            of,
            how,
            "" if split is None or split is by else split.name,
            self._step(by, kind),
            kind,
            self._top(),
        )

    def _text(self, word: str) -> str:
        return self._parameters.get(word, "").strip()

    def _column(self, word: str, roles: set[ColumnRole]) -> ColumnProfile | None:
        name = self._text(word)
        profile = self._profiles.get(name)
        if name and (profile is None or profile.role not in roles):
            self.unknown_words.append(word)
            return None
        return profile

    def _measure(self) -> tuple[str, Aggregate]:
        how, _, of = self._text(MEASURE).partition(".")
        if not self._text(MEASURE):
            how = self._text("how")
            of = self._text("of")
        if not of:
            return "", Aggregate.COUNT
        profile = self._profiles.get(of)
        allowed = AGGREGATES.get(profile.role, ()) if profile else ()
        if not allowed:
            self.unknown_words.append("of")
            return "", Aggregate.COUNT
        if not how:
            return of, allowed[0]
        if how not in allowed:
            self.unknown_words.append("how")
            return of, allowed[0]
        return of, Aggregate(how)

    def _step(self, by: ColumnProfile, kind: ChartKind | None) -> str:
        text = self._text("step")
        if text == StepUnit.BIN or (not text and kind is ChartKind.SPREAD):
            return choose_step(by)
        if not text:
            return choose_step(by) if by.role is ColumnRole.TIME else ""
        if read_chart_step(by, text) is None:
            return choose_step(by) if by.role is ColumnRole.TIME else ""
        return text

    def _kind(self) -> ChartKind | None:
        text = self._text("draw")
        if text and text not in set(ChartKind):
            self.unknown_words.append("draw")
            return None
        return ChartKind(text) if text else None

    def _top(self) -> int:
        text = self._text("top")
        if not text:
            return TOP
        is_short = text.isascii() and text.isdigit() and len(text) <= LONGEST_TOP
        if is_short and 1 <= int(text) <= MOST_TOP:
            return int(text)
        self.unknown_words.append("top")
        return TOP
