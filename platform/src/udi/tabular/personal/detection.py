"""Look for personal data in a typed table."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.formats.markup import leaves
from udi.tabular.personal.cells import ColumnCells, open_table, read_cells
from udi.tabular.personal.direct_identifiers import (
    find_bank_accounts,
    find_emails,
    find_ip_addresses,
    find_plates,
    find_security_numbers,
    find_tax_numbers,
    find_telephones,
)
from udi.tabular.personal.explanations import PersonalDataKind
from udi.tabular.personal.fields import gather_fields
from udi.tabular.personal.people import HeaderContext, find_people
from udi.tabular.personal.person_attributes import (
    find_births,
    find_codes,
    find_family_status,
    find_homes,
    find_special_categories,
    rows_are_people,
)
from udi.tabular.personal.report import (
    PersonalDataFinding,
    PersonalDataReport,
    PersonalDataSeverity,
)
from udi.tabular.personal.small_groups import find_small_groups
from udi.tabular.personal.vocabulary import Header
from udi.tabular.sandbox.duckdb_sandbox import Connection

NAMES = frozenset({PersonalDataKind.FULL_NAME, PersonalDataKind.FAMILY_NAME})
ALL_NAMES = NAMES | {PersonalDataKind.GIVEN_NAME}
ORDER = {what: index for index, what in enumerate(PersonalDataKind)}
ALONE = frozenset(
    {
        PersonalDataKind.NIR,
        PersonalDataKind.TAX_NUMBER,
        PersonalDataKind.IBAN,
        PersonalDataKind.EMAIL,
        PersonalDataKind.FULL_NAME,
        PersonalDataKind.FAMILY_NAME,
        PersonalDataKind.GIVEN_NAME,
    }
)
"""What explains a column well enough: nothing else is said of it."""
MOSTLY = 0.5
SAID_BY_VALUES = frozenset(
    {
        PersonalDataKind.FULL_NAME,
        PersonalDataKind.FAMILY_NAME,
        PersonalDataKind.BIRTH_DATE,
        PersonalDataKind.ADDRESS,
    }
)
"""What values may say in spite of the name of their column; a lone first name is that of a place as often."""
UNREAD = frozenset(
    {
        ColumnType.EMPTY,
        ColumnType.BOOLEAN,
        ColumnType.LATITUDE,
        ColumnType.LONGITUDE,
        ColumnType.TIME,
    }
)


def detect_personal_data(
    parquet: Path,
    columns: Sequence[TypedColumn],
    other_headers: Sequence[Sequence[str]] = (),
) -> PersonalDataReport:
    """What a typed table says of people: every cell is searched, the meaning of columns is judged on a sample.

    `other_headers` are what the columns may be called instead, where their line is doubtful: the table is searched again
    under each, and the findings are joined. Where it is sure, what values alone say in spite of a name is a warning.
    Nothing of a cell goes into the report.
    """
    with open_table(parquet) as table:
        rows = (table.execute("SELECT count(*) FROM t").fetchone() or (0,))[0]
        read = read_cells(table, columns, rows)
        findings = [*_search(table, read), *_search_objects(read)]
        for names in other_headers:
            findings = join_findings(
                findings, _search(table, _with_headers(read, names))
            )
        if not other_headers:
            unnamed = _search(table, _with_headers(read, ("",) * len(read)))
            findings = join_findings(
                findings,
                [
                    _as_warning(finding)
                    for finding in unnamed
                    if finding.what in SAID_BY_VALUES
                ],
            )
    findings.sort(
        key=lambda finding: (
            finding.strength is not PersonalDataSeverity.STOP,
            ORDER[finding.what],
            -finding.count,
        )
    )
    return PersonalDataReport(tuple(findings), rows=rows, columns=len(columns))


def _search_objects(read: Sequence[ColumnCells]) -> list[PersonalDataFinding]:
    """What the objects say that stand in the cells of a column as JSON, reported of this column."""
    findings = []
    for cells in read:
        objects = [
            json_object
            for _, text in cells.sample
            if (json_object := _as_object(text)) is not None
        ]
        if objects and len(objects) >= MOSTLY * len(cells.sample):
            inner = search_fields(gather_fields(leaves(objects, cells.name)))
            column_findings = [
                replace(finding, columns=(cells.name,), lines=(), estimated=True)
                for finding in inner
            ]
            findings += join_findings(column_findings, ())
    return findings


def _as_object(text: str) -> object | None:
    if not text.startswith(("{", "[")):
        return None
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict | list):
        return value
    return None


def search_fields(fields: Sequence[ColumnCells]) -> list[PersonalDataFinding]:
    """What values say of people that stand under names and not in rows, under these names and by themselves."""
    findings = _findings_of_fields(fields)
    return join_findings(
        findings,
        [
            _as_warning(finding)
            for finding in _findings_of_fields(
                _with_headers(fields, ("",) * len(fields))
            )
        ],
    )


def _findings_of_fields(fields: Sequence[ColumnCells]) -> list[PersonalDataFinding]:
    around = HeaderContext(tuple(cells.header for cells in fields))
    return _findings_of_columns(
        [cells for cells in fields if cells.column.type not in UNREAD], around
    )


def _search(
    table: Connection, read: Sequence[ColumnCells]
) -> list[PersonalDataFinding]:
    around = HeaderContext(tuple(cells.header for cells in read))
    findings = _findings_of_columns(
        [cells for cells in read if cells.column.type not in UNREAD], around
    )
    named = any(finding.what in NAMES for finding in findings)
    return findings + find_small_groups(
        table, read, around, named=named and not rows_are_people(findings)
    )


def _with_headers(
    read: Sequence[ColumnCells], names: Sequence[str]
) -> list[ColumnCells]:
    """The same cells under other names; the columns keep theirs, in which findings are reported."""
    return [
        replace(cells, header=Header(name))
        for cells, name in zip(read, names, strict=False)
    ]


def join_findings(
    findings: Sequence[PersonalDataFinding], others: Sequence[PersonalDataFinding]
) -> list[PersonalDataFinding]:
    """The findings of two searches of the same columns; of those of one kind, the one that stops, then the first."""
    joined = {_subject(finding): finding for finding in reversed(findings)}
    for finding in others:
        existing = joined.get(_subject(finding))
        if existing is None or (
            existing.strength is PersonalDataSeverity.WARNING
            and finding.strength is PersonalDataSeverity.STOP
        ):
            joined[_subject(finding)] = finding
    return list(joined.values())


def _as_warning(finding: PersonalDataFinding) -> PersonalDataFinding:
    return replace(finding, strength=PersonalDataSeverity.WARNING)


def _subject(finding: PersonalDataFinding) -> tuple[tuple[str, ...], PersonalDataKind]:
    """What a finding is about: a column is reported once as holding names, whichever names they are."""
    return (
        finding.columns,
        PersonalDataKind.FULL_NAME if finding.what in ALL_NAMES else finding.what,
    )


def _findings_of_columns(
    columns: Sequence[ColumnCells], around: HeaderContext
) -> list[PersonalDataFinding]:
    findings = [
        finding
        for cells in columns
        for finding in _direct_identifiers(cells)
        if finding
    ]
    settled_columns = {
        finding.columns[0]
        for finding in findings
        if finding.what in ALONE and finding.share >= MOSTLY
    }
    findings += find_people(
        [cells for cells in columns if cells.name not in settled_columns], around
    )
    named = any(finding.what in NAMES for finding in findings)
    people = rows_are_people(findings)
    findings += [
        finding
        for cells in columns
        if (finding := find_births(cells, people=named or people))
    ]
    people = rows_are_people(findings)
    for cells in columns:
        if any(
            finding.what in ALONE and finding.columns == (cells.name,)
            for finding in findings
        ):
            others: tuple[PersonalDataFinding | None, ...] = (
                (find_telephones(cells, people=people),) if cells.mails.count else ()
            )
        else:
            others = (
                find_telephones(cells, people=people and not around.has_organisations),
                find_homes(cells, around, people=people, named=named),
                find_codes(cells, people=people),
                find_special_categories(cells, around, people=people),
                find_family_status(cells, around, people=people),
            )
        findings += [finding for finding in others if finding]
    return findings


def _direct_identifiers(cells: ColumnCells) -> tuple[PersonalDataFinding | None, ...]:
    return (
        find_security_numbers(cells),
        find_tax_numbers(cells),
        find_bank_accounts(cells),
        find_emails(cells),
        find_plates(cells),
        find_ip_addresses(cells),
    )
