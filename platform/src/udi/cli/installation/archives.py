"""Whole archives of territories that operators request on pages: one after the other, beside all other acts.

Whoever makes them holds what an export takes, the keys of files among them, and answers no request.
"""

import asyncio
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select, update

from udi.cli.archive.exporter import export_territory
from udi.cli.installation.gather import ProgramDatabases
from udi.cli.local.errors import LocalError
from udi.kit.clock import now
from udi.kit.db import Database, is_unavailable
from udi.kit.errors import NotFoundError, ProvisionError, UdiError
from udi.kit.tenancy import INSTALLATION_ID
from udi.node.files.models import StoredFile
from udi.portal.installation.archives import ARCHIVE_RETENTION
from udi.portal.installation.models import OperatorAct, OperatorRequest, RequestState
from udi.portal.tenants.models import Tenant
from udi.settings import MissingSecretError, Settings

log = structlog.get_logger()
LOOK_EVERY = 1.0
"""Seconds between two looks at what operators request."""
NOTE_EVERY = 5.0
"""Seconds between two notes of how far an archive is."""
AWAY = 5.0
"""Seconds before a database that does not answer is asked again."""
SPARE = 64 * 1024**2
"""Bytes that an archive may need besides the files of the territory."""
LOCK = ".lock"


class ProgressNotes:
    """Notes how far an archive is, for the page of its territory."""

    def __init__(self, portal: Database, request: UUID) -> None:
        self._portal = portal
        self._request = request
        self._step = ""

    def __call__(self, step: str) -> None:
        """Remember the step that is under way."""
        self._step = step

    async def run(self) -> None:
        """Write the step into the request whenever it changed; until cancelled."""
        written = ""
        while True:
            if self._step != written:
                written = self._step
                await save_request(self._portal, self._request, outcome=written)
            await asyncio.sleep(NOTE_EVERY)


async def run_archiver(settings: Settings, folder: Path) -> None:
    """Make the archives that operators request, and delete those that are a week old; until cancelled.

    Raises:
        LocalError: another process makes archives in this folder, or it cannot be written.
    """
    databases = ProgramDatabases.open(settings)
    try:
        with hold_folder(folder):
            while True:
                try:
                    await make_archives(settings, databases, folder)
                except Exception as error:
                    if not is_unavailable(error):
                        raise
                    log.warning("database away", error=type(error).__name__)
                    await asyncio.sleep(AWAY)
                delete_old_archives(folder)
                await asyncio.sleep(LOOK_EVERY)
    finally:
        await databases.close()


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Make the folder, readable by its owner alone, and keep other processes from writing archives there.

    Raises:
        LocalError: another process does, or the folder cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise LocalError(
            f"{folder} cannot be written ({error.strerror})", "name another folder"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for partial in folder.glob(".*.partial"):
            partial.unlink(missing_ok=True)
        yield
    except BlockingIOError as error:
        raise LocalError(
            f"Archives are made in {folder} already", "stop the other process first"
        ) from error
    finally:
        os.close(descriptor)


async def make_archives(
    settings: Settings, databases: ProgramDatabases, folder: Path
) -> int:
    """Make every archive that waits, the oldest request first; how many were requested.

    One that the end of this process cut short is made again from its beginning.
    """
    count = 0
    while (request := await _find_next(databases.portal)) is not None:
        values = await _make_archive(settings, databases, folder, request)
        await save_request(databases.portal, request.id, finished_at=now(), **values)
        log.info("archive requested", state=values["state"].value)
        count += 1
    return count


def delete_old_archives(folder: Path) -> None:
    """Delete archives that are older than a week."""
    oldest = time.time() - ARCHIVE_RETENTION.total_seconds()
    for path in folder.glob("*.tar"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
            log.info("archive deleted", archive=path.name)


async def save_request(portal: Database, request: UUID, **values: Any) -> None:
    """Write what became of a request, in a transaction of its own."""
    statement = update(OperatorRequest).where(OperatorRequest.id == request)
    async with portal.session(INSTALLATION_ID, role="worker") as session:
        await session.execute(statement.values(**values))


async def _find_next(portal: Database) -> OperatorRequest | None:
    query = (
        select(OperatorRequest)
        .where(
            OperatorRequest.state == RequestState.REQUESTED,
            OperatorRequest.act == OperatorAct.ARCHIVE,
        )
        .order_by(OperatorRequest.requested_at)
        .limit(1)
    )
    async with portal.session(INSTALLATION_ID, role="worker") as session:
        request: OperatorRequest | None = await session.scalar(query)
    return request


async def _make_archive(
    settings: Settings,
    databases: ProgramDatabases,
    folder: Path,
    request: OperatorRequest,
) -> dict[str, Any]:
    """What became of a request: its state, and a sentence or the archive."""
    try:
        details = await _export(settings, databases, folder, request)
    except UdiError as error:
        outcome = f"{error.detail or error.title} {error.remedy}"
    except (LocalError, ProvisionError, MissingSecretError) as error:
        outcome = str(error)
    except OSError as error:
        outcome = f"The archive cannot be written ({error.strerror})."
    except Exception as error:
        if is_unavailable(error):
            raise
        log.exception("archive failed")
        outcome = f"{type(error).__name__}: see the log of what makes archives."
    else:
        return {"state": RequestState.DONE, "outcome": "", "details": details}
    return {"state": RequestState.FAILED, "outcome": outcome}


async def _export(
    settings: Settings,
    databases: ProgramDatabases,
    folder: Path,
    request: OperatorRequest,
) -> dict[str, Any]:
    async with databases.portal.platform_session(role="worker") as session:
        slug = await session.scalar(
            select(Tenant.slug).where(Tenant.id == request.territory_id)
        )
    if slug is None:
        raise NotFoundError("The territory is not known any more.")
    await _require_room(databases.node, request.territory_id, folder)
    target = folder / f"{slug}-{now().date().isoformat()}-{request.id.hex[:8]}.tar"
    notes = ProgressNotes(databases.portal, request.id)
    noting = asyncio.create_task(notes.run())
    try:
        result = await export_territory(
            settings, slug, target, needs_folder=False, tell=notes
        )
    finally:
        noting.cancel()
        await asyncio.wait({noting})
    return {
        "archive": str(target),
        "bytes": result.bytes,
        "files": result.files,
        "fingerprint": result.fingerprint,
    }


async def _require_room(node: Database, tenant: UUID, folder: Path) -> None:
    size = select(func.coalesce(func.sum(StoredFile.size), 0))
    async with node.session(tenant, role="worker") as session:
        needed = int(await session.scalar(size) or 0) + SPARE
    free = shutil.disk_usage(folder).free
    if needed > free:
        megabytes = [str(number // 1000**2) for number in (needed, free)]
        raise LocalError(
            f"The archive may take {megabytes[0]} MB, and {folder} has {megabytes[1]} MB left",
            "make room, then request it again",
        )
