r"""Regular expressions of schemas for DuckDB, whose dialect (RE2) has no look-around and no back-reference.

Schemas mean Unicode letters by `\w` and write `\u00C0`, `\–`; RE2 does not: a pattern is rewritten, tried, and left to
Python when RE2 still refuses it.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

import duckdb

from udi.tabular.sandbox.duckdb_sandbox import IN_MEMORY, Connection, open_database

UNICODE = {
    "w": r"\p{L}\p{N}_",
    "d": r"\p{Nd}",
    "s": r"\s\x{0B}\x{85}\x{A0}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}",
}
"""What Python's classes hold, as the inside of a class of RE2."""
LONGEST_TRIED = 2_000
"""Longer values are not given to Python's engine, whose time may explode; they count as not matching."""


@dataclass(frozen=True)
class Pattern:
    """A pattern as DuckDB can run it; `python` when only Python can."""

    text: str
    python: bool


def translate(pattern: str) -> str:
    """The same pattern in RE2's dialect."""
    pieces = []
    inside = False
    place = 0
    while place < len(pattern):
        character = pattern[place]
        if character == "\\" and place + 1 < len(pattern):
            piece, place = _escape(pattern, place, inside=inside)
            pieces.append(piece)
            continue
        if character == "[" and inside and not pattern.startswith("[:", place):
            character = r"\["
        inside = {"[": True, "]": False}.get(character, inside)
        pieces.append(character)
        place += 1
        if character == "[":
            place = _class_start(pattern, place, pieces)
    return "".join(pieces)


def _class_start(pattern: str, place: int, pieces: list[str]) -> int:
    """A `]` that comes first in a class is a letter of it."""
    if pattern.startswith("^", place):
        pieces.append("^")
        place += 1
    if pattern.startswith("]", place):
        pieces.append(r"\]")
        place += 1
    return place


def _escape(pattern: str, place: int, *, inside: bool) -> tuple[str, int]:
    letter = pattern[place + 1]
    if letter == "u" and re.fullmatch("[0-9A-Fa-f]{4}", pattern[place + 2 : place + 6]):
        return rf"\x{{{pattern[place + 2 : place + 6]}}}", place + 6
    if letter in UNICODE:
        return UNICODE[letter] if inside else f"[{UNICODE[letter]}]", place + 2
    if letter.lower() in UNICODE and not inside:
        return f"[^{UNICODE[letter.lower()]}]", place + 2
    if letter == "Z":
        return r"\z", place + 2
    if ord(letter) > 127:  # noqa: PLR2004 - past ASCII nothing needs an escape
        return letter, place + 2
    return f"\\{letter}", place + 2


@cache
def _open_engine() -> Connection:
    """A database without rows, which stays: to make one for each pattern took a hundred times what it is asked."""
    return open_database(IN_MEMORY)


@lru_cache(maxsize=4096)
def compile_pattern(pattern: str) -> Pattern | None:
    """How to run a pattern, or None when no engine reads it."""
    text = translate(pattern)
    try:
        with _open_engine().cursor() as cursor:
            cursor.execute("SELECT regexp_full_match('', ?)", [text])
    except duckdb.Error:
        try:
            re.compile(pattern)
        except re.error:
            return None
        return Pattern(pattern, python=True)
    return Pattern(text, python=False)
