"""Sources looked at by the worker: a file fetched once, a dataset renewed when the file changed."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.crash import crash_at
from udi.kit.errors import LockedError, TooLargeError, UdiError, UnavailableError
from udi.kit.http import OutgoingClient
from udi.kit.jobs import Job
from udi.kit.schedules import Schedule, run_sessions
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.source import (
    get_source,
    note_failure,
    note_success,
    queue_due_checks,
    read_location,
    renewal_key,
    select_due_sources,
)
from udi.node.datasets.intake.finish import (
    UploadContext,
    finish_upload,
    mark_upload_failed,
)
from udi.node.datasets.models import Dataset
from udi.node.datasets.queries import waits_for_person
from udi.node.datasets.renewal.models import DatasetSource
from udi.node.files.intake.upload_lock import UploadLease
from udi.node.files.intake.uploads import (
    UploadAnnouncement,
    cancel_upload,
    create_upload,
)
from udi.node.files.models import Upload, UploadState
from udi.node.files.queries import used_bytes
from udi.node.files.remote.addresses import understand_address
from udi.node.files.remote.fetch import FetchLimit, fetch_into
from udi.node.files.remote.remote_files import (
    FetchError,
    HttpValidators,
    RemoteLocation,
    RemoteRequest,
)
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.node.spaces.models import Space
from udi.node.spaces.senders import Sender
from udi.ui.site import Site

FETCH_FILE = "fetch_file"
CRON = "* * * * * 20"
TRIES = 3


@dataclass(frozen=True)
class FetchBounds:
    """What the operator gives one file that is fetched: bytes, and seconds."""

    limit: int
    seconds: float


@dataclass(frozen=True)
class SourceCheck:
    """One look at a source: the upload that takes the file, where it is, and the version that is known."""

    upload_id: UUID
    location: RemoteLocation
    marks: HttpValidators
    latest: str
    """SHA-256 of the newest version."""
    revision: int = 0
    """That of the source (`DatasetSource.revision`)."""

    def is_of(self, source: DatasetSource) -> bool:
        """Whether nobody set the source since: what came of the look says nothing of another place or credential."""
        return self.revision == source.revision


WAITING = "A version dropped by somebody is waiting to be published: the version of the link comes after it."


def schedule_source_checks(site: Site) -> Schedule:
    """Queue what is due in every territory, once a minute."""

    async def queue_due(session: AsyncSession, _: Territory) -> None:
        await queue_due_checks(session)

    run = run_sessions(site.database, site.registry, queue_due, due=select_due_sources)
    return Schedule("queue_source_checks", CRON, run)


async def fetch_file(
    context: UploadContext, outgoing: OutgoingClient, job: Job, bounds: FetchBounds
) -> None:
    """Fetch the file that a person gave the address of; a passing failure is tried again twice."""
    upload_id = UUID(job.payload["upload"])
    try:
        location = await _find_location(context.storage, upload_id)
        if location is not None:
            check = SourceCheck(upload_id, location, HttpValidators(), "")
            await fetch_upload(context, outgoing, check, bounds)
    except (LockedError, UnavailableError):
        raise
    except UdiError as error:
        if isinstance(error, FetchError) and error.passing and job.attempt < TRIES - 1:
            raise
        await mark_upload_failed(context.storage, upload_id, error)
    await finish_upload(context, upload_id)


async def _find_location(
    storage: TenantStorage, upload_id: UUID
) -> RemoteLocation | None:
    """Where the file of an upload is that a person gave the address of; None when the upload is gone."""
    async with storage.session() as session:
        upload = await session.get(Upload, (storage.tenant, upload_id))
        if upload is None:
            return None
        understood = understand_address(upload.address)
        return RemoteLocation(understood.name, understood.address)


async def fetch_upload(
    context: UploadContext,
    outgoing: OutgoingClient,
    check: SourceCheck,
    bounds: FetchBounds,
) -> HttpValidators | None:
    """Fetch a file into the object of its upload; its marks, None when nothing changed or it was done before."""
    storage = context.storage
    async with storage.session() as session:
        upload = await session.get(
            Upload, (storage.tenant, check.upload_id), with_for_update=True
        )
        if upload is None or upload.state != UploadState.RECEIVING:
            return None
        space = await session.get_one(Space, (storage.tenant, upload.space_id))
        left = (
            space.quota_bytes
            - await used_bytes(session, space)
            + (upload.length or upload.received)
        )
        hold = await UploadLease.acquire(session, storage, upload)
    agent = f"udi-node (+{context.territory.origin})"
    request = RemoteRequest(check.location, outgoing, check.marks, agent)
    try:
        most = FetchLimit(left, bounds.limit, bounds.seconds)
        return await fetch_into(hold, request, most)
    finally:
        await hold.release()


async def refresh_source(
    context: UploadContext, outgoing: OutgoingClient, job: Job, bounds: FetchBounds
) -> None:
    """Look at the source of a dataset; a new version only when the bytes are others."""
    source_id = UUID(job.payload["source"])
    check = None
    try:
        check = await _open_upload(context.storage, source_id, job, limit=bounds.limit)
        if check is None:
            return
        crash_at("refresh.begun")
        new_marks, changed = await _fetch_version(context, outgoing, check, bounds)
    except (LockedError, UnavailableError):
        raise
    except UdiError as error:
        await _record_check(context.storage, source_id, check, error=error)
        return
    crash_at("refresh.taken")
    await _record_check(
        context.storage, source_id, check, marks=new_marks, changed=changed
    )


async def _fetch_version(
    context: UploadContext,
    outgoing: OutgoingClient,
    check: SourceCheck,
    bounds: FetchBounds,
) -> tuple[HttpValidators | None, bool]:
    try:
        new_marks = await fetch_upload(context, outgoing, check, bounds)
    except (FetchError, TooLargeError):
        await cancel_upload(context.storage, check.upload_id)
        raise
    crash_at("refresh.fetched")
    changed = await _create_version(context, check.upload_id, check.latest)
    return new_marks, changed


async def _open_upload(
    storage: TenantStorage, source_id: UUID, job: Job, *, limit: int
) -> SourceCheck | None:
    """The upload of this turn, found again when a kill interrupted it; none where another look comes after this one."""
    async with storage.session() as session:
        source_and_dataset = await get_source(session, source_id)
        if (
            source_and_dataset is None
            or source_and_dataset[0].paused
            or source_and_dataset[1].withdrawn_at is not None
        ):
            return None
        source, dataset = source_and_dataset
        if job.payload.get("revision", source.revision) != source.revision:
            return None
        if await waits_for_person(session, dataset):
            source.error = WAITING
            source.remedy = source.offered_key = ""
            return None
        location = await read_location(session, source)
        space = await session.get_one(
            Space, (storage.tenant, dataset.space_id), with_for_update=True
        )
        announced = UploadAnnouncement(
            name=dataset.latest.file.name,
            dataset_id=dataset.id,
            locale=source.locale,
            idempotency_key=renewal_key(source, job.payload["turn"]),
            publish=True,
            address=source.address,
        )
        upload = await create_upload(session, space, Sender(), announced, limit=limit)
        marks = HttpValidators(source.etag, source.last_modified)
        latest = dataset.latest.file.sha256
        return SourceCheck(upload.id, location, marks, latest, source.revision)


async def _create_version(context: UploadContext, upload_id: UUID, latest: str) -> bool:
    """Whether what was fetched became a version; what is the same as before is deleted.

    Raises:
        FetchError: it could not become one.
    """
    async with context.storage.session() as session:
        upload = await session.get_one(Upload, (context.storage.tenant, upload_id))
    same = upload.state == UploadState.STORED and upload.sha256 == latest
    if same or upload.state == UploadState.RECEIVING:
        await cancel_upload(context.storage, upload_id)
        return False
    ended = await finish_upload(context, upload_id)
    if ended is not None and ended.state == UploadState.FAILED:
        raise FetchError(ended.error, remedy=ended.remedy)
    return True


async def _record_check(
    storage: TenantStorage,
    source_id: UUID,
    check: SourceCheck | None,
    *,
    marks: HttpValidators | None = None,
    changed: bool = False,
    error: UdiError | None = None,
) -> None:
    async with storage.session() as session:
        source_and_dataset: tuple[DatasetSource, Dataset] | None = await get_source(
            session, source_id
        )
        if source_and_dataset is None:
            return
        source, dataset = source_and_dataset
        if check is not None and not check.is_of(source):
            return
        if error is not None:
            note_failure(dataset, source, error)
        else:
            note_success(source, marks, changed=changed)
