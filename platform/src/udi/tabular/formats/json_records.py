"""Lists of JSON objects as tables: an array, lines of objects, or the first list of objects within an object.

An object inside an object gives columns `outer.inner`, one level deep; what lies deeper stays JSON in its cell.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Self

from udi.tabular.formats.delimited_text import Row
from udi.tabular.messages.notes import UnreadableTableError

LARGEST_RECORD = 16 * 1024**2
DEEPEST = 3
MOST_COLUMNS = 1000
SPACE = re.compile(r"[ \t\n\r]*")
Record = dict[str, str]


class LiteralFloat(float):
    """A number that remembers how it is written."""

    def __new__(cls, text: str) -> Self:
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str


DECODER = json.JSONDecoder(parse_float=LiteralFloat, parse_constant=str)


class _TextWindow:
    """A piece of a text that moves on, so that any file is read in constant memory."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = iter(texts)
        self._text = ""
        self._at = 0
        self.line = 1
        self._ended = False

    def peek(self) -> str:
        """The next character that is no space, empty at the end."""
        while True:
            self._move((SPACE.match(self._text, self._at) or _never()).end())
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self) -> str:
        """Pass over one character."""
        character = self.peek()
        self._move(self._at + 1)
        return character

    def read_value(self) -> Any:
        """The JSON value that begins here.

        Raises:
            UnreadableError: there is none, or it is too large.
        """
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if isinstance(error, RecursionError) or not self._grow():
                    raise self.syntax_error() from error
                continue
            if end < len(self._text) or not self._more():
                self._move(end)
                return value

    def has_second_object(self) -> bool:
        """Whether a second object follows the first one, as in lines of objects."""
        try:
            end = DECODER.raw_decode(self._text, self._at)[1]
        except (ValueError, RecursionError):
            return False
        return (SPACE.match(self._text, end) or _never()).end() < len(self._text)

    def syntax_error(self) -> UnreadableTableError:
        return UnreadableTableError("not_json")

    def _grow(self) -> bool:
        """Read as much again, so that what is parsed twice stays less than what is parsed once."""
        size = len(self._text) - self._at
        if size > LARGEST_RECORD:
            return False
        grown = False
        while len(self._text) - self._at < 2 * size + 1 and self._more():
            grown = True
        return grown

    def _move(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to

    def _more(self) -> bool:
        piece = "" if self._ended else next(self._texts, None)
        if piece is None:
            self._ended = True
            return False
        if self._ended:
            return False
        self._text = self._text[self._at :] + piece
        self._at = 0
        return True


def _never() -> "re.Match[str]":
    raise AssertionError


def json_records(texts: Iterable[str]) -> Iterator[tuple[int, Record]]:
    """The objects of a JSON text as flat records, each with the line where it begins.

    Raises:
        UnreadableError: the text is no JSON, or holds no list of objects.
    """
    window = _TextWindow(texts)
    count = 0
    first = window.peek()
    if not first:
        raise UnreadableTableError("empty")
    entries = _read_list(window) if first == "[" else _find_objects(window)
    for line, value in entries:
        if not isinstance(value, dict):
            raise UnreadableTableError("no_records")
        count += 1
        yield line, flatten(value)
    if not count:
        raise UnreadableTableError("no_records")


def _read_list(window: _TextWindow) -> Iterator[tuple[int, Any]]:
    window.take()
    while (mark := window.peek()) != "]":
        if not mark:
            raise window.syntax_error()
        line = window.line
        yield line, window.read_value()
        if window.peek() not in {",", "]"}:
            raise window.syntax_error()
        if window.peek() == ",":
            window.take()


def _find_objects(window: _TextWindow) -> Iterator[tuple[int, Any]]:
    """Lines of objects, or the first list of objects that an object holds."""
    if window.peek() != "{":
        window.read_value()
        raise UnreadableTableError("no_records")
    if window.has_second_object():
        return _read_lines(window)
    return _Members(window).search(0)


def _read_lines(window: _TextWindow) -> Iterator[tuple[int, Any]]:
    while window.peek():
        line = window.line
        yield line, window.read_value()


class _Members:
    """The members of an object read one by one, until one is a list of objects."""

    def __init__(self, window: _TextWindow) -> None:
        self.has_objects = False
        self._window = window

    def search(self, depth: int) -> Iterator[tuple[int, Any]]:
        window = self._window
        window.take()
        while window.peek() == '"':
            window.read_value()
            if window.take() != ":":
                raise window.syntax_error()
            yield from self._member(depth)
            if self.has_objects:
                return
            if window.peek() == ",":
                window.take()
        if window.take() != "}":
            raise window.syntax_error()

    def _member(self, depth: int) -> Iterator[tuple[int, Any]]:
        window = self._window
        if window.peek() == "{" and depth + 1 < DEEPEST:
            yield from self.search(depth + 1)
        elif window.peek() == "[":
            for line, item in _read_list(window):
                self.has_objects = self.has_objects or isinstance(item, dict)
                if self.has_objects:
                    yield line, item
            if not self.has_objects:
                window.take()
        else:
            window.read_value()


def flatten(record: dict[str, Any]) -> Record:
    """One level of objects as columns, everything as text; null is empty."""
    flat: Record = {}
    for name, value in record.items():
        if isinstance(value, dict) and value:
            flat.update(
                {
                    f"{name}.{inner}": _text(inner_value)
                    for inner, inner_value in value.items()
                }
            )
        else:
            flat[name] = _text(value)
    return flat


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        if value:
            return "true"
        return "false"
    if isinstance(value, LiteralFloat):
        return value.text
    if isinstance(value, str):
        text = value
    else:
        text = json.dumps(value, ensure_ascii=False)
    plain = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    return plain.encode("utf-8", "replace").decode()


def record_names(records: Iterable[tuple[int, Record]]) -> tuple[str, ...]:
    """Every name that some record has, in the order of their first use.

    Raises:
        UnreadableError: there are more than a table may have.
    """
    names: dict[str, None] = {}
    for _, record in records:
        if not record.keys() <= names.keys():
            names.update(dict.fromkeys(record))
            if len(names) > MOST_COLUMNS:
                raise UnreadableTableError("too_many_columns", most=f"{MOST_COLUMNS:,}")
    return tuple(names)


def record_rows(
    records: Iterable[tuple[int, Record]], names: tuple[str, ...]
) -> Iterator[Row]:
    """The records as rows under these names."""
    for line, record in records:
        yield line, [record.get(name, "") for name in names]
