"""The source that renews a dataset: set, looked at, found changed or not, paused, given up."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, NotFoundError, Refusals, UdiError
from udi.kit.identity import Actor
from udi.kit.sealed_columns import BrokenColumnError
from udi.node.datasets.models import Author, Dataset
from udi.node.datasets.renewal.models import DatasetSource, Frequency
from udi.node.files.remote.addresses import UnderstoodAddress, understand_address
from udi.node.files.remote.remote_files import (
    FetchError,
    HttpValidators,
    RemoteLocation,
)
from udi.node.files.remote.source_kinds import SourceField, find_source_kind
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


@dataclass(frozen=True)
class SourceInput:
    """What a form gives of a source; without a `kind`, the address says it."""

    address: str
    frequency: str
    kind: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The fields of the kind; an empty one keeps what there is, for the same server."""


async def set_source(
    session: AsyncSession,
    author: Author,
    dataset: Dataset,
    given: SourceInput,
    *,
    person_id: UUID,
    locale: str,
) -> DatasetSource:
    """Renew a dataset from a source from now on; the first look is at once.

    `person_id` answers for it: the author, or who made the key of a script.

    Raises:
        InvalidError: it is no address, or no frequency, or the credential is not whole.
        ConflictError: the dataset is withdrawn.
    """
    understood = understand_address(given.address, given.kind, given.values)
    _require_not_withdrawn(dataset)
    source = await find_source(session, dataset)
    former = await _read_kept_credential(session, source, understood)
    credential = understood.kind.update_credential(former, understood.credential)
    refusals = Refusals()
    _check_frequency(refusals, given.frequency)
    for missing in understood.kind.list_missing(credential):
        refusals.refuse(missing.name, "Fill in this field: the server asks for it.")
    refusals.check()
    if source is None:
        source = DatasetSource(dataset_id=dataset.id)
        session.add(source)
    if not _is_same_place(source, understood):
        source.etag = source.last_modified = ""
    if not _is_same_server(source, understood):
        source.host_key = source.offered_key = ""
    source.kind = understood.name
    source.address = understood.address
    source.credential = json.dumps(credential) if credential else ""
    source.frequency = given.frequency
    source.person_id = person_id
    source.locale = locale
    dataset.record_event(
        author, "source.set", kind=understood.name, frequency=given.frequency
    )
    await check_source_now(session, dataset, source)
    return source


async def set_frequency(
    session: AsyncSession,
    author: Author,
    dataset: Dataset,
    source: DatasetSource,
    frequency: str,
) -> None:
    """Look at a source this often once it is looked at again; it is not looked at now, and stays paused where it is.

    Raises:
        InvalidError: it is no frequency.
        ConflictError: the dataset is withdrawn.
    """
    _require_not_withdrawn(dataset)
    refusals = Refusals()
    _check_frequency(refusals, frequency)
    refusals.check()
    source.frequency = frequency
    dataset.record_event(author, "source.set", kind=source.kind, frequency=frequency)
    await session.flush()


def _check_frequency(refusals: Refusals, frequency: str) -> None:
    if frequency not in set(Frequency):
        refusals.refuse("frequency", "Choose how often.")


def _require_not_withdrawn(dataset: Dataset) -> None:
    if dataset.withdrawn_at is not None:
        raise ConflictError(
            "This dataset is withdrawn.", remedy="Publish it again first."
        )


def _is_same_place(source: DatasetSource, understood: UnderstoodAddress) -> bool:
    return (source.kind, source.address) == (understood.name, understood.address)


def _is_same_server(
    source: DatasetSource | None, understood: UnderstoodAddress
) -> bool:
    """Whether what was given for the source before may be sent to the understood address."""
    if source is None or not source.address or source.kind != understood.name:
        return False
    server_of = understood.kind.server_of
    return server_of(source.address) == server_of(understood.address)


async def _read_kept_credential(
    session: AsyncSession,
    source: DatasetSource | None,
    understood: UnderstoodAddress,
) -> dict[str, str]:
    if source is None or not _is_same_server(source, understood):
        return {}
    return await read_credential(session, source)


async def read_credential(
    session: AsyncSession, source: DatasetSource
) -> dict[str, str]:
    """What opens the address of a source; empty if it was never given, or does not open any more."""
    query = select(DatasetSource.credential).where(DatasetSource.id == source.id)
    try:
        text = await session.scalar(query)
    except BrokenColumnError:
        return {}
    if not text:
        return {}
    credential: dict[str, str] = json.loads(text)
    return credential


async def read_location(session: AsyncSession, source: DatasetSource) -> RemoteLocation:
    """Where the file of a source is, and what opens it.

    Raises:
        FetchError: its credential is not here, as after a move to another installation.
    """
    credential = await read_credential(session, source)
    kind = find_source_kind(source.kind)
    missing: list[SourceField] = []
    if kind is not None:
        missing = kind.list_missing(credential)
    if missing:
        raise FetchError(
            "The password or the key of this source is not kept here.",
            remedy="Change the link, and write the credential again.",
            waits_for_person=True,
        )
    return RemoteLocation(source.kind, source.address, credential, source.host_key)


async def confirm_host_key(
    session: AsyncSession, actor: Actor, dataset: Dataset, fingerprint: str
) -> None:
    """Trust the key that the server showed, if it is the one that the person saw; look at once.

    Raises:
        NotFoundError: there is no source.
        ConflictError: the server showed another key since, or the dataset is withdrawn.
    """
    source = await find_source(session, dataset)
    if source is None:
        raise NotFoundError
    if not fingerprint or fingerprint != source.offered_key:
        raise ConflictError(
            "The server showed another key since.",
            remedy="Read the fingerprint on the page again.",
        )
    source.host_key = fingerprint
    source.offered_key = ""
    dataset.record_event(actor, "source.key_confirmed", fingerprint=fingerprint)
    await check_source_now(session, dataset, source)


async def check_source_now(
    session: AsyncSession, dataset: Dataset, source: DatasetSource
) -> None:
    """Look at the address as soon as the worker can, paused or not.

    Raises:
        ConflictError: the dataset is withdrawn.
    """
    _require_not_withdrawn(dataset)
    source.failures = 0
    source.error = source.remedy = ""
    source.paused = False
    source.paused_at = None
    source.due_at = now()
    source.revision = (source.revision or 0) + 1
    await session.flush()
    await queue_source_check(session, dataset.space_id, source)


async def queue_source_check(
    session: AsyncSession, space_id: UUID, source: DatasetSource
) -> None:
    """Queue a look; the next is due one period later, whatever becomes of it."""
    turn = source.due_at
    source.due_at = now() + EVERY[Frequency(source.frequency)]
    await session.flush()
    payload = {
        "source": str(source.id),
        "turn": turn.isoformat(),
        "revision": source.revision,
    }
    await enqueue_heavy_job(session, space_id, REFRESH_SOURCE, payload)


def _due(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    return (DatasetSource.due_at <= moment, DatasetSource.paused.is_(False))


def select_due_sources() -> Select[Any]:
    """The addresses whose time has come."""
    return select(DatasetSource.dataset_id).where(*_due(now()))


async def queue_due_checks(session: AsyncSession) -> int:
    """Queue a look at each address whose time has come; how many."""
    query = select(DatasetSource, Dataset.space_id).join(
        Dataset, DatasetSource.dataset_id == Dataset.id
    )
    query = query.where(*_due(now())).order_by(DatasetSource.due_at).limit(100)
    due = (
        await session.execute(query.with_for_update(of=DatasetSource, skip_locked=True))
    ).all()
    for source, space_id in due:
        await queue_source_check(session, space_id, source)
    return len(due)


async def pause_source(session: AsyncSession, author: Author, dataset: Dataset) -> None:
    """Do not look until somebody has it looked at; what opens it is kept.

    Raises:
        NotFoundError: there is no source.
    """
    source = await find_source(session, dataset)
    if source is None:
        raise NotFoundError
    if source.paused:
        return
    source.paused = True
    source.paused_at = now()
    source.error = source.remedy = source.offered_key = ""
    source.revision = source.revision + 1
    dataset.record_event(author, "source.paused_by_person")


async def delete_source(
    session: AsyncSession, author: Author, dataset: Dataset
) -> None:
    """Do not look any more."""
    source = await find_source(session, dataset)
    if source is not None:
        dataset.record_event(author, "source.stopped")
        await session.delete(source)


async def find_source(session: AsyncSession, dataset: Dataset) -> DatasetSource | None:
    """The address that renews a dataset, if any."""
    query = select(DatasetSource).where(DatasetSource.dataset_id == dataset.id)
    source: DatasetSource | None = await session.scalar(query)
    return source


def renewal_key(source: DatasetSource, turn: str) -> str:
    """The idempotency key of the upload of a look: of which source, as it was set at the time, and of which turn."""
    return f"{source.id} {source.revision} {turn}"


async def is_wanted(session: AsyncSession, dataset: Dataset, key: str) -> bool:
    """Whether what a look brought, whose upload has this key, may still renew the dataset.

    It may not once somebody paused the source, set it otherwise, or had it looked at again.
    """
    source = await find_source(session, dataset)
    if source is None or source.paused:
        return False
    return key.startswith(renewal_key(source, ""))


def note_success(
    source: DatasetSource, marks: HttpValidators | None, *, changed: bool
) -> None:
    """The address gave the file, or said that it did not change (no marks)."""
    source.checked_at = now()
    source.failures = 0
    source.error = source.remedy = source.offered_key = ""
    if marks is not None:
        source.etag = marks.etag
        source.last_modified = marks.last_modified
    if changed:
        source.changed_at = now()


def note_failure(dataset: Dataset, source: DatasetSource, error: UdiError) -> None:
    """Try again in an hour, then later and later, not before the other side said; wait for a person after five in a row.

    What no other try can mend waits for a person at once.
    """
    source.checked_at = now()
    source.failures = source.failures + 1
    first = error.refusals[0] if error.refusals else None
    source.error = error.detail or (first.reason if first else error.title)
    source.remedy = error.remedy or (first.remedy if first else "")
    wait = timedelta()
    waits_for_person = False
    if isinstance(error, FetchError):
        wait = error.wait
        waits_for_person = error.waits_for_person
        source.offered_key = error.offered_key
    source.due_at = max(
        min(source.due_at, _next_attempt(source.failures)), now() + wait
    )
    if waits_for_person or source.failures >= MOST_FAILURES:
        source.paused = True
        source.paused_at = now()
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
