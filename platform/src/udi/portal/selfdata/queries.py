"""Reads of registers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import list_claimed_producers
from udi.portal.selfdata.models import (
    ProcessingEntry,
    ProcessingState,
    ProcessingStatement,
)


@dataclass(frozen=True)
class Register:
    """What an organisation says of the personal data that it holds; no statement: it has not said."""

    organisation: Organisation
    statement: ProcessingStatement | None
    entries: Sequence[ProcessingEntry] = ()

    @property
    def published(self) -> list[ProcessingEntry]:
        """The entries that everybody reads."""
        return [entry for entry in self.entries if entry.is_published]

    @property
    def drafts(self) -> list[ProcessingEntry]:
        """The entries that its managers alone read."""
        return [entry for entry in self.entries if not entry.is_published]

    def public(self) -> "Register":
        """The same as everybody reads it."""
        return replace(self, entries=self.published)

    @property
    def contact_email(self) -> str:
        """Where people write about data on them: the data protection officer, else the organisation."""
        officer = self.statement.officer_email if self.statement else ""
        return officer or self.organisation.email

    @property
    def has_officer(self) -> bool:
        """Whether the address is that of a data protection officer."""
        return self.statement is not None and bool(self.statement.officer_email)


async def find_statement(
    session: AsyncSession, organisation_id: UUID
) -> ProcessingStatement | None:
    """What an organisation says of itself, if it has."""
    return await session.scalar(
        select(ProcessingStatement).where(
            ProcessingStatement.organisation_id == organisation_id
        )
    )


async def read_register(session: AsyncSession, organisation: Organisation) -> Register:
    """The register of an organisation, with the drafts that the session may see, by the names of services."""
    entries = await session.scalars(
        select(ProcessingEntry).where(
            ProcessingEntry.organisation_id == organisation.id
        )
    )
    statement = await find_statement(session, organisation.id)
    return Register(organisation, statement, _by_service(entries))


def _by_service(entries: Iterable[ProcessingEntry]) -> list[ProcessingEntry]:
    return sorted(entries, key=lambda entry: (entry.service.casefold(), str(entry.id)))


async def get_entry(
    session: AsyncSession, organisation: Organisation, entry_id: UUID
) -> ProcessingEntry:
    """An entry of an organisation's register.

    Raises:
        NotFoundError: it has none of this identifier.
    """
    entry = await session.scalar(
        select(ProcessingEntry).where(
            ProcessingEntry.id == entry_id,
            ProcessingEntry.organisation_id == organisation.id,
        )
    )
    if entry is None:
        raise NotFoundError("This register has no such service.")
    return entry


async def get_organisation_by_id(
    session: AsyncSession, organisation_id: UUID, *, lock: bool = False
) -> Organisation:
    """The producer of this identifier.

    Raises:
        NotFoundError: the territory has none.
    """
    query = select(Organisation).where(
        Organisation.id == organisation_id, Organisation.producer
    )
    organisation = await session.scalar(query.with_for_update() if lock else query)
    if organisation is None:
        raise NotFoundError("No organisation has this identifier here.")
    return organisation


async def list_public_registers(session: AsyncSession) -> list[Register]:
    """What every producer of the territory says in public, by its name; those that have not said, too."""
    statements: Mapping[UUID, ProcessingStatement] = {
        statement.organisation_id: statement
        for statement in await session.scalars(select(ProcessingStatement))
    }
    entries: dict[UUID, list[ProcessingEntry]] = {}
    published = select(ProcessingEntry).where(
        ProcessingEntry.state == ProcessingState.PUBLISHED
    )
    for entry in await session.scalars(published):
        entries.setdefault(entry.organisation_id, []).append(entry)
    return [
        Register(
            organisation,
            statements.get(organisation.id),
            _by_service(entries.get(organisation.id, [])),
        )
        for organisation in await list_claimed_producers(session)
    ]
