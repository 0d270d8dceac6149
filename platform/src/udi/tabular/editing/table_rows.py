"""Which records of a file are rows of its table, and the cells of these that its columns have."""

from collections.abc import Sequence

from udi.tabular.formats.delimited_text import Row
from udi.tabular.formats.dialect import cell_at, has_values
from udi.tabular.formats.totals import is_total
from udi.tabular.profiles.profile import InferredTable


def is_table_row(structure: InferredTable, row: Row) -> bool:
    """Whether a record is a row of the table: it stands among its lines, says something, and is no total that is left out."""
    line, cells = row
    return (
        structure.shape.has_line(line)
        and has_values(cells)
        and not (structure.settings.totals and is_total(cells))
    )


def list_cells(structure: InferredTable, cells: Sequence[str]) -> tuple[str, ...]:
    """The cells of a record, one for each column of the table."""
    return tuple(cell_at(cells, position) for position in structure.shape.positions)
