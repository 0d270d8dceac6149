"""Lists and names as addresses write them: commas between, double quotes around what holds a comma."""

import re
from itertools import islice

from udi.kit.errors import Refusal
from udi.node.tables.wrong import WrongError, unreadable

MOST_VALUES = 1_000
ITEM = re.compile(r'"((?:[^"\\]|\\.)*)",|([^,]*),', re.DOTALL)


def items(text: str) -> list[str]:
    """The items of `a,"b,c",d`.

    Raises:
        WrongError: they are too many.
    """
    found = [
        match[2] if match[1] is None else unquoted(match[1])
        for match in islice(ITEM.finditer(f"{text},"), MOST_VALUES + 1)
    ]
    if len(found) > MOST_VALUES:
        remedy = "Write from 1 to %(most)s of them, with commas between."
        raise WrongError(Refusal("", "This list cannot be read.", remedy, "wrong-value", {"most": MOST_VALUES}))
    return found


def parts(text: str) -> list[str]:
    """Split at the commas that stand outside quotes and parentheses.

    Raises:
        WrongError: a quote or a parenthesis is not closed.
    """
    found, start, depth, quoted, escaped = [], 0, 0, False, False
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
                raise unreadable()
        elif sign == "," and not quoted and depth == 0:
            found.append(text[start:place])
            start = place + 1
    if quoted or depth:
        raise unreadable()
    return [*found, text[start:]]


def unquoted(text: str) -> str:
    r"""What stands between quotes, where `\"` is a quote."""
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
