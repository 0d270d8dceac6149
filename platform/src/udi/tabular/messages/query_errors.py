"""What cannot be in a question about a table, with the nearest thing that can."""

import difflib
from collections.abc import Iterable

from udi.kit.errors import Refusal

LONGEST_SHOWN = 100
LONGEST_COMPARED = 60
MOST_COMPARED = 400


class InvalidQueryError(ValueError):
    """Something of a question that cannot be; `refusal` says why and what to write."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class HiddenColumnError(Exception):
    """A column is named that an agreement does not open."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def unreadable_conditions() -> InvalidQueryError:
    """Conditions whose form is not followed."""
    reason = "These conditions cannot be read."
    remedy = "Write them as or=(column__exact.value,and(other__less.3,third__isnull))."
    return InvalidQueryError(Refusal("", reason, remedy, "unreadable"))


def unknown_column(name: str, known_columns: Iterable[str]) -> InvalidQueryError:
    """A column that the table does not have."""
    reason = "The table has no column «%(name)s»."
    short_name = name[:LONGEST_SHOWN]
    if near := _nearest(name, known_columns):
        values = {"name": short_name, "nearest": near}
        return InvalidQueryError(
            Refusal(
                "", reason, "The nearest is «%(nearest)s».", "unknown-column", values
            )
        )
    remedy = "Its columns are named at its address «profile»."
    return InvalidQueryError(
        Refusal("", reason, remedy, "unknown-column", {"name": short_name})
    )


def unknown_parameter(name: str, known_parameters: Iterable[str]) -> InvalidQueryError:
    """A parameter that is neither a column's nor one of the few others."""
    reason = "This parameter does not exist."
    if near := _nearest(name, known_parameters):
        refusal = Refusal(
            "",
            reason,
            "The nearest is «%(nearest)s».",
            "unknown-parameter",
            {"nearest": near},
        )
        return InvalidQueryError(refusal)
    remedy = "Use column__operator=value, or, q, columns, page, page_size."
    return InvalidQueryError(Refusal("", reason, remedy, "unknown-parameter"))


def unknown_operation(
    operation: str, known_operations: Iterable[str], *, guess: bool
) -> InvalidQueryError:
    """Something that cannot be asked of a column of this type; `guess`: it may be a slip of the pen."""
    reason = "This operator does not apply to this type of column."
    names = list(known_operations)
    if guess and (near := _nearest(operation, names)):
        refusal = Refusal(
            "",
            reason,
            "The nearest is «%(nearest)s».",
            "unknown-operator",
            {"nearest": near},
        )
        return InvalidQueryError(refusal)
    return InvalidQueryError(
        Refusal(
            "",
            reason,
            "Operators accepted: %(known)s.",
            "unknown-operator",
            {"known": ", ".join(names)},
        )
    )


def _nearest(name: str, known_names: Iterable[str]) -> str:
    """Of the short names only: comparing long ones would cost a hostile question nothing and the node much."""
    short = [
        known_name for known_name in known_names if len(known_name) <= LONGEST_COMPARED
    ][:MOST_COMPARED]
    return next(
        iter(difflib.get_close_matches(name[:LONGEST_COMPARED], short, n=1)), ""
    )
