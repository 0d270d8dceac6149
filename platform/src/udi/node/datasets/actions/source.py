"""The address that renews a dataset: set, looked at, found changed or not, paused, given up."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, Refusal, UdiError
from udi.kit.identity import Actor
from udi.node.datasets.models import Dataset
from udi.node.datasets.renewal.models import DatasetSource, Frequency
from udi.node.files.fetch import FetchError, HttpValidators, check_address
from udi.node.spaces.limits import enqueue_heavy_job

REFRESH_SOURCE = "refresh_source"
EVERY = {
    Frequency.HOURLY: timedelta(hours=1),
    Frequency.DAILY: timedelta(days=1),
    Frequency.WEEKLY: timedelta(days=7),
    Frequency.MONTHLY: timedelta(days=30),
}
FIRST_RETRY = timedelta(hours=1)
MOST_FAILURES = 5


async def set_source(
    session: AsyncSession,
    actor: Actor,
    dataset: Dataset,
    *,
    address: str,
    frequency: str,
    locale: str,
) -> DatasetSource:
    """Renew a dataset from an address from now on; the first look is at once.

    Raises:
        InvalidError: it is no address, or no frequency.
        ConflictError: the dataset is withdrawn.
    """
    address = check_address(address)
    if frequency not in set(Frequency):
        raise InvalidError(refusals=[Refusal("frequency", "Choose how often.")])
    if dataset.withdrawn_at is not None:
        raise ConflictError(
            "This dataset is withdrawn.", remedy="Publish it again first."
        )
    source = await find_source(session, dataset)
    if source is None:
        source = DatasetSource(dataset_id=dataset.id)
        session.add(source)
    if source.address != address:
        source.etag = source.last_modified = ""
    source.address = address
    source.frequency = frequency
    source.person_id = actor.person_id
    source.locale = locale
    dataset.record_event(actor, "source.set", frequency=frequency)
    await check_source_now(session, dataset, source)
    return source


async def check_source_now(
    session: AsyncSession, dataset: Dataset, source: DatasetSource
) -> None:
    """Look at the address as soon as the worker can, paused or not."""
    source.failures = 0
    source.error = ""
    source.paused = False
    source.due_at = now()
    await session.flush()
    await queue_source_check(session, dataset.space_id, source)


async def queue_source_check(
    session: AsyncSession, space_id: UUID, source: DatasetSource
) -> None:
    """Queue a look; the next is due one period later, whatever becomes of it."""
    turn = source.due_at
    source.due_at = now() + EVERY[Frequency(source.frequency)]
    await session.flush()
    payload = {"source": str(source.id), "turn": turn.isoformat()}
    await enqueue_heavy_job(session, space_id, REFRESH_SOURCE, payload)


async def queue_due_checks(session: AsyncSession) -> int:
    """Queue a look at each address whose time has come; how many."""
    query = select(DatasetSource, Dataset.space_id).join(
        Dataset, DatasetSource.dataset_id == Dataset.id
    )
    query = (
        query.where(DatasetSource.due_at <= now(), DatasetSource.paused.is_(False))
        .order_by(DatasetSource.due_at)
        .limit(100)
    )
    due = (
        await session.execute(query.with_for_update(of=DatasetSource, skip_locked=True))
    ).all()
    for source, space_id in due:
        await queue_source_check(session, space_id, source)
    return len(due)


async def delete_source(session: AsyncSession, actor: Actor, dataset: Dataset) -> None:
    """Do not look any more."""
    source = await find_source(session, dataset)
    if source is not None:
        dataset.record_event(actor, "source.stopped")
        await session.delete(source)


async def find_source(session: AsyncSession, dataset: Dataset) -> DatasetSource | None:
    """The address that renews a dataset, if any."""
    query = select(DatasetSource).where(DatasetSource.dataset_id == dataset.id)
    source: DatasetSource | None = await session.scalar(query)
    return source


def note_success(
    source: DatasetSource, marks: HttpValidators | None, *, changed: bool
) -> None:
    """The address gave the file, or said that it did not change (no marks)."""
    source.checked_at = now()
    source.failures = 0
    source.error = ""
    if marks is not None:
        source.etag = marks.etag
        source.last_modified = marks.last_modified
    if changed:
        source.changed_at = now()


def note_failure(dataset: Dataset, source: DatasetSource, error: UdiError) -> None:
    """Try again in an hour, then later and later, not before the other side said; after five in a row, wait for a person."""
    source.checked_at = now()
    source.failures = source.failures + 1
    first = error.refusals[0] if error.refusals else None
    source.error = error.detail or (first.reason if first else error.title)
    wait = error.wait if isinstance(error, FetchError) else timedelta()
    source.due_at = max(
        min(source.due_at, _next_attempt(source.failures)), now() + wait
    )
    if source.failures >= MOST_FAILURES:
        source.paused = True
        dataset.record_event(None, "source.paused")


def _next_attempt(failures: int) -> datetime:
    return now() + FIRST_RETRY * float(2 ** (failures - 1))


async def get_source(
    session: AsyncSession, source_id: UUID
) -> tuple[DatasetSource, Dataset] | None:
    """An address and its dataset, both held until the transaction ends."""
    query = (
        select(Dataset)
        .join(DatasetSource, DatasetSource.dataset_id == Dataset.id)
        .where(DatasetSource.id == source_id)
    )
    dataset = await session.scalar(query.with_for_update(of=Dataset))
    if dataset is not None:
        source = await find_source(session, dataset)
    else:
        source = None
    if source is not None and dataset is not None:
        return (source, dataset)
    return None
