"""Transactions that are writing to a database: what is read after they ended has all that they wrote."""

import asyncio
import time

from sqlalchemy import text

from udi.cli.local.errors import LocalError
from udi.kit.db import Database

CLOSED = ("read_only", "suspended")
"""States of a territory in which nothing of it can be changed any more."""
PATIENCE = 30.0
"""Seconds for which a transaction may go on writing."""
INTERVAL = 0.1
WRITERS = text("""
SELECT DISTINCT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND relation IN (SELECT oid FROM pg_class WHERE relnamespace = 'app'::regnamespace)
""")
"""Whoever wrote to a table of territories holds its lock until the end of the transaction."""


async def wait_for_writers(*databases: Database) -> None:
    """Wait until each transaction has ended that is writing to a territory, whichever it is.

    Raises:
        LocalError: one goes on for too long.
    """
    limit = time.monotonic() + PATIENCE
    for database in databases:
        writing = await _list_writers(database)
        while writing:
            if time.monotonic() > limit:
                cause = f"Something goes on being written to the {database.program}"
                raise LocalError(
                    cause,
                    "wait for it to end and say the same again, or open it with `udi tenant resume`",
                )
            await asyncio.sleep(INTERVAL)
            writing &= await _list_writers(database)


async def _list_writers(database: Database) -> set[str]:
    async with database.platform_session(role="worker") as session:
        return set(await session.scalars(WRITERS))
