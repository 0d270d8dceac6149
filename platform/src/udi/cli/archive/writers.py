"""Transactions that are writing to a database: what is read after they ended has all that they wrote."""

import asyncio
import time
from uuid import UUID

from sqlalchemy import func, select, text

from udi.cli.local.errors import LocalError
from udi.kit.db import Database
from udi.kit.fair_queue import count_postponed_jobs
from udi.kit.jobs import wait_until_drained
from udi.node.files.models import Upload, UploadState

CLOSED = ("read_only", "suspended")
"""States of a territory in which nothing of it can be changed any more."""
PATIENCE = 30.0
"""Seconds for which a transaction may go on writing."""
JOBS_PATIENCE = 60.0
"""Seconds for which tasks of a territory that is read only may go on."""
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


async def wait_for_jobs(
    portal: Database,
    node: Database,
    tenant: UUID,
    slug: str,
    *,
    patience: float = JOBS_PATIENCE,
) -> None:
    """Wait until the tasks of a territory are done, and the files that arrived whole have become versions.

    Neither is in an archive: what was acknowledged would be lost with them.

    Raises:
        LocalError: some are left after a while.
    """
    limit = time.monotonic() + patience
    left = [
        f"{name} ({database.program})"
        for database in (portal, node)
        for name in await wait_until_drained(
            database, tenant, max(0.0, limit - time.monotonic())
        )
    ]
    uploads = await _count_uploads(node, tenant)
    while uploads and not left and time.monotonic() < limit:
        await asyncio.sleep(INTERVAL)
        uploads = await _count_uploads(node, tenant)
    if uploads:
        left.append(f"files that arrived and are no version yet: {uploads}")
    if left:
        raise LocalError(
            f"Tasks of «{slug}» are not done, and would be lost: {', '.join(left)}",
            "see that both workers run (`udi doctor`) and say the same again once they are done;"
            f" meanwhile, open it with `udi tenant resume {slug}`",
        )


async def describe_postponed_jobs(tenant: UUID, *databases: Database) -> str:
    """The tasks for later that stay behind until the territory is resumed here, with their numbers; empty without any."""
    names: list[str] = []
    for database in databases:
        async with database.platform_session(role="worker") as session:
            numbers = await count_postponed_jobs(session, tenant)
        names += [
            f"{number} {name} ({database.program})" for name, number in numbers.items()
        ]
    return ", ".join(names)


async def _count_uploads(node: Database, tenant: UUID) -> int:
    """Files that arrived whole, and are to become a version; one that waits for its sender's words stays behind."""
    query = (
        select(func.count())
        .select_from(Upload)
        .where(
            Upload.state.in_((UploadState.ASSEMBLING, UploadState.STORED)),
            Upload.awaits_record.is_(False),
        )
    )
    async with node.session(tenant, role="worker") as session:
        return await session.scalar(query) or 0


async def _list_writers(database: Database) -> set[str]:
    async with database.platform_session(role="worker") as session:
        return set(await session.scalars(WRITERS))
