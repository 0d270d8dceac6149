"""What any JSON document must be before anything else is asked of it: finite, shallow, and fit for PostgreSQL."""

import math
import re
from collections import deque
from collections.abc import Iterator

import msgspec

from udi.protocol import fault_kinds
from udi.protocol.faults import MOST_FAULTS, Fault, InvalidDocument
from udi.protocol.userinfo import find_credentials

MOST_LEVELS = 40
MOST_VALUES = 100_000
LONGEST_TEXT = 50_000
LARGEST_WHOLE = 2**63 - 1
# NUL and lone surrogates cannot be stored in PostgreSQL; the others cannot be written in XML 1.0.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def read_json(body: bytes) -> object:
    """The value of a JSON document.

    Raises:
        InvalidDocument: it is not JSON, not UTF-8, or nested beyond reason (ERR-101).
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidDocument(
            [fault_kinds.NOT_JSON.at("", cause=str(error))]
        ) from error
    except RecursionError as error:
        raise InvalidDocument(
            [fault_kinds.TOO_DEEP.at("", limit=MOST_LEVELS)]
        ) from error


def json_type(value: object) -> str:
    """The JSON name of a value's type, as programmers say it in every language."""
    names: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "boolean"),
        ((int, float), "number"),
        (str, "string"),
        (list, "list"),
        (dict, "object"),
    )
    return next(
        (name for kind, name in names if isinstance(value, kind)),
        "null" if value is None else "value",
    )


def scan(data: object) -> list[Fault]:
    """Faults that no document may have, whatever its fields; the walk holds no recursion and stops early."""
    faults: list[Fault] = []
    waiting: deque[tuple[object, str, int]] = deque([(data, "", 0)])
    count = 0
    while waiting and len(faults) < MOST_FAULTS:
        value, path, level = waiting.popleft()
        count += 1
        if level > MOST_LEVELS:
            return [fault_kinds.TOO_DEEP.at("", limit=MOST_LEVELS)]
        if count + len(waiting) > MOST_VALUES:
            return [fault_kinds.TOO_MANY_VALUES.at("", limit=MOST_VALUES)]
        if isinstance(value, dict):
            faults.extend(fault for key in value for fault in _key_faults(key, path))
            waiting.extend(
                (item, join_path(path, key), level + 1)
                for key, item in value.items()
                if isinstance(key, str)
            )
        elif isinstance(value, list):
            waiting.extend(
                (item, f"{path}[{place}]", level + 1)
                for place, item in enumerate(value)
            )
        else:
            faults.extend(_leaf_faults(value, path))
    return faults


def join_path(path: str, name: str) -> str:
    """The path of a field inside an object."""
    if path:
        return f"{path}.{name[:100]}"
    return name[:100]


def _key_faults(key: object, path: str) -> Iterator[Fault]:
    if not isinstance(key, str):
        yield fault_kinds.NOT_STORABLE.at(path, received=type(key).__name__)
    else:
        yield from _text_faults(key, join_path(path, key))


def _leaf_faults(value: object, path: str) -> Iterator[Fault]:
    if isinstance(value, str):
        yield from _text_faults(value, path)
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield fault_kinds.NOT_FINITE.at(path)
    elif isinstance(value, int):
        if abs(value) > LARGEST_WHOLE:
            yield fault_kinds.OUT_OF_RANGE.at(
                path, value="…", minimum=-LARGEST_WHOLE, maximum=LARGEST_WHOLE
            )
    elif value is not None:
        yield fault_kinds.NOT_STORABLE.at(path, received=type(value).__name__)


def _text_faults(text: str, path: str) -> Iterator[Fault]:
    if len(text) > LONGEST_TEXT:
        yield fault_kinds.TOO_LONG.at(path, length=len(text), limit=LONGEST_TEXT)
    if scheme := find_credentials(text):
        yield fault_kinds.CREDENTIALS_IN_ADDRESS.at(path, value=f"{scheme}…:…@")
    if match := ILLEGAL.search(text):
        yield fault_kinds.ILLEGAL_CHARACTERS.at(path, value=f"U+{ord(match[0]):04X}")
