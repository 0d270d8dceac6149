"""What cannot be in a question about a table, with the nearest thing that can."""

import difflib
from collections.abc import Iterable

from udi.kit.errors import Refusal

LONGEST_SHOWN, LONGEST_COMPARED, MOST_COMPARED = 100, 60, 400


class WrongError(ValueError):
    """Something of a question that cannot be; `refusal` says why and what to write."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class HiddenColumnError(Exception):
    """A column is named that an agreement does not open."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def unreadable() -> WrongError:
    """Conditions whose form is not followed."""
    reason = "These conditions cannot be read."
    remedy = "Write them as or=(column__exact.value,and(other__less.3,third__isnull))."
    return WrongError(Refusal("", reason, remedy, "unreadable"))


def unknown_column(name: str, known: Iterable[str]) -> WrongError:
    """A column that the table does not have."""
    reason, shown = "The table has no column «%(name)s».", name[:LONGEST_SHOWN]
    if near := _nearest(name, known):
        values = {"name": shown, "nearest": near}
        return WrongError(Refusal("", reason, "The nearest is «%(nearest)s».", "unknown-column", values))
    remedy = "Its columns are named at its address «profile»."
    return WrongError(Refusal("", reason, remedy, "unknown-column", {"name": shown}))


def unknown_parameter(name: str, known: Iterable[str]) -> WrongError:
    """A parameter that is neither a column's nor one of the few others."""
    reason = "This parameter does not exist."
    if near := _nearest(name, known):
        refusal = Refusal("", reason, "The nearest is «%(nearest)s».", "unknown-parameter", {"nearest": near})
        return WrongError(refusal)
    remedy = "Use column__operator=value, or, columns, page, page_size."
    return WrongError(Refusal("", reason, remedy, "unknown-parameter"))


def unknown_operation(operation: str, known: Iterable[str], *, guess: bool) -> WrongError:
    """Something that cannot be asked of a column of this type; `guess`: it may be a slip of the pen."""
    reason, names = "This cannot be asked of such a column.", list(known)
    if guess and (near := _nearest(operation, names)):
        refusal = Refusal("", reason, "The nearest is «%(nearest)s».", "unknown-operator", {"nearest": near})
        return WrongError(refusal)
    return WrongError(Refusal("", reason, "It takes: %(known)s.", "unknown-operator", {"known": ", ".join(names)}))


def _nearest(name: str, known: Iterable[str]) -> str:
    """Of the short names only: comparing long ones would cost a hostile question nothing and the node much."""
    short = [each for each in known if len(each) <= LONGEST_COMPARED][:MOST_COMPARED]
    return next(iter(difflib.get_close_matches(name[:LONGEST_COMPARED], short, n=1)), "")
