"""What a reader writes in an address, as a value of the column's type."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from math import isfinite

from udi.kit.errors import Refusal
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.messages.query_errors import InvalidQueryError
from udi.tabular.queries.query import NUMBERS, WHOLE, Operator, Value

TRUE = frozenset({"true", "t", "1", "yes", "oui", "vrai"})
FALSE = frozenset({"false", "f", "0", "no", "non", "faux"})
LARGEST = 2**63
LONGEST_WHOLE = 400
FINITE = set("0123456789+-.eE")


def read_value(column: TypedColumn, operator: Operator, text: str) -> Value:
    """The value that a text stands for.

    Raises:
        InvalidQueryError: it is not of the column's type.
    """
    if "\x00" in text:
        refusal = Refusal(
            "",
            "This value contains a character that is not allowed.",
            "Remove it.",
            "wrong-value",
        )
        raise InvalidQueryError(refusal)
    if operator in {Operator.CONTAINS, Operator.NOT_CONTAINS}:
        return text
    if column.type in NUMBERS:
        return _number(text, whole=column.type in WHOLE)
    readers: dict[ColumnType, Callable[[str], Value]] = {
        ColumnType.BOOLEAN: _boolean,
        ColumnType.DATE: _date,
        ColumnType.DATETIME: _moment,
        ColumnType.TIME: _time,
    }
    reader = readers.get(column.type)
    if reader:
        return reader(text.strip())
    return text


def _number(text: str, *, whole: bool) -> int | float:
    number_text = text.strip()
    try:
        return _whole_or_float(
            number_text if set(number_text) <= FINITE else "", whole=whole
        )
    except ValueError:
        refusal = Refusal(
            "",
            "This is not a number.",
            "Write it with digits and a point: 12.5.",
            "wrong-value",
        )
        raise InvalidQueryError(refusal) from None


def _whole_or_float(number_text: str, *, whole: bool) -> int | float:
    if (
        whole
        and "." not in number_text
        and "e" not in number_text.lower()
        and len(number_text) < LONGEST_WHOLE
    ):
        number = int(number_text)
        if -LARGEST <= number < LARGEST:
            return number
    decimal = float(number_text)
    if not isfinite(decimal):
        raise ValueError
    return decimal


def _boolean(text: str) -> bool:
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise InvalidQueryError(
        Refusal(
            "", "This is neither true nor false.", "Write true or false.", "wrong-value"
        )
    )


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        refusal = Refusal(
            "", "This is not a date.", "Write it as 2026-01-31.", "wrong-value"
        )
        raise InvalidQueryError(refusal) from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(
            text.replace(" ", "T", 1) if "T" not in text else text.replace(" ", "+")
        )
        if moment.tzinfo:
            return moment.astimezone(UTC).replace(tzinfo=None)
        return moment
    except (ValueError, OverflowError):
        refusal = Refusal(
            "",
            "This is not a date with a time.",
            "Write it as 2026-01-31T12:00:00.",
            "wrong-value",
        )
        raise InvalidQueryError(refusal) from None


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        refusal = Refusal(
            "",
            "This is not a time of day.",
            "Write it as 14:30 or 14:30:05.",
            "wrong-value",
        )
        raise InvalidQueryError(refusal) from None
