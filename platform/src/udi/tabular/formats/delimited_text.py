"""Records of a delimited text, each with the line on which it begins."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

from udi.tabular.messages.notes import UnreadableTableError

LARGEST_CELL = 16 * 1024**2
LONGEST_LINE = 64 * 1024**2
END = "\x1e\x1eend of the text\x1e\x1e"
csv.field_size_limit(LARGEST_CELL)

Row = tuple[int, list[str]]
"""The line where a record begins, from 1, and its cells."""


class DelimitedRecords:
    """Records of a delimited text, with `skip_blanks` without the blanks before each cell; after them, `open_quote` is the line of a quotation mark that never closed, or 0."""

    def __init__(
        self, texts: Iterable[str], delimiter: str, *, skip_blanks: bool = False
    ) -> None:
        self.open_quote = 0
        self._reader = csv.reader(
            _lines(texts), delimiter=delimiter, skipinitialspace=skip_blanks
        )

    def __iter__(self) -> Iterator[Row]:
        """The records.

        Raises:
            UnreadableError: a cell is larger than any table's.
        """
        reader = self._reader
        begins = 1
        try:
            for record in reader:
                if record and END in record[-1]:
                    yield from self._last(begins, record)
                    return
                yield begins, record
                begins = reader.line_num + 1
        except (csv.Error, _TooLongError) as error:
            code = "too_large_cell"
            raise UnreadableTableError(code, line=str(begins)) from error

    def _last(self, begins: int, record: list[str]) -> Iterator[Row]:
        """The end of the text: alone when all is well, else within the cell whose quotation mark is open."""
        if record != [END]:
            self.open_quote = begins
            yield begins, [*record[:-1], record[-1].replace(END, "").rstrip("\n")]


class _TooLongError(Exception):
    pass


def _lines(texts: Iterable[str]) -> Iterator[str]:
    rest = ""
    for text in texts:
        joined = rest + text
        end = joined.rfind("\n") + 1
        if end:
            yield from StringIO(joined[:end], newline="\n")
        rest = joined[end:]
        if len(rest) > LONGEST_LINE:
            raise _TooLongError
    if rest:
        yield rest + "\n"
    yield END
