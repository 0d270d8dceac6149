"""The register of what is kept about people, gathered from the domains; and one person's own rows, read by it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Uuid, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.personal_data import (
    NeutralColumns,
    PersonalPayload,
    PersonalRows,
    PersonalSubject,
    PersonLink,
)
from udi.ui.domains import Domain, resolve

MOST_ROWS = 1000
"""Of one kind that a page lists, newest wherever the table knows; the count is of all."""
MOST_DOWNLOADED = 100_000


@dataclass(frozen=True)
class PersonalRegister:
    """What the domains of a program declare."""

    rows: Sequence[PersonalRows]
    neutral: Sequence[NeutralColumns]
    payloads: Sequence[PersonalPayload]


@dataclass(frozen=True)
class PersonKeys:
    """How one person is named in a database."""

    id: UUID
    email: str
    """Empty where nobody proved that the address is theirs: it then names no row."""
    subject: str

    @classmethod
    def read_from(cls, person: Any) -> Self:
        """Those of a row of a program's table of people."""
        email = person.email if person.email_verified else ""
        return cls(person.id, email, person.subject)

    @classmethod
    def know_by_subject(cls, subject: str) -> Self:
        """Those of somebody of whom a program has no row, only what their account left."""
        return cls(uuid4(), "", subject)

    def value_of(self, link: PersonLink) -> Any:
        """What a column that names people in this way holds of them."""
        values = {
            PersonLink.ID: self.id,
            PersonLink.EMAIL: self.email.lower(),
            PersonLink.SUBJECT: self.subject,
            PersonLink.PAIRWISE: self.id,
        }
        return values[link]


@dataclass(frozen=True)
class OwnRows:
    """One person's rows of one kind: how many, and the values of the columns that are shown."""

    declaration: PersonalRows
    count: int
    values: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class OwnSubject:
    """All kinds under one heading."""

    subject: PersonalSubject
    kinds: Sequence[OwnRows]

    @property
    def count(self) -> int:
        """Rows of all kinds."""
        return sum(kind.count for kind in self.kinds)


def read_register(domains: Sequence[Domain]) -> PersonalRegister:
    """Gather what each domain declares, in the order of the domains."""
    modules = [
        resolve(domain.personal_data) for domain in domains if domain.personal_data
    ]
    return PersonalRegister(
        [rows for module in modules for rows in module.PERSONAL],
        [columns for module in modules for columns in module.NEUTRAL],
        [payload for module in modules for payload in getattr(module, "PAYLOADS", ())],
    )


def names_person(rows: PersonalRows, person: PersonKeys) -> ColumnElement[bool]:
    """The condition under which a row names this person; never true of somebody without such a name."""
    value = person.value_of(rows.link)
    if rows.through is not None:
        model, name = rows.through
        owners = select(model.id).where(_equals(model.__table__.c[name], rows, value))
        named: ColumnElement[bool] = rows.table.c[rows.column].in_(owners)
        return named
    return _equals(rows.table.c[rows.column], rows, value)


def _equals(column: Any, rows: PersonalRows, value: Any) -> ColumnElement[bool]:
    if rows.key:
        column = column[rows.key].astext
    if not isinstance(column.type, Uuid):
        value = str(value)
    condition: ColumnElement[bool] = column == value
    if rows.link is PersonLink.EMAIL:
        condition = (func.lower(column) == value) & (column != "")
    return condition


async def read_own_rows(
    session: AsyncSession,
    register: PersonalRegister,
    person: PersonKeys,
    *,
    most: int = MOST_ROWS,
) -> list[OwnSubject]:
    """All that names this person, by heading; headings without a row are left out."""
    kinds: dict[PersonalSubject, list[OwnRows]] = {}
    for rows in register.rows:
        kind_rows = await _read_kind(session, rows, person, most)
        if kind_rows.count:
            kinds.setdefault(rows.subject, []).append(kind_rows)
    return [
        OwnSubject(subject, kinds[subject])
        for subject in PersonalSubject
        if subject in kinds
    ]


async def _read_kind(
    session: AsyncSession, rows: PersonalRows, person: PersonKeys, most: int
) -> OwnRows:
    condition = names_person(rows, person)
    count = await session.scalar(
        select(func.count()).select_from(rows.table).where(condition)
    )
    if not count:
        return OwnRows(rows, 0, [])
    columns = [rows.table.c[name] for name in rows.labels]
    key = rows.table.primary_key.columns
    records = await session.execute(
        select(*columns, *[column for column in key if column.name not in rows.labels])
        .where(condition)
        .order_by(*key)
        .limit(most)
    )
    return OwnRows(
        rows,
        count,
        [{name: row[name] for name in rows.labels} for row in records.mappings()],
    )


def describe_rows(subjects: Sequence[OwnSubject]) -> list[dict[str, Any]]:
    """The same for a program: each kind with its table, why and until when, and its rows by the names of columns."""
    return [
        {
            "subject": subject.subject.value,
            "what": kind.declaration.what,
            "table": kind.declaration.table.name,
            "why": kind.declaration.why,
            "until": kind.declaration.until,
            "at_deletion": kind.declaration.at_deletion.value,
            "count": kind.count,
            "rows": [
                {name: write_value(value) for name, value in row.items()}
                for row in kind.values
            ],
        }
        for subject in subjects
        for kind in subject.kinds
    ]


def list_cells(subjects: Sequence[OwnSubject]) -> Iterator[tuple[str, ...]]:
    """(heading, what, number of the row, column, value) of each value, for a table of a spreadsheet."""
    for subject in subjects:
        for kind in subject.kinds:
            for number, row in enumerate(kind.values, 1):
                for name, value in row.items():
                    yield (
                        subject.subject.value,
                        kind.declaration.what,
                        str(number),
                        kind.declaration.labels[name],
                        write_cell(value),
                    )


def write_value(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return value


def write_cell(value: Any) -> str:
    """A value as a cell has it."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {write_cell(item)}" for name, item in value.items())
    return str(write_value(value))
