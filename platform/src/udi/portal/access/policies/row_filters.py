"""Columns and rows as they are typed: a column on each line; a condition on each line, as `column operator values`."""

import re

from udi.kit.errors import Refusals
from udi.protocol.terms import Operator, RowFilter

MOST = 500
LONGEST = 200
SIGNS = {
    "=": Operator.EQ,
    "!=": Operator.NEQ,
    "<": Operator.LT,
    "<=": Operator.LTEQ,
    ">": Operator.GT,
    ">=": Operator.GTEQ,
    "in": Operator.IS_ANY_OF,
    "not in": Operator.IS_NONE_OF,
}
SIGN_BY_OPERATOR = {operator: sign for sign, operator in SIGNS.items()}
LIST = (Operator.IS_ANY_OF, Operator.IS_NONE_OF)
LINE = re.compile(
    r"(?P<column>.+?)\s+(?P<sign>not in|in|<=|>=|!=|=|<|>)\s+(?P<values>.+)"
)


def read_lines(field: str, text: str, refusals: Refusals) -> tuple[str, ...]:
    """Each line once, in order."""
    lines = tuple(
        dict.fromkeys(line.strip() for line in text.splitlines() if line.strip())
    )
    if len(lines) > MOST or any(
        len(line) > LONGEST or not line.isprintable() for line in lines
    ):
        refusals.refuse(
            field, "This list is very long.", "500 lines of 200 characters at most."
        )
        return ()
    return lines


def read_filters(field: str, text: str, refusals: Refusals) -> tuple[RowFilter, ...]:
    """A condition a line; values of a list are between semicolons."""
    filters = []
    for line in read_lines(field, text, refusals):
        match = LINE.fullmatch(line)
        operator = SIGNS[match["sign"]] if match else Operator.EQ
        if match and operator in LIST:
            parts = match["values"].split(";")
        else:
            parts = [match["values"]] if match else []
        values = tuple(part.strip() for part in parts if part.strip())
        if match is None or not values:
            message_values = {"line": line[:60]}
            remedy = "Write for example: date >= 2026-05-01, or: town in Kerlévan; Saint-Elvin."
            refusals.refuse(
                field,
                "“%(line)s” is not a condition on the rows.",
                remedy,
                values=message_values,
            )
            continue
        filters.append(
            RowFilter(column=match["column"].strip(), operator=operator, values=values)
        )
    return tuple(filters)


def write_filters(filters: tuple[RowFilter, ...]) -> str:
    """The same, as it would be typed."""
    return "\n".join(
        f"{row_filter.column} {SIGN_BY_OPERATOR[row_filter.operator]} {'; '.join(row_filter.values)}"
        for row_filter in filters
    )
