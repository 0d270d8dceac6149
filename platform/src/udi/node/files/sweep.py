"""What unfinished uploads left behind, removed by the worker."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import select

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.territories import Registry
from udi.node.files.models import StoredFile
from udi.node.files.store import ObjectStore

log = structlog.get_logger()
OLD = timedelta(hours=24)
EVERY = timedelta(hours=1)
STAGED = re.compile(r".*#\d+")


async def sweep_for_ever(database: Database, registry: Registry, store: ObjectStore) -> None:
    """Sweep every territory once an hour."""
    while True:
        try:
            for territory in await registry.list():
                await sweep(database, store, territory.id)
        except Exception as error:  # noqa: BLE001 - a sweep that fails is tried again an hour later
            log.warning("sweep failed", error=type(error).__name__)
        await asyncio.sleep(EVERY.total_seconds())


async def sweep(database: Database, store: ObjectStore, tenant: UUID, *, older_than: timedelta = OLD) -> int:
    """Remove a territory's objects that no file names and that are old enough to be nobody's upload; how many."""
    limit, removed = now() - older_than, 0
    async with database.session(tenant, role="worker") as session:
        known = set((await session.scalars(select(StoredFile.id))).all())
    async for entry in store.list(str(tenant)):
        if entry["last_modified"] < limit and UUID(str(entry["path"]).rpartition("/")[2]) not in known:
            await store.delete(entry["path"])
            removed += 1
    if store.folder is not None:
        removed += await asyncio.to_thread(_remove_staged, store.folder / str(tenant), limit.timestamp())
    return removed


def _remove_staged(folder: Path, limit: float) -> int:
    """A local upload is written beside its place first (`name#1`); a killed process leaves it there."""
    staged = [path for path in folder.rglob("*#*") if STAGED.fullmatch(path.name) and path.stat().st_mtime < limit]
    for path in staged:
        path.unlink(missing_ok=True)
    return len(staged)
