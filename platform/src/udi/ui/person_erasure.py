"""Erasing one person from a database, as the register of personal rows says: what served them goes, the rest loses its name."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Uuid, delete, text, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.personal_data import AtDeletion, PersonalRows, PersonLink
from udi.kit.tenancy import current_tenant
from udi.ui.personal_rows import PersonalRegister, PersonKeys, names_person

FORGET_TASKS = text(
    "DELETE FROM queue.pgqueuer WHERE status IN ('queued', 'failed')"
    " AND convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = CAST(:tenant AS text)"
    " AND convert_from(payload, 'UTF8')::jsonb ->> CAST(:key AS text) = CAST(:value AS text)"
)


FORMER_MEMBER = "Former member"
"""What pages call somebody whose account was deleted, in the first language of the territory."""
FAST: dict[str, Any] = {"synchronize_session": False}


async def erase_person(
    session: AsyncSession,
    register: PersonalRegister,
    person: Any,
    *,
    former_name: str,
) -> None:
    """Erase somebody's rows in the session's territory, as the worker; may be repeated.

    Their row stays under its identifier, which was drawn at random and then leads to nobody: it is the pseudonym of
    what is kept. `person` is that row; `former_name` is what pages call it.
    """
    await erase_rows(
        session, register, PersonKeys.read_from(person), besides=person.__table__
    )
    person.issuer = ""
    person.subject = str(person.id)
    person.name = former_name
    person.email = ""
    person.locale = ""
    person.email_verified = False
    await session.flush()


async def erase_rows(
    session: AsyncSession,
    register: PersonalRegister,
    keys: PersonKeys,
    *,
    besides: Table | None = None,
) -> None:
    """Erase or empty what names somebody in the session's territory, but for one table; their tasks are forgotten.

    What only a pairwise pseudonym names is passed by: no account leads to it, and others may rely on it.
    """
    for rows in register.rows:
        if rows.table is not besides and rows.link is not PersonLink.PAIRWISE:
            await _erase_kind(session, rows, keys)
    for payload in register.payloads:
        value = str(keys.value_of(payload.link))
        if value:
            values = {
                "tenant": str(current_tenant()),
                "key": payload.key,
                "value": value,
            }
            await session.execute(FORGET_TASKS, values)


async def _erase_kind(
    session: AsyncSession, rows: PersonalRows, keys: PersonKeys
) -> None:
    theirs = names_person(rows, keys)
    if rows.at_deletion is AtDeletion.ERASED:
        await session.execute(
            delete(rows.model).where(theirs).execution_options(**FAST)
        )
    elif rows.emptied:
        await session.execute(_empty(rows, theirs, keys.id))


def _empty(rows: PersonalRows, theirs: ColumnElement[bool], person_id: UUID) -> Any:
    values = {name: _nothing(rows, name, person_id) for name in rows.emptied}
    return update(rows.model).where(theirs).values(**values).execution_options(**FAST)


def _nothing(rows: PersonalRows, name: str, person_id: UUID) -> Any:
    """What stands in a column that was emptied; where an address names a row of its own, the pseudonym."""
    column_type = rows.table.c[name].type
    if isinstance(column_type, JSONB):
        return {}
    if isinstance(column_type, ARRAY):
        return []
    if isinstance(column_type, Uuid):
        return None
    is_name_of_row = name == rows.column and rows.at_deletion is AtDeletion.UNNAMED
    if rows.link is PersonLink.EMAIL and is_name_of_row:
        return str(person_id)
    return ""
