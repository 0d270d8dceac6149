"""What an archive holds of the events; that a territory left or arrived is one of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.kit.territories import TerritoryState
from udi.portal.audit import record
from udi.portal.audit.models import AuditEvent, JournalLine

CARRIED = (ArchivedTable(AuditEvent),)
LEFT_OUT = (
    ExcludedTable(
        JournalLine,
        "numbers of what a collector reads: where the territory arrives, another chain begins",
    ),
)


def record_export(session: AsyncSession, tenant: UUID, archive: str) -> None:
    """An archive was made of the territory; `archive` is its fingerprint."""
    record(session, None, "territory.exported", tenant, archive=archive)


def record_import(session: AsyncSession, tenant: UUID, archive: str) -> None:
    """The territory arrived, from the archive of this fingerprint."""
    record(session, None, "territory.imported", tenant, archive=archive)


async def was_imported_from(session: AsyncSession, archive: str) -> bool:
    """Whether the session's territory arrived from this archive."""
    query = select(func.count()).where(
        AuditEvent.name == "territory.imported",
        AuditEvent.facts["archive"].astext == archive,
    )
    return bool(await session.scalar(query))


STATE_EVENTS = (
    "territory.made_read_only",
    "territory.suspended",
    "territory.resumed",
    "territory.imported",
)
CLOSING_EVENTS = STATE_EVENTS[:2]
STATE_NAMES: Mapping[TerritoryState, Sequence[str]] = {
    "read_only": STATE_EVENTS[:1],
    "suspended": STATE_EVENTS[1:2],
    "active": STATE_EVENTS[2:],
}
"""The events of each state."""


async def find_closed_at(session: AsyncSession) -> datetime | None:
    """When the session's territory was last suspended or made read only; None where it was opened since, or never closed."""
    last = await _find_state_event(session)
    return last.at if last is not None and last.name in CLOSING_EVENTS else None


async def last_suspended_at(session: AsyncSession) -> datetime | None:
    """When the session's territory was last suspended; None where that it was opened since is the last that was noted."""
    last = await _find_state_event(session)
    return last.at if last is not None and last.name == "territory.suspended" else None


async def is_noted(session: AsyncSession, state: TerritoryState) -> bool:
    """Whether the last that was noted of the territory's state is this one; a territory begins and arrives active."""
    last = await _find_state_event(session)
    if last is None:
        return state == "active"
    return last.name in STATE_NAMES[state]


async def _find_state_event(session: AsyncSession) -> AuditEvent | None:
    query = (
        select(AuditEvent)
        .where(AuditEvent.name.in_(STATE_EVENTS))
        .order_by(AuditEvent.at.desc())
        .limit(1)
    )
    event: AuditEvent | None = await session.scalar(query)
    return event
