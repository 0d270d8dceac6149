"""Texts that a program wrote badly: UTF-8 encoded twice, blanks before quotes, whole lines between quotes."""

import csv
import re
from collections.abc import Iterable, Iterator

from udi.tabular.formats.delimited_text import Row

LAST_CONTINUATION = 0xBF
FEWEST_PAIRS = 2
PAIRS_SHARE = 0.9
"""Share of the letters beyond ASCII that are halves of others, in a text that was encoded twice."""
LOOKED_LINES = 200
QUOTED_SHARE = 0.9


def _windows_letter(byte: int) -> str:
    """How Windows-1252 reads a byte; the five that it has no letter for stay controls."""
    return bytes([byte]).decode("cp1252", "ignore") or chr(byte)


BYTE_OF_LETTER = {_windows_letter(byte): byte for byte in range(0x80, 0x100)}
_REST = "".join(
    re.escape(_windows_letter(byte)) for byte in range(0x80, LAST_CONTINUATION + 1)
)
TWICE = re.compile(
    rf"[\xc2-\xdf][{_REST}]|[\xe0-\xef][{_REST}]{{2}}|[\xf0-\xf4][{_REST}]{{3}}"
)
"""UTF-8 of one character, each of its bytes read as a letter of Windows-1252."""


def is_encoded_twice(text: str) -> bool:
    """Whether nearly all that is not ASCII in a text is UTF-8 read as Windows-1252: `MÃ©diathÃ¨que`."""
    if "Ã" not in text and "â€" not in text:
        return False
    pairs = TWICE.findall(text)
    if len(pairs) < FEWEST_PAIRS:
        return False
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    return sum(map(len, pairs)) >= PAIRS_SHARE * beyond


def decode_twice(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows of a text that was encoded twice, with their letters."""
    for line, cells in rows:
        if all(map(str.isascii, cells)):
            yield line, cells
        else:
            yield line, [TWICE.sub(_decode_pair, cell) for cell in cells]


def _decode_pair(match: "re.Match[str]") -> str:
    try:
        return bytes(BYTE_OF_LETTER[letter] for letter in match[0]).decode()
    except UnicodeDecodeError:
        return match[0]


def has_blanks_before_quotes(text: str, delimiter: str) -> bool:
    """Whether quoted cells begin after a delimiter and a blank, as in `1, "a, b", 2`."""
    mark = re.escape(delimiter)
    return (
        re.search(rf'{mark} +"[^"\n]*"[ ]*(?:{mark}|$)', text, re.MULTILINE) is not None
    )


def unwrap_lines(text: str) -> str:
    """A text whose whole lines stand between quotes, without these quotes; empty when it is none such."""
    lines = [line for line in text.splitlines()[:LOOKED_LINES] if line.strip()]
    wrapped = [line[1:-1] for line in lines if _is_wrapped(line)]
    if not lines or len(wrapped) < QUOTED_SHARE * len(lines):
        return ""
    return "".join(line.replace('""', '"') + "\n" for line in wrapped)


def _is_wrapped(line: str) -> bool:
    """Whether a line is one quoted cell: the quotes in it are double."""
    return (
        line.startswith('"')
        and line.endswith('"')
        and '"' not in line[1:-1].replace('""', "")
    )


def unwrap_records(rows: Iterable[Row], delimiter: str) -> Iterator[Row]:
    """The records of a text whose whole lines stand between quotes."""
    for line, cells in rows:
        if len(cells) == 1 and delimiter in cells[0]:
            yield line, _split_record(cells, delimiter)
        else:
            yield line, cells


def _split_record(cells: list[str], delimiter: str) -> list[str]:
    """The cells of a record in one cell; the same when it cannot be cut, as with a line break outside quotes."""
    try:
        return next(csv.reader([cells[0]], delimiter=delimiter))
    except csv.Error:
        return cells
