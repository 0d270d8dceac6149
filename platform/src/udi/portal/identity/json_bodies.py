"""Bodies of JSON that programs send to the portal's API: no text in them holds what no database of ours keeps."""

from typing import Any

from msgspec import MsgspecError, json

from udi.kit.errors import InvalidError, Refusal

NUL = "\x00"
LONGEST_FIELD = 100


class NotJsonError(InvalidError):
    """A body is not the JSON that is expected."""

    def __init__(self) -> None:
        refusal = Refusal("", "This is not JSON.", "Send one JSON object.", "not-json")
        super().__init__(refusals=[refusal])


def decode_json(body: bytes) -> Any:
    """The value of a body.

    Raises:
        NotJsonError: it is no JSON.
        InvalidError: a text in it cannot be kept; the field is named.
    """
    try:
        value = json.decode(body)
    except (MsgspecError, ValueError, RecursionError) as error:
        raise NotJsonError from error
    fields = value.items() if isinstance(value, dict) else [("", value)]
    refusals = [
        Refusal(
            name[:LONGEST_FIELD],
            "A character of this text cannot be kept.",
            "Leave U+0000 out.",
            "no-nul",
        )
        for name, content in fields
        if _has_nul([name, content])
    ]
    if refusals:
        raise InvalidError("Nothing was kept yet.", refusals=refusals)
    return value


def decode_object(body: bytes) -> dict[str, Any]:
    """The object of a body.

    Raises:
        NotJsonError: it is something else.
        InvalidError: a text in it cannot be kept; the field is named.
    """
    value = decode_json(body)
    if not isinstance(value, dict):
        raise NotJsonError
    return value


def _has_nul(value: Any) -> bool:
    """Whether a text of a value, or a name in it, has the character; the walk holds no recursion."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, str) and NUL in item:
            return True
    return False
