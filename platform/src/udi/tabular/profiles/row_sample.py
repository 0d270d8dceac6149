"""Some rows of a table: enough to know its names, its columns and its end, whatever its size."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import SAMPLE_RECORDS, has_values
from udi.tabular.formats.table_end import TAIL
from udi.tabular.messages.notes import UnreadableTableError
from udi.tabular.profiles.opened_files import SCANNED, OpenedFile

MOST_COLUMNS = 1000
WIDEST_RECORD = 16_384
"""Cells of one record, empty ones included, which spreadsheets cannot have more of: what is wider is not read further."""
MOST_CELLS = 400_000
"""Cells looked at to find the types, spread over the rows that are read."""
FEWEST_ROWS = 200
MOST_ROWS = 4000


@dataclass
class RowSample:
    """Rows of a table: the first ones, and some spread over all that was read."""

    first: list[Row]
    spread: list[Row]
    count: int
    ended: bool
    widest: Row = (0, [])
    tail: deque[Row] = field(default_factory=lambda: deque(maxlen=TAIL))
    """The last records, empty ones too."""

    def knows_after(self, line: int) -> bool:
        """Whether all records after a line are there."""
        return self.is_whole or bool(self.tail and self.tail[0][0] <= line)

    def count_after(self, line: int) -> int:
        """Records after a line that say something, as far as they are there; none after line 0."""
        if not line:
            return 0
        rows: Iterable[Row] = self.spread if self.is_whole else self.tail
        return sum(1 for number, cells in rows if number > line and has_values(cells))

    @property
    def is_whole(self) -> bool:
        return self.ended and len(self.spread) >= self.count

    def rows_with_widest(self) -> list[Row]:
        """The rows of the spread with the widest one, which may have columns of its own."""
        if self.widest in self.spread:
            return self.spread
        return [*self.spread, self.widest]

    def estimate_row_count(self, size: int, table: OpenedFile) -> int:
        """Rows that say something; reckoned when reading stopped before the end."""
        if self.ended or not table.bytes_read:
            return self.count
        return round(self.count * max(1.0, size / table.bytes_read))


def sample_rows(table: OpenedFile) -> RowSample:
    """Rows spread over what is read: every second one goes each time that there are too many; the widest one stays.

    Raises:
        UnreadableError: a record is wider than any table.
    """
    sample = RowSample([], [], 0, ended=True)
    step = 1
    most = MOST_ROWS
    for line, cells in table.rows():
        if len(cells) > WIDEST_RECORD:
            raise UnreadableTableError("too_many_columns", most=f"{MOST_COLUMNS:,}")
        sample.tail.append((line, cells))
        if len(sample.first) < SAMPLE_RECORDS:
            sample.first.append((line, cells))
        if not has_values(cells):
            continue
        if len(cells) > len(sample.widest[1]):
            sample.widest = line, cells
            most = max(FEWEST_ROWS, min(MOST_ROWS, MOST_CELLS // len(cells)))
        if sample.count % step == 0:
            sample.spread.append((line, cells))
        sample.count += 1
        if len(sample.spread) > 2 * most:
            sample.spread = sample.spread[::2]
            step = 2 * step
        if table.bytes_read > SCANNED:
            sample.ended = False
            break
    return sample
