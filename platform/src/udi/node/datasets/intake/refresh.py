"""Addresses looked at by the worker: a file fetched once, a dataset renewed when the file changed."""

import asyncio
from uuid import UUID

import structlog

from udi.kit.crash import crash_at
from udi.kit.errors import LockedError, TooLargeError, UdiError, UnavailableError
from udi.kit.http import Outgoing
from udi.kit.jobs import Job
from udi.node.datasets.actions.source import get_source, note_failure, note_success, queue_due
from udi.node.datasets.intake.finish import Desk, fail, finish_upload
from udi.node.datasets.models import Dataset, Source
from udi.node.datasets.queries import waits_for_person
from udi.node.files.depot import Depot
from udi.node.files.fetch import FetchError, Marks, Most, fetch_into
from udi.node.files.hold import Hold
from udi.node.files.models import Upload, UploadState
from udi.node.files.queries import used_bytes
from udi.node.files.uploads import Announced, create_upload, give_up
from udi.node.spaces.models import Space
from udi.node.spaces.senders import Sender
from udi.ui.site import Site

log = structlog.get_logger()
FETCH_FILE = "fetch_file"
TRIES = 3
WAITING = "A version that somebody dropped waits to be published: what the address gives comes after it."
EVERY = 60.0


async def look_for_ever(site: Site) -> None:
    """Queue what is due in every territory, once a minute."""
    while True:
        try:
            territories = await site.registry.list()
        except Exception as error:  # noqa: BLE001 - asked again a minute later
            log.warning("territories not listed", error=type(error).__name__)
            territories = []
        for territory in territories:
            await _look_for_due(site, territory.id)
        await asyncio.sleep(EVERY)


async def _look_for_due(site: Site, tenant: UUID) -> None:
    try:
        async with site.database.session(tenant, role="worker") as session:
            await queue_due(session)
    except Exception as error:  # noqa: BLE001 - one territory keeps no other back; tried again a minute later
        log.warning("looking for what is due failed", tenant=str(tenant), error=type(error).__name__)


async def fetch_once(desk: Desk, outgoing: Outgoing, job: Job, *, limit: int) -> None:
    """Fetch the file that a person gave the address of; a passing failure is tried again twice."""
    upload_id = UUID(job.payload["upload"])
    try:
        await fetch(desk, outgoing, upload_id, Marks(), limit=limit)
    except (LockedError, UnavailableError):
        raise
    except UdiError as error:
        if isinstance(error, FetchError) and error.passing and job.attempt < TRIES - 1:
            raise
        await fail(desk.depot, upload_id, error)
    await finish_upload(desk, upload_id)


async def fetch(desk: Desk, outgoing: Outgoing, upload_id: UUID, marks: Marks, *, limit: int) -> Marks | None:
    """Fetch an upload's address into its object; its marks, None when nothing changed or it was done before."""
    depot = desk.depot
    async with depot.session() as session:
        upload = await session.get(Upload, (depot.tenant, upload_id), with_for_update=True)
        if upload is None or upload.state != UploadState.RECEIVING:
            return None
        space = await session.get_one(Space, (depot.tenant, upload.space_id))
        left = space.quota_bytes - await used_bytes(session, space) + (upload.length or upload.received)
        hold = await Hold.take(session, depot, upload)
    try:
        most = Most(left, limit)
        return await fetch_into(hold, outgoing, most, marks, agent=f"udi-node (+{desk.territory.origin})")
    finally:
        await hold.release()


async def refresh(desk: Desk, outgoing: Outgoing, job: Job, *, limit: int) -> None:
    """Look at the address of a dataset; a new version only when the bytes are others."""
    source_id = UUID(job.payload["source"])
    try:
        begun = await _begin(desk.depot, source_id, job.payload["turn"], limit=limit)
        if begun is None:
            return
        crash_at("refresh.begun")
        given, changed = await _look(desk, outgoing, *begun, limit=limit)
    except (LockedError, UnavailableError):
        raise
    except UdiError as error:
        await _note(desk.depot, source_id, error=error)
        return
    crash_at("refresh.taken")
    await _note(desk.depot, source_id, marks=given, changed=changed)


async def _look(
    desk: Desk, outgoing: Outgoing, upload: Upload, marks: Marks, latest: str, *, limit: int
) -> tuple[Marks | None, bool]:
    try:
        given = await fetch(desk, outgoing, upload.id, marks, limit=limit)
    except (FetchError, TooLargeError):
        await give_up(desk.depot, upload.id)
        raise
    crash_at("refresh.fetched")
    return given, await _take(desk, upload.id, latest)


async def _begin(depot: Depot, source_id: UUID, turn: str, *, limit: int) -> tuple[Upload, Marks, str] | None:
    """The upload of this turn, found again when a kill interrupted it."""
    async with depot.session() as session:
        found = await get_source(session, source_id)
        if found is None or found[0].paused or found[1].withdrawn_at is not None:
            return None
        source, dataset = found
        if await waits_for_person(session, dataset):
            source.error = WAITING
            return None
        space = await session.get_one(Space, (depot.tenant, dataset.space_id), with_for_update=True)
        announced = Announced(
            name=dataset.latest.file.name,
            dataset_id=dataset.id,
            locale=source.locale,
            idempotency_key=f"{source.id} {turn}",
            publish=True,
            address=source.address,
        )
        upload = await create_upload(session, space, Sender(), announced, limit=limit)
        return upload, Marks(source.etag, source.last_modified), dataset.latest.file.sha256


async def _take(desk: Desk, upload_id: UUID, latest: str) -> bool:
    """Whether what was fetched became a version; what is the same as before is deleted.

    Raises:
        FetchError: it could not become one.
    """
    async with desk.depot.session() as session:
        upload = await session.get_one(Upload, (desk.depot.tenant, upload_id))
    same = upload.state == UploadState.STORED and upload.sha256 == latest
    if same or upload.state == UploadState.RECEIVING:
        await give_up(desk.depot, upload_id)
        return False
    ended = await finish_upload(desk, upload_id)
    if ended is not None and ended.state == UploadState.FAILED:
        raise FetchError(ended.error, remedy=ended.remedy)
    return True


async def _note(
    depot: Depot, source_id: UUID, *, marks: Marks | None = None, changed: bool = False, error: UdiError | None = None
) -> None:
    async with depot.session() as session:
        found: tuple[Source, Dataset] | None = await get_source(session, source_id)
        if found is None:
            return
        source, dataset = found
        if error is not None:
            note_failure(session, dataset, source, error)
        else:
            note_success(source, marks, changed=changed)
