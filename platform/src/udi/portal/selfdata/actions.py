"""Writes of registers: what an organisation says of itself, and of each service that holds personal data."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, Refusal
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.organisations.models import Organisation
from udi.portal.selfdata.models import (
    ProcessingEntry,
    ProcessingState,
    ProcessingStatement,
)
from udi.portal.selfdata.queries import find_statement, get_entry, read_register
from udi.portal.selfdata.register_input import (
    MOST_ENTRIES,
    TEXTS,
    EntryInput,
    StatementInput,
    check_entry,
    check_statement,
    entry_input_of,
)


async def state_processing(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    described: StatementInput,
    today: date,
) -> ProcessingStatement:
    """Say whether an organisation holds personal data, and where its data protection officer is reached.

    Raises:
        InvalidError: something of it is wrong.
        ConflictError: it says that it holds nothing, and services are published that do.
    """
    described = described.tidy()
    check_statement(described).check()
    register = await read_register(session, organisation)
    if not described.holds_data and register.published:
        raise ConflictError(
            "Published services of your organisation hold personal data.",
            remedy="Take these services off the public page first, then say that it holds nothing.",
        )
    statement = await _touch_statement(session, actor, organisation, today)
    statement.holds_data = bool(described.holds_data)
    statement.officer_email = described.officer_email
    statement.officer_address = described.officer_address
    audit.record(
        session,
        actor,
        "processing.stated",
        organisation.id,
        holds_data=statement.holds_data,
    )
    return statement


async def _touch_statement(
    session: AsyncSession, actor: Actor, organisation: Organisation, today: date
) -> ProcessingStatement:
    """The statement of an organisation, changed today by this person; that it holds data, where there was none."""
    statement = await find_statement(session, organisation.id)
    if statement is None:
        statement = ProcessingStatement(
            organisation_id=organisation.id,
            holds_data=True,
            officer_email="",
            officer_address="",
        )
        session.add(statement)
    statement.reviewed_on = today
    statement.author_id = actor.person_id
    statement.changed_at = now()
    await session.flush()
    return statement


async def add_entries(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    entries: Sequence[EntryInput],
    today: date,
) -> list[ProcessingEntry]:
    """Add services to a register, all or none.

    Raises:
        InvalidError: one of them is wrong; with several, fields begin with their place: «entries[0].service».
        ConflictError: the register would have more of them than it may.
    """
    return await write_entries(
        session, actor, organisation, [(None, entry) for entry in entries], today
    )


async def write_entries(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    entries: Sequence[tuple[UUID | None, EntryInput]],
    today: date,
) -> list[ProcessingEntry]:
    """Change the services that have an identifier and add the others, all or none; see `add_entries` for refusals.

    Raises:
        NotFoundError: the register has no service of an identifier.
    """
    tidied = [(id_, entry.tidy()) for id_, entry in entries]
    refusals: list[Refusal] = []
    for position, (_, entry) in enumerate(tidied):
        refusals += [
            _place_refusal(refusal, position, len(tidied))
            for refusal in check_entry(entry)
        ]
    if refusals:
        raise InvalidError("Nothing was kept yet.", refusals=refusals)
    await _require_room(session, organisation, [id_ for id_, _ in tidied])
    written = []
    for id_, entry in tidied:
        if id_ is None:
            row = _new_entry(organisation, actor)
            session.add(row)
        else:
            row = await get_entry(session, organisation, id_)
        _fill_entry(row, entry, actor, today)
        await session.flush()
        if id_ is None:
            audit.record(
                session,
                actor,
                "processing.entry_added",
                organisation.id,
                entry=str(row.id),
            )
        else:
            audit.record(
                session,
                actor,
                "processing.entry_changed",
                organisation.id,
                entry=str(row.id),
            )
        written.append(row)
    if any(row.is_published for row in written):
        await _require_holding(session, actor, organisation, today)
    return written


def _place_refusal(refusal: Refusal, position: int, total: int) -> Refusal:
    if total == 1:
        return refusal
    return Refusal(
        f"entries[{position}].{refusal.field}",
        refusal.reason,
        refusal.remedy,
        refusal.code,
        refusal.values,
    )


async def _require_room(
    session: AsyncSession, organisation: Organisation, ids: Sequence[UUID | None]
) -> None:
    number = await session.scalar(
        select(func.count()).where(ProcessingEntry.organisation_id == organisation.id)
    )
    if (number or 0) + ids.count(None) > MOST_ENTRIES:
        raise ConflictError(
            "A register has %(most)s services at most.",
            remedy="Delete those that no longer exist, or put several under one name.",
            values={"most": MOST_ENTRIES},
        )


def _new_entry(organisation: Organisation, actor: Actor) -> ProcessingEntry:
    return ProcessingEntry(
        organisation_id=organisation.id,
        author_id=actor.person_id,
        created_at=now(),
    )


def _fill_entry(
    row: ProcessingEntry, entry: EntryInput, actor: Actor, today: date
) -> None:
    for name in TEXTS:
        setattr(row, name, getattr(entry, name))
    row.state = entry.state
    row.legal_basis = entry.legal_basis
    row.special_data = entry.special_data
    row.moments = list(entry.moments)
    row.language = entry.language
    row.translations = entry.translations
    row.reviewed_on = today
    row.author_id = actor.person_id
    row.changed_at = now()


async def _require_holding(
    session: AsyncSession, actor: Actor, organisation: Organisation, today: date
) -> None:
    """Who publishes a service that holds data says that the organisation does."""
    statement = await _touch_statement(session, actor, organisation, today)
    statement.holds_data = True


async def publish_entries(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    rows: Sequence[ProcessingEntry],
    today: date,
) -> None:
    """Let everybody read services of a register, all or none.

    Raises:
        InvalidError: one of them lacks something; with several, fields begin with the name of the service.
    """
    refusals: list[Refusal] = []
    for row in rows:
        complete = replace(entry_input_of(row), state=ProcessingState.PUBLISHED)
        refusals += [
            Refusal(
                f"{row.service}: {refusal.field}" if len(rows) > 1 else refusal.field,
                refusal.reason,
                refusal.remedy,
                refusal.code,
                refusal.values,
            )
            for refusal in check_entry(complete)
        ]
    if refusals:
        raise InvalidError("Nothing was published.", refusals=refusals)
    for row in rows:
        row.state = ProcessingState.PUBLISHED
        row.reviewed_on = today
        row.author_id = actor.person_id
        row.changed_at = now()
        audit.record(
            session,
            actor,
            "processing.entry_published",
            organisation.id,
            entry=str(row.id),
        )
    await _require_holding(session, actor, organisation, today)


async def withdraw_entry(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    row: ProcessingEntry,
    today: date,
) -> None:
    """Take a service off the public page: it is a draft again."""
    row.state = ProcessingState.DRAFT
    row.author_id = actor.person_id
    row.changed_at = now()
    await _touch_statement(session, actor, organisation, today)
    audit.record(
        session, actor, "processing.entry_withdrawn", organisation.id, entry=str(row.id)
    )


async def delete_entry(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    row: ProcessingEntry,
    today: date,
) -> None:
    """Take a service out of a register, for good."""
    was_published = row.is_published
    await session.delete(row)
    if was_published:
        await _touch_statement(session, actor, organisation, today)
    audit.record(
        session, actor, "processing.entry_deleted", organisation.id, entry=str(row.id)
    )


async def review_register(
    session: AsyncSession, actor: Actor, organisation: Organisation, today: date
) -> None:
    """Say that all that is published is right today.

    Raises:
        ConflictError: the organisation has not said anything yet.
    """
    if await find_statement(session, organisation.id) is None:
        raise ConflictError(
            "Your organisation has not said yet whether it holds personal data.",
            remedy="Say it first, on the page of its register.",
        )
    await _touch_statement(session, actor, organisation, today)
    for row in (await read_register(session, organisation)).published:
        row.reviewed_on = today
    audit.record(session, actor, "processing.reviewed", organisation.id)


async def replace_register(
    session: AsyncSession,
    actor: Actor,
    organisation: Organisation,
    described: StatementInput,
    entries: Sequence[tuple[UUID | None, EntryInput]],
    today: date,
) -> None:
    """Put a whole register in the place of what there is: services that are not in it go, all or nothing.

    Raises:
        InvalidError: something of it is wrong.
        ConflictError: it says that the organisation holds nothing, and has services; or has too many.
    """
    check_statement(described.tidy()).check()
    before = {
        row.id: row for row in (await read_register(session, organisation)).entries
    }
    ids = [id_ for id_, _ in entries if id_ is not None]
    unknown = [
        Refusal(
            f"entries[{position}].id",
            "The register has no service with this identifier, or it appears here twice.",
            "Leave it out for a new service.",
            "unknown-value",
        )
        for position, (id_, _) in enumerate(entries)
        if id_ is not None and (id_ not in before or ids.count(id_) > 1)
    ]
    if unknown:
        raise InvalidError("Nothing was kept yet.", refusals=unknown)
    for id_, row in before.items():
        if id_ not in ids:
            await delete_entry(session, actor, organisation, row, today)
    await session.flush()
    await write_entries(session, actor, organisation, entries, today)
    await state_processing(session, actor, organisation, described, today)
