"""What a column is for: what may be added up, averaged, only counted, or put on an axis; from its type, values and name."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from udi.tabular.columns.chosen_roles import NUMBERS, ChosenRole, Roles
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.overviews import role_words as words
from udi.tabular.overviews.statistics import ColumnStatistics
from udi.tabular.queries.query import Aggregate

FEWEST_CODES = 50
"""Whole numbers that are all different are identifiers from so many rows on."""
EVEN = (0.3, 0.7)
FEWEST_OF_ONE_LENGTH = 20
CODE_DIGITS = 4
FEWEST_MEASURED = 20
"""Different values from which a number without a telling name may be added up."""
MOST_REPEATED = 200
REPEATED = 0.6
"""Words are categories up to so many different values, and this share of the rows."""
CODES = {
    ColumnType.UUID,
    ColumnType.CODE,
    ColumnType.POSTCODE,
    ColumnType.COMMUNE,
    ColumnType.DEPARTMENT,
    ColumnType.REGION,
    ColumnType.SIREN,
    ColumnType.SIRET,
}
PLACES = {ColumnType.LATITUDE, ColumnType.LONGITUDE, ColumnType.POINT}
TIMES = {ColumnType.DATE, ColumnType.DATETIME, ColumnType.YEAR}
NOT_GROUPED = {
    ColumnType.JSON,
    ColumnType.URL,
    ColumnType.EMAIL,
    ColumnType.PHONE,
    ColumnType.EMPTY,
}


class ColumnRole(StrEnum):
    """What may be asked of a column in a chart."""

    IDENTIFIER = "identifier"
    """Never measured; groups rows where it has few values."""
    COORDINATE = "coordinate"
    TIME = "time"
    INTENSIVE = "intensive"
    """A rate, price, height, age: its sum means nothing, its median does."""
    EXTENSIVE = "extensive"
    """A count, an amount, an area: it may be added up."""
    UNSURE = "unsure"
    CATEGORY = "category"
    """Words that come back in several rows."""
    LABEL = "label"
    """Words of which nearly each row has its own."""
    TEXT = "text"
    """Nothing that groups or measures: addresses, documents, contacts, empty columns."""


AGGREGATES = {
    ColumnRole.EXTENSIVE: (
        Aggregate.SUM,
        Aggregate.AVG,
        Aggregate.MEDIAN,
        Aggregate.MIN,
        Aggregate.MAX,
    ),
    ColumnRole.INTENSIVE: (
        Aggregate.MEDIAN,
        Aggregate.AVG,
        Aggregate.MIN,
        Aggregate.MAX,
    ),
    ColumnRole.UNSURE: (Aggregate.MEDIAN, Aggregate.MIN, Aggregate.MAX),
    ColumnRole.IDENTIFIER: (Aggregate.COUNT_DISTINCT,),
    ColumnRole.CATEGORY: (Aggregate.COUNT_DISTINCT,),
    ColumnRole.LABEL: (Aggregate.COUNT_DISTINCT,),
}
"""What may be said of the cells of a group, the most usual first."""
DIMENSIONS = {
    ColumnRole.TIME,
    ColumnRole.CATEGORY,
    ColumnRole.LABEL,
    ColumnRole.IDENTIFIER,
    ColumnRole.UNSURE,
}
MEASURED = {ColumnRole.EXTENSIVE, ColumnRole.INTENSIVE, ColumnRole.UNSURE}


@dataclass(frozen=True)
class ColumnProfile:
    """A column with its figures and what it is for."""

    rank: int
    column: TypedColumn
    statistics: ColumnStatistics
    role: ColumnRole

    @property
    def name(self) -> str:
        """As the table names it."""
        return self.column.name

    @property
    def share_filled(self) -> float:
        """Share of the rows that have a value."""
        return self.statistics.share_filled


CHOSEN = {
    ChosenRole.IDENTIFIER: ColumnRole.IDENTIFIER,
    ChosenRole.SUM: ColumnRole.EXTENSIVE,
    ChosenRole.MEAN: ColumnRole.INTENSIVE,
    ChosenRole.CATEGORY: ColumnRole.CATEGORY,
    ChosenRole.DATE: ColumnRole.TIME,
    ChosenRole.NONE: ColumnRole.TEXT,
}


def role_of_choice(column: TypedColumn, choice: ChosenRole) -> ColumnRole:
    """The role of a column of which its producer says what it is for; areas group rows, coordinates do not."""
    if choice is not ChosenRole.PLACE:
        return CHOSEN[choice]
    if column.type in NUMBERS:
        return ColumnRole.COORDINATE
    return ColumnRole.CATEGORY


def profile_columns(
    columns: Sequence[TypedColumn],
    statistics: Sequence[ColumnStatistics],
    roles: Roles | None = None,
) -> list[ColumnProfile]:
    """The columns that have figures, in their order, each with its role: what `roles` say, else what the rule finds."""
    chosen = {
        column.name: role_of_choice(column, roles[column.name])
        for column in columns
        if roles and column.name in roles
    }
    ranks = {column.name: rank for rank, column in enumerate(columns)}
    names = {words.words_of(column.name) for column in columns}
    return [
        ColumnProfile(
            ranks[summary.name],
            columns[ranks[summary.name]],
            summary,
            chosen.get(summary.name)
            or decide_role(columns[ranks[summary.name]], summary, names),
        )
        for summary in statistics
        if summary.name in ranks
    ]


def decide_role(
    column: TypedColumn,
    statistics: ColumnStatistics,
    names: set[tuple[str, ...]] | None = None,
) -> ColumnRole:
    """The role of a column; `names` are the words of the table's headers, since `category_name` tells of `category`."""
    kind = column.type
    if kind in NOT_GROUPED or not statistics.filled:
        return ColumnRole.TEXT
    if kind in PLACES:
        return ColumnRole.COORDINATE
    if kind in TIMES:
        return ColumnRole.TIME
    if kind in CODES:
        return ColumnRole.IDENTIFIER
    if kind in {ColumnType.INTEGER, ColumnType.NUMBER}:
        return _number_role(column, statistics, names or set())
    return _text_role(column, statistics)


def _text_role(column: TypedColumn, statistics: ColumnStatistics) -> ColumnRole:
    if column.type is ColumnType.TIME:
        return ColumnRole.TEXT
    if column.type is ColumnType.BOOLEAN:
        return ColumnRole.CATEGORY
    texts = [str(value) for value, _ in statistics.top]
    if texts and all(words.month_number(text) for text in texts):
        return ColumnRole.TIME
    if statistics.distinct <= min(MOST_REPEATED, statistics.filled * REPEATED):
        return ColumnRole.CATEGORY
    name = words.words_of(column.name)
    if set(name) & (words.IDENTIFIER | words.COORDINATE):
        return ColumnRole.IDENTIFIER
    longest = max((len(text) for text in texts), default=0)
    if longest >= LONG_TEXT:
        return ColumnRole.TEXT
    return ColumnRole.LABEL


LONG_TEXT = 80
"""Characters from which the most frequent values are sentences; the figures cut them there."""


def _number_role(
    column: TypedColumn, statistics: ColumnStatistics, names: set[tuple[str, ...]]
) -> ColumnRole:
    name = words.words_of(column.name)
    tokens = set(name)
    if tokens & words.COORDINATE:
        return ColumnRole.COORDINATE
    if tokens & words.IDENTIFIER or _is_code(column, statistics, name, names):
        return ColumnRole.IDENTIFIER
    if (set(name[:1]) | set(name[-1:])) & words.PART_OF_TIME and statistics.top:
        return ColumnRole.TIME
    if _is_intensive(column.name, name):
        return ColumnRole.INTENSIVE
    if _is_extensive(name) or _may_be_added(statistics):
        return ColumnRole.EXTENSIVE
    return ColumnRole.UNSURE


def _is_code(
    column: TypedColumn,
    statistics: ColumnStatistics,
    name: tuple[str, ...],
    names: set[tuple[str, ...]],
) -> bool:
    if column.type is not ColumnType.INTEGER:
        return False
    has_measure_word = bool(set(name) & (words.EXTENSIVE | words.INTENSIVE))
    if name[-1:] and name[-1] in words.IDENTIFIER_ENDS:
        return True
    if name[:1] and name[0] in words.IDENTIFIER_STARTS:
        return True
    if any((*name, label) in names or (label, *name) in names for label in words.NAMES):
        return True
    if has_measure_word:
        return False
    return _counts_rows(statistics) or _has_one_length(statistics)


def _counts_rows(statistics: ColumnStatistics) -> bool:
    """Whether the values are all different among many, or follow one another from 0 or 1."""
    whole = statistics.distinct >= statistics.filled * 0.95
    if not whole or statistics.least is None or statistics.greatest is None:
        return False
    sequence = (
        statistics.least in {0, 1}
        and float(statistics.greatest) - float(statistics.least) + 1
        <= statistics.filled * 1.1
    )
    if statistics.filled < FEWEST_CODES:
        return sequence and statistics.filled > 4  # noqa: PLR2004 - three numbers in a row are no numbering
    return sequence or _is_even(statistics)


def _is_even(statistics: ColumnStatistics) -> bool:
    """Whether the median is about the middle of the range: counts and amounts have many small values."""
    least = statistics.least
    greatest = statistics.greatest
    if least is None or greatest is None or statistics.median is None:
        return False
    width = float(greatest) - float(least)
    share = (statistics.median - float(least)) / width if width else 0.0
    return EVEN[0] <= share <= EVEN[1]


def _has_one_length(statistics: ColumnStatistics) -> bool:
    """Whether all values have the same number of digits, as codes have and counts have not."""
    least = statistics.least
    greatest = statistics.greatest
    if least is None or greatest is None or float(least) <= 0:
        return False
    digits = len(str(int(least)))
    return (
        digits == len(str(int(greatest)))
        and digits >= CODE_DIGITS
        and statistics.filled >= FEWEST_OF_ONE_LENGTH
    )


def _is_intensive(text: str, name: tuple[str, ...]) -> bool:
    tokens = set(name)
    if tokens & words.TOTALS and "%" not in tokens:
        return False
    by_prefix = any(
        token.startswith(words.PREFIXES_OF_RATES) and len(token) > CODE_DIGITS
        for token in tokens
    )
    return by_prefix or bool(tokens & words.INTENSIVE or words.PER.search(text))


def _is_extensive(name: tuple[str, ...]) -> bool:
    if set(name) & words.EXTENSIVE:
        return True
    if len(name) > 1 and name[0] in words.NUMBER_OF:
        return True
    return any(token.startswith(words.PREFIXES_OF_COUNTS) for token in name)


def _may_be_added(statistics: ColumnStatistics) -> bool:
    """Whether a number without a telling name has many different values, none below zero."""
    few_rows = statistics.filled < FEWEST_MEASURED
    enough = FEWEST_MEASURED if not few_rows else statistics.filled * 0.5
    return (
        statistics.distinct >= enough
        and statistics.least is not None
        and float(statistics.least) >= 0
    )
