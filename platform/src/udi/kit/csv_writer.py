"""Tables that the programs write themselves, as CSV."""

import csv
import io
from collections.abc import Iterable, Sequence

ACTIVE = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would take for a formula (ASVS 5.0, 1.2.10)."""
APOSTROPHE = "'"
SEMICOLON = frozenset(
    {"fr", "de", "es", "it", "pt", "nl", "br", "ca", "eu", "oc", "co"}
)
"""Languages that write the decimal comma: their spreadsheets open a CSV whose columns a semicolon separates, no other."""
MARK = "\ufeff"


def write_csv(
    header: Sequence[str], rows: Iterable[Sequence[object]], reader: str = ""
) -> bytes:
    """A table in UTF-8; a text that a spreadsheet would run begins with an apostrophe.

    `reader` is the language of the person who will open it by a double click: the separator is their spreadsheet's, and
    a mark tells it the encoding. Without one, it is data for any program: commas, no mark.
    """
    return (MARK if reader else "").encode() + write_rows([header, *rows], reader)


def write_rows(rows: Iterable[Sequence[object]], reader: str = "") -> bytes:
    """Some rows of such a table, to follow others."""
    buffer = io.StringIO()
    writer = csv.writer(
        buffer, delimiter=";" if reader in SEMICOLON else ",", lineterminator="\r\n"
    )
    writer.writerows([neutralise_formula(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode()


def neutralise_formula(cell: object) -> object:
    """A cell that no spreadsheet runs as a formula; numbers stay numbers.

    A text that has apostrophes before such a sign gets one more, so that `restore_text` gives back what was there.
    """
    if isinstance(cell, str) and cell.lstrip(APOSTROPHE).startswith(ACTIVE):
        return f"{APOSTROPHE}{cell}"
    return cell


def restore_text(text: str) -> str:
    """A text as it was before `neutralise_formula`."""
    if text.startswith(APOSTROPHE) and text.lstrip(APOSTROPHE).startswith(ACTIVE):
        return text.removeprefix(APOSTROPHE)
    return text
