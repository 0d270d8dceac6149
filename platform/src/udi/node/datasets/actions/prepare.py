"""The look at a version's file: asked for with the version, done in a child process, kept beside the version."""

from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.child import ChildError, TooLongError, TooMuchMemoryError, run
from udi.kit.clock import now
from udi.kit.crash import crash_at
from udi.kit.errors import UdiError, UnavailableError
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.compare import DIFFERENCE, ask_comparison, compare_with, compared_with, find_before
from udi.node.datasets.actions.copies import copy_to, place, read_file
from udi.node.datasets.actions.publish import publish_as_asked
from udi.node.datasets.continuity import published_before
from udi.node.datasets.models import Dataset, Preparation, PreparationState, Version, cells_suffix, table_suffix
from udi.node.datasets.prefill import cover_period
from udi.node.datasets.preparing import CELLS, Prepared, prepare
from udi.node.datasets.sealed_cells import strip_findings
from udi.node.datasets.standing import access_of, carry_reason
from udi.node.files.clam import Scan, scan
from udi.node.files.depot import Depot
from udi.node.files.hold import SAFETY
from udi.node.files.models import GIVEN, KEPT_BACK, StoredFile
from udi.node.spaces.heavy import enqueue_heavy
from udi.node.tables.kind import GZIP, ZIP
from udi.node.tables.metadata import Coverage
from udi.node.tables.profile import Profile
from udi.node.tables.readers import NoTurnError, Readers, Reading

log = structlog.get_logger()
PREPARE_VERSION = "prepare_version"
TABLE = "table.parquet"
PROMPT = 4 * 1024**2
"""Bytes up to which somebody who drops a file waits for what is found in it."""
LARGEST = 5 * 1024**3
SECONDS, MEMORY = 600.0, 2048
ROOM, PACKED, ARCHIVES = 256 * 1024**2, 100, {GZIP.media_type, ZIP.media_type}
"""Bytes that a reading may write: as many as the file for each thing it makes of it, and what it may unpack."""


@dataclass(frozen=True)
class Desk:
    """What a preparation works with."""

    depot: Depot
    territory: Territory
    clamd: str = ""
    """Where viruses are looked for; empty: nowhere."""
    schemas: Path | None = None
    """Folder of the schemas that tables may follow."""
    readers: Readers | None = None
    """The children of a process that people wait for."""


@dataclass(frozen=True)
class Looked:
    """What a look found; `virus` is None where none are looked for."""

    prepared: Prepared | None
    failure: str
    virus: Scan | None
    difference: dict[str, Any]


async def ask_preparation(
    session: AsyncSession, version: Version, corrections: dict[str, Any] | None = None, *, promptly: bool = False
) -> None:
    """Have a version's file looked at, or looked at again with what its producer corrected.

    `promptly`: whoever asks may do it himself at once if the file is small (`prepare_promptly`); the worker waits to see.
    """
    found = version.preparation
    if found is None:
        version.preparation = Preparation(version_id=version.id, revision=1, corrections=corrections or {})
        found = version.preparation
    else:
        found.asked_by = found.asked_by if found.state == PreparationState.WAITING else None
        found.revision += 1
        found.state, found.failure, found.updated_at = PreparationState.WAITING, "", now()
        found.corrections = found.corrections if corrections is None else corrections
    await session.flush()
    payload = {"version": str(version.id), "revision": found.revision}
    delay = SAFETY if promptly and version.file.size <= PROMPT else None
    await enqueue_heavy(session, version.file.space_id, PREPARE_VERSION, payload, delay=delay)


async def prepare_promptly(desk: Desk, version: Version, reading: Reading | None = None) -> None:
    """The same at once for a file that takes a second or two; a larger one, or one that fails, is the worker's.

    `reading` is the child that read this very file already, if any.
    """
    found = version.preparation
    if found is None or version.file.size > PROMPT:
        return
    try:
        async with AsyncExitStack() as stack:
            if reading is None and desk.readers is not None:
                memory = await desk.depot.store.reading_folder(version.file.key)
                reading = await stack.enter_async_context(desk.readers.reading(version.file.space_id, memory))
            await prepare_version(desk, version.id, found.revision, reading)
    except (UdiError, OSError, NoTurnError):
        log.info("preparation left to the worker")


async def prepare_file(desk: Desk, file_id: UUID, reading: Reading | None = None) -> None:
    """The same for the version of a file that has just come."""
    async with desk.depot.session() as session:
        version = await session.scalar(select(Version).where(Version.file_id == file_id))
    if version is not None:
        await prepare_promptly(desk, version, reading)


async def prepare_version(
    desk: Desk, version_id: UUID, revision: int, reading: Reading | None = None, *, last: bool = False
) -> None:
    """Look at the file, unless this was done or something newer was asked; then publish it, if that was asked too.

    May be called again at any moment; `last`: it will not be.

    Raises:
        UnavailableError: the search for viruses does not answer, or the disk is full; it may go later.
    """
    async with desk.depot.session() as session:
        version = await find_waiting(session, version_id, revision)
        before = await find_before(session, version) if version else None
    if version is None or version.preparation is None:
        return
    crash_at("look.begun")
    store = desk.depot.store
    virus = await scan(store.stream(version.file.key, 0, version.file.size), desk.clamd)
    if virus.again and not last:
        raise UnavailableError("The search for viruses does not answer.")
    memory = await store.reading_folder(version.file.key)
    with place("udi-prepare-", memory) as folder:
        target = folder / "typed" / TABLE
        target.parent.mkdir()
        prepared, failure = await _look(desk, version.file, version.preparation.corrections, target, reading)
        crash_at("look.read")
        made = await _store(desk, version, derived_by(prepared, revision), target.parent)
        crash_at("look.stored")
        harmless = "made_from" in version.preparation.corrections
        difference = await _compare(desk, before, target, prepared, examples=not (harmless or memory))
    looked = Looked(prepared, failure, virus if desk.clamd else None, difference)
    former = await _note(desk, version_id, revision, looked, made)
    crash_at("look.noted")
    for key in former:
        await store.delete(key)


async def give_up(desk: Desk, version_id: UUID, revision: int) -> None:
    """Leave a file that nobody managed to look at: a person decides."""
    await _note(desk, version_id, revision, Looked(None, "failed", None, {}), [])


async def _note(desk: Desk, version_id: UUID, revision: int, looked: Looked, made: list[str]) -> list[str]:
    """Keep what was found, unless something newer was asked; the objects that are of no use any more."""
    async with desk.depot.session() as session:
        dataset = await _lock_dataset(session, version_id)
        version = await find_waiting(session, version_id, revision, lock=True)
        if dataset is None or version is None or version.preparation is None:
            return [] if await _is_kept(session, version_id, revision) else made
        former = [version.file.derived_key(suffix) for suffix in version.preparation.suffixes]
        looked = without_cells(looked) if dataset.space.is_sealed else looked
        _keep(version, looked)
        if compared_with(version) not in {0, *(each.number for each in dataset.versions)}:
            await ask_comparison(session, version)
        carry_reason(published_before(dataset, version), version)
        found = looked.prepared
        if found and found.coverage and revision == 1 and dataset.described_at is None:
            coverage = Coverage.from_json(found.coverage)
            dataset.description, dataset.proposals = cover_period(dataset.description, dataset.proposals, coverage)
        if version.file.access in GIVEN | KEPT_BACK:
            version.file.access = access_of(dataset, version)
        await publish_as_asked(session, dataset, desk.territory)
        return [key for key in former if key not in made]


def without_cells(looked: Looked) -> Looked:
    """The same without any cell of the file, for the database: what is found in a sealed space is sealed with it."""
    if looked.prepared is None:
        return looked
    profile = Profile.from_json(looked.prepared.profile).without_cells().as_json()
    return replace(
        looked, prepared=replace(looked.prepared, **strip_findings(asdict(looked.prepared)), profile=profile)
    )


async def _look(
    desk: Desk, file: StoredFile, corrections: dict[str, Any], target: Path, reading: Reading | None
) -> tuple[Prepared | None, str]:
    if file.size > LARGEST:
        return None, "too_large"
    source = target.parent.with_name("source")
    await copy_to(source, desk.depot.store.stream(file.key, 0, file.size))
    crash_at("look.copied")
    asked = (source, file.name, corrections, target, desk.schemas)
    try:
        if reading is not None:
            return await reading.call(prepare, *asked, seconds=SECONDS), ""
        room = max(ROOM, (PACKED if file.media_type in ARCHIVES else 12) * file.size)
        return await run(prepare, *asked, memory_mb=MEMORY, seconds=SECONDS, file_bytes=room), ""
    except TooLongError:
        return None, "too_long"
    except TooMuchMemoryError:
        return None, "too_heavy"
    except ChildError:
        return None, "failed"


def derived_by(prepared: Prepared | None, revision: int) -> dict[str, str]:
    """The files that a look made, by the suffix of the objects that they become; the table is the first."""
    if prepared is None or not prepared.table:
        return {}
    return {table_suffix(revision): TABLE} | ({cells_suffix(revision): CELLS} if prepared.listed else {})


async def _store(desk: Desk, version: Version, derived: dict[str, str], folder: Path) -> list[str]:
    """Put them beside the version's file; the keys of the objects."""
    keys = {version.file.derived_key(suffix): name for suffix, name in derived.items()}
    for key, name in keys.items():
        await desk.depot.store.put(key, read_file(folder / name))
    return list(keys)


async def _compare(
    desk: Desk, before: Version | None, table: Path, prepared: Prepared | None, *, examples: bool
) -> dict[str, Any]:
    if before is None or prepared is None or not prepared.table:
        return {}
    columns = Profile.from_json(prepared.profile).columns
    return await compare_with(desk.depot.store, before, table, columns, examples=examples)


def _keep(version: Version, looked: Looked) -> None:
    found = version.preparation
    if found is None:
        return
    prepared, found.updated_at, found.failure = looked.prepared, now(), looked.failure
    if prepared is None:
        found.state = PreparationState.FAILED
    else:
        found.state = PreparationState.READY if prepared.table else PreparationState.PLAIN
        found.derived = list(derived_by(prepared, found.revision))
        looks = (
            "errors",
            "counts",
            "personal",
            "safety",
            "facts",
            "coverage",
            "looks_like",
            "schema",
            "listed",
            "unsearched",
        )
        found.findings = {**{name: getattr(prepared, name) for name in looks}, DIFFERENCE: looked.difference}
        version.profile = prepared.profile
        version.file.charset = prepared.profile.get("encoding", "") if version.file.charset else ""
    if looked.virus is not None:
        said = {"state": looked.virus.state.value, "signature": looked.virus.signature, "reason": looked.virus.reason}
        found.findings = {**found.findings, "virus": said}


async def _is_kept(session: AsyncSession, version_id: UUID, revision: int) -> bool:
    """Whether another look that was asked by the same question ended first: its table has the same place."""
    query = select(Preparation.derived).where(Preparation.version_id == version_id)
    return table_suffix(revision) in (await session.scalar(query) or ())


async def _lock_dataset(session: AsyncSession, version_id: UUID) -> Dataset | None:
    """Hold the dataset of a version first, as every other change to it does."""
    query = select(Dataset).join(Version, Version.dataset_id == Dataset.id).where(Version.id == version_id)
    found: Dataset | None = await session.scalar(query.with_for_update(of=Dataset))
    return found


async def find_waiting(session: AsyncSession, version_id: UUID, revision: int, *, lock: bool = False) -> Version | None:
    """The version whose file is to be looked at, unless this was done or something newer was asked."""
    query = (
        select(Version)
        .join(Preparation)
        .where(
            Version.id == version_id,
            Preparation.revision == revision,
            Preparation.state == PreparationState.WAITING,
        )
    )
    found: Version | None = await session.scalar(query.with_for_update(of=Preparation) if lock else query)
    return found
