"""What one answer to a passer-by reads: rows, and a session only where something asks for the mapper.

To open a session and to end it takes longer than what most answers read.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import Database
from udi.kit.read_connections import SessionRowReader


class PublicReading:
    """Rows of one territory that passers-by may read, one statement after the other.

    From a session on, rows come by its connection: whoever holds one never waits for another.
    """

    def __init__(
        self, database: Database, tenant: UUID, sessions: AsyncExitStack
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._sessions = sessions
        self._session: AsyncSession | None = None

    @property
    def from_copy(self) -> bool:
        """Whether what is read may be somewhat older than what was written."""
        return self._database.has_replica

    async def fetch(self, statement: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        """The rows of a statement with the driver's parameters ($1, …).

        Of several copies behind one address one may be behind: all is read from the one that the session is at.
        """
        if self._session is None and not self.from_copy:
            rows = self._database.rows(self._tenant)
            return await rows.fetch(statement, *arguments)
        session = await self.open_session()
        return await SessionRowReader(session).fetch(statement, *arguments)

    async def open_session(self) -> AsyncSession:
        """The session of this answer, opened where it is asked for first."""
        if self._session is None:
            self._session = await self._sessions.enter_async_context(
                self._database.session(self._tenant, role="public")
            )
        return self._session


@asynccontextmanager
async def open_public_reading(
    database: Database, tenant: UUID
) -> AsyncIterator[PublicReading]:
    """Read for one answer; a session that was opened ends with the block."""
    async with AsyncExitStack() as sessions:
        yield PublicReading(database, tenant, sessions)
