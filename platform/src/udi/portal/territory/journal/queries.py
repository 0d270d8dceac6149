"""Reads of the record of events: filtered, the newest first, with names of people and titles of what it was about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from udi.kit.paging import Page
from udi.portal.audit.models import AuditEvent
from udi.portal.catalogue.models import Dataset
from udi.portal.identity.models import Person
from udi.portal.nodes.models import Node
from udi.portal.organisations.models import Application, Organisation
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.projects.models import Project
from udi.portal.projects.queries import PUBLIC_CONDITIONS

PAGE_SIZE = 50
MOST_EXPORTED = 10_000
"""Rows of the CSV, the newest; the period narrows it."""
PRIVATE_KIND = "suggestion"
"""What somebody declared of their own interests: the team does not read who did."""


@dataclass(frozen=True)
class SubjectTable:
    """Where what events are about has its title; `url` is its page, empty where it has none.

    `language` has the code of the title's language, or texts by language of which the title has the language; names
    have none.
    """

    id: InstrumentedAttribute[UUID]
    title: InstrumentedAttribute[str]
    url: str = ""
    language: InstrumentedAttribute[Any] | None = None
    conditions: tuple[ColumnElement[bool], ...] = ()


SUBJECT_TABLES: Mapping[str, SubjectTable] = {
    "dataset": SubjectTable(Dataset.id, Dataset.title, "/data/{id}", Dataset.synopsis),
    "data_request": SubjectTable(
        DataRequest.id, DataRequest.title, "/data-requests/{id}", DataRequest.language
    ),
    "project": SubjectTable(
        Project.id, Project.title, "/projects/{id}", Project.language, PUBLIC_CONDITIONS
    ),
    "application": SubjectTable(Application.id, Application.name, "/join/{id}"),
    "member": SubjectTable(Organisation.id, Organisation.name),
    "links": SubjectTable(Organisation.id, Organisation.name),
    "processing": SubjectTable(Organisation.id, Organisation.name),
    "node": SubjectTable(Node.id, Node.name),
}
"""By kind of event. A confidential project has no title here."""


@dataclass(frozen=True)
class JournalFilters:
    """What is looked for in the journal: empty texts and no days for all of it."""

    kind: str = ""
    """What stands before the point in the name of the event."""
    person: str = ""
    """A part of a name or a mail address."""
    first: date | None = None
    last: date | None = None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Names and values in use, as an address has them."""
        values = {
            "kind": self.kind,
            "person": self.person,
            "from": self.first.isoformat() if self.first else "",
            "to": self.last.isoformat() if self.last else "",
        }
        return [(name, value) for name, value in values.items() if value]

    def address(self, path: str, page: int = 1) -> str:
        """The address that asks for these."""
        pairs = list(self.pairs)
        if page > 1:
            pairs.append(("page", str(page)))
        if pairs:
            return f"{path}?{urlencode(pairs)}"
        return path


@dataclass(frozen=True)
class JournalSubject:
    """What an event was about: its title, and the address of its page, empty where it has none.

    `texts` are by language, for the language of the title.
    """

    title: str
    url: str
    texts: Mapping[str, str]


@dataclass(frozen=True)
class JournalEntry:
    """One event; `person` is None where a machine acted, and empty for somebody who left."""

    name: str
    at: datetime
    person: str | None
    subject: JournalSubject | None


async def list_entries(
    session: AsyncSession, filters: JournalFilters, zone: ZoneInfo, number: int
) -> Page[JournalEntry]:
    """One page of the journal; days are those of the time zone. A number past the end gives the last page."""
    conditions = _conditions(filters, zone)
    count = _with_people(select(func.count())).where(*conditions)
    total = await session.scalar(count) or 0
    page = Page[JournalEntry]([], total, number, PAGE_SIZE)
    number = min(number, page.last)
    rows = _select_entries(conditions).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    return Page(await _read_entries(session, rows), total, number, PAGE_SIZE)


async def list_newest_entries(
    session: AsyncSession, filters: JournalFilters, zone: ZoneInfo
) -> list[JournalEntry]:
    """The newest `MOST_EXPORTED` entries, for a file."""
    rows = _select_entries(_conditions(filters, zone)).limit(MOST_EXPORTED)
    return await _read_entries(session, rows)


def _with_people(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    same_person = (Person.tenant_id == AuditEvent.tenant_id) & (
        Person.id == AuditEvent.actor_id
    )
    return query.select_from(AuditEvent).outerjoin(Person, same_person)


def _select_entries(
    conditions: Iterable[ColumnElement[bool]],
) -> Select[*tuple[Any, ...]]:
    columns = select(
        AuditEvent.name,
        AuditEvent.at,
        AuditEvent.actor_id,
        AuditEvent.subject_id,
        Person.name.label("person_name"),
        Person.email,
        Person.left_at,
    )
    return (
        _with_people(columns)
        .where(*conditions)
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    )


def _conditions(filters: JournalFilters, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    conditions = [~AuditEvent.name.startswith(f"{PRIVATE_KIND}.")]
    if filters.kind:
        prefix = f"{filters.kind}."
        conditions.append(AuditEvent.name.startswith(prefix, autoescape=True))
    if filters.person:
        conditions += [
            Person.left_at.is_(None),
            or_(
                Person.name.icontains(filters.person, autoescape=True),
                Person.email.icontains(filters.person, autoescape=True),
            ),
        ]
    if filters.first:
        conditions.append(AuditEvent.at >= _midnight(filters.first, zone))
    if filters.last:
        next_day = filters.last + timedelta(days=1)
        conditions.append(AuditEvent.at < _midnight(next_day, zone))
    return conditions


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


async def _read_entries(
    session: AsyncSession, query: Select[*tuple[Any, ...]]
) -> list[JournalEntry]:
    rows = (await session.execute(query)).all()
    subjects = await _find_subjects(session, rows)
    return [
        JournalEntry(
            row.name,
            row.at,
            _name_person(row),
            subjects.get((_kind(row.name), row.subject_id)),
        )
        for row in rows
    ]


def _kind(name: str) -> str:
    return name.partition(".")[0]


def _name_person(row: Any) -> str | None:
    if row.actor_id is None:
        return None
    if row.email is None or row.left_at is not None:
        return ""
    return str(row.person_name or row.email)


async def _find_subjects(
    session: AsyncSession, rows: Iterable[Any]
) -> dict[tuple[str, UUID | None], JournalSubject]:
    """What events were about, by kind and identifier: one query for a kind that is among them."""
    identifiers: dict[str, set[UUID]] = {}
    for row in rows:
        if row.subject_id is not None:
            identifiers.setdefault(_kind(row.name), set()).add(row.subject_id)
    subjects: dict[tuple[str, UUID | None], JournalSubject] = {}
    for kind in identifiers.keys() & SUBJECT_TABLES.keys():
        table = SUBJECT_TABLES[kind]
        columns: list[Any] = [table.id, table.title]
        if table.language is not None:
            columns.append(table.language)
        query = select(*columns).where(
            table.id.in_(identifiers[kind]), *table.conditions
        )
        for id_, title, *languages in await session.execute(query):
            subjects[kind, id_] = JournalSubject(
                title, table.url.format(id=id_), _read_texts(title, languages)
            )
    return subjects


def _read_texts(title: str, languages: Sequence[Any]) -> Mapping[str, str]:
    for language in languages:
        return {language: title} if isinstance(language, str) else language
    return {}
