"""Look for personal data in a typed table."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from udi.node.tables.column import ColumnType, TypedColumn
from udi.node.tables.locked import Connection
from udi.node.tables.markup import leaves
from udi.node.tables.personal.beside import (
    find_births,
    find_codes,
    find_family_status,
    find_homes,
    find_special,
    rows_are_people,
)
from udi.node.tables.personal.cells import Cells, open_table, read_cells
from udi.node.tables.personal.direct import (
    find_accounts,
    find_computers,
    find_mails,
    find_plates,
    find_security_numbers,
    find_tax_numbers,
    find_telephones,
)
from udi.node.tables.personal.explanations import What
from udi.node.tables.personal.fields import gather
from udi.node.tables.personal.groups import find_small_groups
from udi.node.tables.personal.people import Surroundings, find_people
from udi.node.tables.personal.report import Finding, PersonalReport, Strength
from udi.node.tables.personal.vocabulary import Header

NAMES = frozenset({What.FULL_NAME, What.FAMILY_NAME})
ALL_NAMES = NAMES | {What.GIVEN_NAME}
ORDER = {what: index for index, what in enumerate(What)}
ALONE = frozenset({What.NIR, What.TAX_NUMBER, What.IBAN, What.EMAIL, What.FULL_NAME, What.FAMILY_NAME, What.GIVEN_NAME})
"""What explains a column well enough: nothing else is said of it."""
MOSTLY = 0.5
SAID_BY_VALUES = frozenset({What.FULL_NAME, What.FAMILY_NAME, What.BIRTH_DATE, What.ADDRESS})
"""What values may say in spite of the name of their column; a lone first name is that of a place as often."""
UNREAD = frozenset({ColumnType.EMPTY, ColumnType.BOOLEAN, ColumnType.LATITUDE, ColumnType.LONGITUDE, ColumnType.TIME})


def look_for_personal_data(
    parquet: Path, columns: Sequence[TypedColumn], other_headers: Sequence[Sequence[str]] = ()
) -> PersonalReport:
    """What a typed table says of people: every cell is searched, the meaning of columns is judged on a sample.

    `other_headers` are what the columns may be called instead, where their line is doubtful: the table is searched again
    under each, and the findings are joined. Where it is sure, what values alone say in spite of a name is a warning.
    Nothing of a cell goes into the report.
    """
    with open_table(parquet) as table:
        rows = (table.execute("SELECT count(*) FROM t").fetchone() or (0,))[0]
        read = read_cells(table, columns, rows)
        found = [*_search(table, read), *_search_objects(read)]
        for names in other_headers:
            found = join_findings(found, _search(table, _renamed(read, names)))
        if not other_headers:
            unnamed = _search(table, _renamed(read, ("",) * len(read)))
            found = join_findings(found, [_as_warning(one) for one in unnamed if one.what in SAID_BY_VALUES])
    found.sort(key=lambda one: (one.strength is not Strength.STOP, ORDER[one.what], -one.count))
    return PersonalReport(tuple(found), rows=rows, columns=len(columns))


def _search_objects(read: Sequence[Cells]) -> list[Finding]:
    """What the objects say that stand in the cells of a column as JSON, told of this column."""
    found = []
    for cells in read:
        objects = [one for _, text in cells.sample if (one := _as_object(text)) is not None]
        if objects and len(objects) >= MOSTLY * len(cells.sample):
            inner = look_at_fields(gather(leaves(objects, cells.name)))
            told = [replace(one, columns=(cells.name,), lines=(), estimated=True) for one in inner]
            found += join_findings(told, ())
    return found


def _as_object(text: str) -> object | None:
    if not text.startswith(("{", "[")):
        return None
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def look_at_fields(fields: Sequence[Cells]) -> list[Finding]:
    """What values say of people that stand under names and not in rows, under these names and by themselves."""
    found = _of_fields(fields)
    return join_findings(found, [_as_warning(one) for one in _of_fields(_renamed(fields, ("",) * len(fields)))])


def _of_fields(fields: Sequence[Cells]) -> list[Finding]:
    around = Surroundings(tuple(cells.header for cells in fields))
    return _of_columns([cells for cells in fields if cells.column.type not in UNREAD], around)


def _search(table: Connection, read: Sequence[Cells]) -> list[Finding]:
    around = Surroundings(tuple(cells.header for cells in read))
    found = _of_columns([cells for cells in read if cells.column.type not in UNREAD], around)
    named = any(one.what in NAMES for one in found)
    return found + find_small_groups(table, read, around, named=named and not rows_are_people(found))


def _renamed(read: Sequence[Cells], names: Sequence[str]) -> list[Cells]:
    """The same cells under other names; the columns keep theirs, in which findings are told."""
    return [replace(cells, header=Header(name)) for cells, name in zip(read, names, strict=False)]


def join_findings(found: Sequence[Finding], others: Sequence[Finding]) -> list[Finding]:
    """The findings of two searches of the same columns; of those of one kind, the one that stops, then the first."""
    joined = {_subject(one): one for one in reversed(found)}
    for one in others:
        known = joined.get(_subject(one))
        if known is None or (known.strength is Strength.WARNING and one.strength is Strength.STOP):
            joined[_subject(one)] = one
    return list(joined.values())


def _as_warning(one: Finding) -> Finding:
    return replace(one, strength=Strength.WARNING)


def _subject(one: Finding) -> tuple[tuple[str, ...], What]:
    """What a finding is about: a column is told to hold names once, whichever names they are."""
    return one.columns, What.FULL_NAME if one.what in ALL_NAMES else one.what


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
                find_family_status(cells, around, people=people),
            )
        found += [one for one in others if one]
    return found


def _numbers(cells: Cells) -> tuple[Finding | None, ...]:
    return (
        find_security_numbers(cells),
        find_tax_numbers(cells),
        find_accounts(cells),
        find_mails(cells),
        find_plates(cells),
        find_computers(cells),
    )
