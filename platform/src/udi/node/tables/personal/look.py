"""Look for personal data in a typed table."""

from collections.abc import Sequence
from pathlib import Path

from udi.node.tables.column import ColumnType, TypedColumn
from udi.node.tables.personal.beside import find_births, find_codes, find_homes, find_special, rows_are_people
from udi.node.tables.personal.cells import Cells, open_table, read_cells
from udi.node.tables.personal.direct import (
    find_accounts,
    find_computers,
    find_mails,
    find_plates,
    find_security_numbers,
    find_telephones,
)
from udi.node.tables.personal.explanations import What
from udi.node.tables.personal.groups import find_small_groups
from udi.node.tables.personal.people import Surroundings, find_people
from udi.node.tables.personal.report import Finding, PersonalReport, Strength

NAMES = frozenset({What.FULL_NAME, What.FAMILY_NAME})
ORDER = {what: index for index, what in enumerate(What)}
ALONE = frozenset({What.NIR, What.IBAN, What.EMAIL, What.FULL_NAME, What.FAMILY_NAME, What.GIVEN_NAME})
"""What explains a column well enough: nothing else is said of it."""
MOSTLY = 0.5
UNREAD = frozenset({ColumnType.EMPTY, ColumnType.BOOLEAN, ColumnType.LATITUDE, ColumnType.LONGITUDE, ColumnType.TIME})


def look_for_personal_data(parquet: Path, columns: Sequence[TypedColumn]) -> PersonalReport:
    """What a typed table says of people: every cell is searched, the meaning of columns is judged on a sample.

    Nothing of a cell goes into the report.
    """
    with open_table(parquet) as table:
        rows = (table.execute("SELECT count(*) FROM t").fetchone() or (0,))[0]
        read = read_cells(table, columns, rows)
        around = Surroundings(tuple(cells.header for cells in read))
        found = _of_columns([cells for cells in read if cells.column.type not in UNREAD], around)
        named = any(one.what in NAMES for one in found)
        found += find_small_groups(table, read, around, named=named and not rows_are_people(found))
    found.sort(key=lambda one: (one.strength is not Strength.STOP, ORDER[one.what], -one.count))
    return PersonalReport(tuple(found), rows=rows, columns=len(columns))


def _of_columns(columns: Sequence[Cells], around: Surroundings) -> list[Finding]:
    found = [one for cells in columns for one in _numbers(cells) if one]
    taken = {one.columns[0] for one in found if one.what in ALONE and one.share >= MOSTLY}
    found += find_people([cells for cells in columns if cells.name not in taken], around)
    named = any(one.what in NAMES for one in found)
    people = rows_are_people(found)
    found += [one for cells in columns if (one := find_births(cells, people=named or people))]
    people = rows_are_people(found)
    for cells in columns:
        if any(one.what in ALONE and one.columns == (cells.name,) for one in found):
            others: tuple[Finding | None, ...] = (find_telephones(cells, people=people),) if cells.mails.count else ()
        else:
            others = (
                find_telephones(cells, people=people and not around.organised),
                find_homes(cells, around, people=people, named=named),
                find_codes(cells, people=people),
                find_special(cells, around, people=people),
            )
        found += [one for one in others if one]
    return found


def _numbers(cells: Cells) -> tuple[Finding | None, ...]:
    return (
        find_security_numbers(cells),
        find_accounts(cells),
        find_mails(cells),
        find_plates(cells),
        find_computers(cells),
    )
