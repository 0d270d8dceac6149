"""Before somebody is answered, what changed at the portal is applied first: the worker asks, and readers wait a moment.

Usually nobody waits: the worker asks every few seconds. Somebody does at the first answers of a process (the node was
stopped, or brought back from a backup), when the worker has not been heard of, and while the portal does not answer, now
and then, for it may be back.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory, space_context
from udi.node.agreements.models import AgreementCursor
from udi.node.agreements.queries import read_cursor

ASK_AGREEMENTS = "ask_agreements"
FRESH = timedelta(seconds=60)
"""How long the portal's last answer is good without asking again."""
RETRY_INTERVAL = timedelta(seconds=3)
"""How long after a try in vain the next reader asks for another."""
LONGEST = 1.5
LOOK = 0.05
"""Seconds that a reader waits at most, and between two looks."""


@dataclass
class AgreementFreshness:
    """Holds readers back until the portal was asked, for a moment at most."""

    database: Database
    began: datetime = field(default_factory=now)
    _requested_at: dict[UUID, datetime] = field(default_factory=dict)
    _gave_up_at: dict[UUID, datetime] = field(default_factory=dict)

    async def wait_until_fresh(self, territory: Territory) -> None:
        """Return once what the portal knew is applied, or could not be asked for, or after a moment."""
        requested_at = now()
        cursor = await self._read(territory.id)
        given_up = self._gave_up_at.get(territory.id)
        if self._is_fresh(cursor, requested_at) or (
            given_up is not None and given_up > requested_at - RETRY_INTERVAL
        ):
            return
        before = self._requested_at.get(territory.id)
        if (
            before is not None
            and before > requested_at - RETRY_INTERVAL
            and before > self.began
        ):
            requested_at = before
        else:
            self._requested_at[territory.id] = requested_at
            await self._request_refresh(territory.id)
        until = asyncio.get_running_loop().time() + LONGEST
        while (
            not _was_tried(cursor, requested_at)
            and asyncio.get_running_loop().time() < until
        ):
            await asyncio.sleep(LOOK)
            cursor = await self._read(territory.id)
        if not _was_tried(cursor, requested_at):
            self._gave_up_at[territory.id] = now()

    def _is_fresh(self, cursor: AgreementCursor | None, moment: datetime) -> bool:
        if (
            cursor is None
            or cursor.answered_at is None
            or cursor.answered_at < self.began
        ):
            return _failed_since(cursor, max(moment - RETRY_INTERVAL, self.began))
        if cursor.failed_at is not None and cursor.failed_at > cursor.answered_at:
            return _failed_since(cursor, moment - RETRY_INTERVAL)
        return cursor.answered_at > moment - FRESH

    async def _read(self, tenant: UUID) -> AgreementCursor | None:
        with space_context(None):
            async with self.database.session(tenant) as session:
                return await read_cursor(session)

    async def _request_refresh(self, tenant: UUID) -> None:
        with space_context(None):
            async with self.database.session(tenant) as session:
                await jobs.enqueue(session, ASK_AGREEMENTS, {})


def _failed_since(cursor: AgreementCursor | None, moment: datetime) -> bool:
    return (
        cursor is not None
        and cursor.failed_at is not None
        and cursor.failed_at > moment
    )


def _was_tried(cursor: AgreementCursor | None, requested_at: datetime) -> bool:
    """Whether the portal answered, or did not, to a question that began since."""
    if cursor is None or cursor.tried_at is None or cursor.tried_at < requested_at:
        return False
    ends = [
        moment
        for moment in (cursor.answered_at, cursor.failed_at)
        if moment is not None
    ]
    return any(moment >= cursor.tried_at for moment in ends)
