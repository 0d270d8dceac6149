"""Whole archives of territories that operators request on pages: one after the other, beside all other acts.

Whoever makes them holds what an export takes, the keys of files among them, and answers no request.
"""

import asyncio
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from udi.cli.archive.exporter import export_territory
from udi.cli.installation.archive_folder import (
    FILE_FAULTS,
    NAME,
    delete_archive,
    delete_leftovers,
    hold_folder,
    name_archive,
    require_room,
    reserve_of,
)
from udi.cli.installation.gather import ProgramDatabases
from udi.cli.local.errors import LocalError
from udi.kit.clock import now
from udi.kit.db import Database, is_unavailable
from udi.kit.errors import NotFoundError, ProvisionError, UdiError
from udi.kit.tenancy import INSTALLATION_ID
from udi.node.files.models import StoredFile
from udi.portal.installation.archives import ARCHIVE_RETENTION
from udi.portal.installation.models import (
    InstallationHeartbeat,
    InstallationUnit,
    OperatorAct,
    OperatorRequest,
    RequestState,
)
from udi.portal.tenants.models import Tenant
from udi.settings import MissingSecretError, Settings

log = structlog.get_logger()
LOOK_EVERY = 1.0
"""Seconds between two looks at what operators request."""
NOTE_EVERY = 5.0
"""Seconds between two notes of how far an archive is."""
AWAY = 5.0
"""Seconds before a database that does not answer is asked again."""
BEAT_EVERY = 60.0
"""Seconds between two notes that archives are made at all."""
DELETE_EVERY = 60.0
"""Seconds between two looks at archives whose time is over."""
SPARE = 64 * 1024**2
"""Bytes that an archive may need besides the files of the territory and the rows of the databases."""


class Heartbeat:
    """Notes once a minute that archives are made, so that pages say where they are not."""

    def __init__(self, portal: Database) -> None:
        self._portal = portal
        self._beaten_at = -BEAT_EVERY

    async def beat(self) -> None:
        """Write the moment, unless it was written less than a minute ago."""
        if time.monotonic() - self._beaten_at < BEAT_EVERY:
            return
        await save_heartbeat(self._portal)
        self._beaten_at = time.monotonic()


class ProgressNotes:
    """Notes how far an archive is, for the page of its territory, and that archives are made."""

    def __init__(self, portal: Database, request: UUID) -> None:
        self._portal = portal
        self._request = request
        self._step = ""
        self._heartbeat = Heartbeat(portal)

    def __call__(self, step: str) -> None:
        """Remember the step that is under way."""
        self._step = step

    async def run(self) -> None:
        """Write the step into the request whenever it changed; until cancelled. A database that is away is asked again."""
        written = ""
        while True:
            step = self._step
            try:
                await self._heartbeat.beat()
                if step != written:
                    await save_request(self._portal, self._request, outcome=step)
                    written = step
            except Exception as error:
                if not is_unavailable(error):
                    raise
            await asyncio.sleep(NOTE_EVERY)


async def run_archiver(settings: Settings, folder: Path) -> None:
    """Make the archives that operators request, and delete those that are a week old; until cancelled.

    Raises:
        LocalError: another process makes archives in this folder, or it cannot be written.
    """
    databases = ProgramDatabases.open(settings)
    heartbeat = Heartbeat(databases.portal)
    looked_at = -DELETE_EVERY
    try:
        with hold_folder(folder):
            while True:
                try:
                    await heartbeat.beat()
                    if time.monotonic() - looked_at >= DELETE_EVERY:
                        await delete_expired_archives(databases.portal, folder)
                        looked_at = time.monotonic()
                    await make_archives(settings, databases, folder)
                except Exception as error:
                    if not is_unavailable(error):
                        raise
                    log.warning("database away", error=type(error).__name__)
                    await asyncio.sleep(AWAY)
                await asyncio.sleep(LOOK_EVERY)
    finally:
        await databases.close()


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


async def delete_expired_archives(portal: Database, folder: Path) -> None:
    """Delete the archives of this folder that requests named more than a week ago, and note it in each request.

    One that cannot be deleted is tried again; one of another folder is left alone.
    """
    query = select(OperatorRequest).where(
        OperatorRequest.act == OperatorAct.ARCHIVE,
        OperatorRequest.finished_at < now() - ARCHIVE_RETENTION,
        OperatorRequest.details.has_key("archive"),
        ~OperatorRequest.details.has_key("deleted_at"),
    )
    async with portal.session(INSTALLATION_ID, role="worker") as session:
        requests = (await session.scalars(query)).all()
    for request in requests:
        path = Path(request.details["archive"])
        is_own = path.parent == folder and NAME.fullmatch(path.name)
        if is_own and delete_archive(path):
            details = {**request.details, "deleted_at": now().isoformat()}
            await save_request(portal, request.id, details=details)


async def save_heartbeat(portal: Database) -> None:
    """Note that archives are made now."""
    moment = now()
    statement = insert(InstallationHeartbeat).values(
        unit=InstallationUnit.ARCHIVER, seen_at=moment
    )
    async with portal.session(INSTALLATION_ID, role="worker") as session:
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant_id", "unit"], set_={"seen_at": moment}
            )
        )


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
    except Exception as error:
        outcome = describe_fault(error)
        if outcome is None:
            raise
        return {"state": RequestState.FAILED, "outcome": outcome}
    return {"state": RequestState.DONE, "outcome": "", "details": details}


def describe_fault(error: Exception) -> str | None:
    """Why there is no archive, in a sentence; None where the same may go well in a while."""
    if isinstance(error, UdiError):
        return f"{error.detail or error.title} {error.remedy}"
    if isinstance(error, (LocalError, ProvisionError, MissingSecretError)):
        return str(error)
    if isinstance(error, OSError) and error.errno in FILE_FAULTS:
        return f"The archive cannot be written ({error.strerror}): put it right, then request it again."
    if is_unavailable(error):
        return None
    log.error("archive failed", exc_info=error)
    return f"{type(error).__name__}: see the log of what makes archives."


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
    delete_leftovers(folder, slug, request.id)
    require_room(folder, await estimate_size(databases, request.territory_id))
    target = folder / name_archive(slug, request.id)
    notes = ProgressNotes(databases.portal, request.id)
    noting = asyncio.create_task(notes.run())
    try:
        result = await export_territory(
            settings,
            slug,
            target,
            needs_folder=False,
            reserve=reserve_of(folder),
            tell=notes,
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


async def estimate_size(databases: ProgramDatabases, tenant: UUID) -> int:
    """The most that an archive may take: the territory's files, and rows as large as both databases."""
    files = select(func.coalesce(func.sum(StoredFile.size), 0))
    async with databases.node.session(tenant, role="worker") as session:
        size = int(await session.scalar(files) or 0) + SPARE
    rows = select(func.pg_database_size(literal_column("current_database()")))
    for database in (databases.portal, databases.node):
        async with database.platform_session(role="worker") as session:
            size += int(await session.scalar(rows) or 0)
    return size
