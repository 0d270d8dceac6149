"""Lists and names as addresses write them: commas between, double quotes around what holds a comma."""

import re
from itertools import islice

from udi.kit.errors import Refusal
from udi.tabular.messages.query_errors import InvalidQueryError, unreadable_conditions

MOST_VALUES = 1_000
ITEM = re.compile(r'"((?:[^"\\]|\\.)*)",|([^,]*),', re.DOTALL)


def split_items(text: str) -> list[str]:
    """The items of `a,"b,c",d`.

    Raises:
        InvalidQueryError: they are too many.
    """
    values = [
        match[2] if match[1] is None else unquote(match[1])
        for match in islice(ITEM.finditer(f"{text},"), MOST_VALUES + 1)
    ]
    if len(values) > MOST_VALUES:
        remedy = "Write from 1 to %(most)s of them, with commas between."
        raise InvalidQueryError(
            Refusal(
                "",
                "This list cannot be read.",
                remedy,
                "wrong-value",
                {"most": MOST_VALUES},
            )
        )
    return values


def split_parts(text: str) -> list[str]:
    """Split at the commas that stand outside quotes and parentheses.

    Raises:
        InvalidQueryError: a quote or a parenthesis is not closed.
    """
    segments = []
    start = 0
    depth = 0
    quoted = False
    escaped = False
    for place, sign in enumerate(text):
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = quoted
        elif sign == '"':
            quoted = not quoted
        elif not quoted and sign in "()":
            depth += 1 if sign == "(" else -1
            if depth < 0:
                raise unreadable_conditions()
        elif sign == "," and not quoted and depth == 0:
            segments.append(text[start:place])
            start = place + 1
    if quoted or depth:
        raise unreadable_conditions()
    return [*segments, text[start:]]


def unquote(text: str) -> str:
    r"""What stands between quotes, where `\"` is a quote."""
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
