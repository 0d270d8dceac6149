"""What the text of an opening view holds: names of columns and ways to look, or values of the table too."""

from udi.tabular.queries.query import GROUP, SORT, Aggregate
from udi.tabular.queries.query_string import parse_parameters

NAMES = frozenset({"view", "by", "split", "of", "how", "draw", "columns"})
"""Words whose values are names of columns, aggregates and kinds of drawings."""
STEP = "step"
BIN = "bin."
"""The beginning of a step whose width was chosen from the values of a column."""
WITHOUT_VALUES = frozenset({SORT, *Aggregate})
"""What is asked of a column without a value of it."""


def holds_values(text: str) -> bool:
    """Whether a view, as its canonical query, may tell what cells hold.

    A filter, a word, a place, a number of bars or of rows and the width of a step may all come from the table.
    """
    return any(_may_hold_value(name, value) for name, value in parse_parameters(text))


def _may_hold_value(name: str, value: str) -> bool:
    if name in NAMES:
        return False
    _, separator, operation = name.rpartition("__")
    if name == STEP or (separator and operation == GROUP):
        return value.startswith(BIN)
    return not separator or operation not in WITHOUT_VALUES
