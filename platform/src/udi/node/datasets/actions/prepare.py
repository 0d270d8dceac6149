"""The look at a version's file: asked for with the version, done in a child process, kept beside the version."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from udi.kit.child import ChildError, ChildMemoryError, ChildTimeoutError, run
from udi.kit.clock import now
from udi.kit.crash import crash_at
from udi.kit.errors import UdiError, UnavailableError
from udi.kit.tenancy import Territory
from udi.node.datasets.actions import draft
from udi.node.datasets.actions.announce import announce_tables
from udi.node.datasets.actions.compare import (
    compare_with_earlier,
    find_earlier_version,
    request_comparison,
)
from udi.node.datasets.actions.parts import publish_requested_part
from udi.node.datasets.actions.publish import publish_requested
from udi.node.datasets.descriptions.prefill import cover_period
from udi.node.datasets.models import (
    Dataset,
    Preparation,
    PreparationState,
    Version,
    cells_suffix,
    table_suffix,
    tables_suffix,
)
from udi.node.datasets.versions.findings import (
    DIFFERENCE,
    NAMED_TABLES,
    compared_version_number,
    named_tables_of,
)
from udi.node.datasets.versions.preparation import (
    CELLS,
    TABLES,
    FileAnalysis,
    prepare,
)
from udi.node.datasets.versions.publishability import access_of, carry_reason
from udi.node.datasets.versions.sealed_cells import strip_findings
from udi.node.files.intake.clam import VirusScan, scan
from udi.node.files.intake.reception import LARGEST
from udi.node.files.models import SERVED_ACCESS, WITHHELD_ACCESS, StoredFile
from udi.node.files.storage.local_copies import (
    open_temporary_folder,
    read_file,
    write_copy,
)
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.tabular.formats.file_kind import GZIP, ZIP
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.coverage import Coverage
from udi.tabular.profiles.named_tables import NamedTableFolder
from udi.tabular.profiles.profile import Profile
from udi.tabular.queries.readers import FileReader, FileReaderPool, QueueTimeoutError

log = structlog.get_logger()
TABLE = "table.parquet"
SECONDS = 600.0
MEMORY = 2048
ROOM = 256 * 1024**2
PACKED = 100
ARCHIVES = {GZIP.media_type, ZIP.media_type}
"""Bytes that a reading may write: as many as the file for each thing it makes of it, and what it may unpack."""


@dataclass(frozen=True)
class PreparationContext:
    """What a preparation works with."""

    storage: TenantStorage
    territory: Territory
    clamd: str = ""
    """Where viruses are looked for; empty: nowhere."""
    schemas: Path | None = None
    """Folder of the schemas that tables may follow."""
    readers: FileReaderPool | None = None
    """The children of a process that people wait for."""


@dataclass(frozen=True)
class PreparationResult:
    """What a look found; `virus` is None where none are looked for."""

    prepared: FileAnalysis | None
    failure: str
    virus: VirusScan | None
    difference: dict[str, Any]


async def prepare_promptly(
    context: PreparationContext, version: Version, reading: FileReader | None = None
) -> None:
    """Look at once at a file that takes a second or two; a larger one, or one that fails, is the worker's.

    `reading` is the child that read this very file already, if any.
    """
    preparation = version.preparation
    if preparation is None or version.file.size > draft.PROMPT:
        return
    try:
        async with AsyncExitStack() as stack:
            if reading is None and context.readers is not None:
                memory = await context.storage.store.reading_folder(version.file.key)
                reading = await stack.enter_async_context(
                    context.readers.open_reader(version.file.space_id, memory)
                )
            await prepare_version(context, version.id, preparation.revision, reading)
    except (UdiError, OSError, QueueTimeoutError):
        log.info("preparation left to the worker")


async def prepare_file(
    context: PreparationContext, file_id: UUID, reading: FileReader | None = None
) -> None:
    """The same for the version of a file that has just come."""
    async with context.storage.session() as session:
        version = await session.scalar(
            select(Version).where(Version.file_id == file_id)
        )
    if version is not None:
        await prepare_promptly(context, version, reading)


async def prepare_version(
    context: PreparationContext,
    version_id: UUID,
    revision: int,
    reading: FileReader | None = None,
    *,
    last: bool = False,
) -> None:
    """Look at the file, unless this was done or something newer was asked; then publish it, if that was asked too.

    May be called again at any moment; `last`: it will not be.

    Raises:
        UnavailableError: the search for viruses does not answer, or the disk is full; it may go later.
    """
    async with context.storage.session() as session:
        version = await find_awaiting_preparation(session, version_id, revision)
        before = None
        if version is not None and version.number > 1:
            before = await find_earlier_version(session, version)
    if version is None or version.preparation is None:
        return
    crash_at("look.begun")
    store = context.storage.store
    virus = None
    if context.clamd:
        pieces = store.stream(version.file.key, 0, version.file.size)
        virus = await scan(pieces, context.clamd)
        if virus.is_retriable and not last:
            raise UnavailableError("The search for viruses does not answer.")
    memory = await store.reading_folder(version.file.key)
    with open_temporary_folder("udi-prepare-", memory) as folder:
        target = folder / "typed" / TABLE
        target.parent.mkdir()
        corrections = _renew_corrections(version, version.preparation, before)
        prepared, failure = await _inspect_file(
            context, version.file, corrections, target, reading
        )
        crash_at("look.read")
        new_keys = await _store_derived_files(
            context, version, prepared, revision, target.parent
        )
        crash_at("look.stored")
        harmless = "made_from" in version.preparation.corrections
        difference = await _compare(
            context, before, target, prepared, examples=not (harmless or memory)
        )
    looked = PreparationResult(prepared, failure, virus, difference)
    former = await _save_result(context, version_id, revision, looked, new_keys)
    crash_at("look.noted")
    for key in former:
        await store.delete(key)


def _renew_corrections(
    version: Version, preparation: Preparation, before: Version | None
) -> dict[str, Any]:
    """What its producer said of how its file is read; the places keep the name by which agreements on an earlier version call them."""
    corrections = Corrections.from_json(preparation.corrections)
    corrections = corrections.keep_geometry(Profile.from_json(version.profile).columns)
    former = version if version.published_at else before
    if former is not None:
        profile = Profile.from_json(former.profile)
        corrections = corrections.keep_geometry(
            profile.columns, has_places=bool(profile.geometry)
        )
    return corrections.as_json()


async def mark_preparation_failed(
    context: PreparationContext, version_id: UUID, revision: int
) -> None:
    """Leave a file that nobody managed to look at: a person decides."""
    await _save_result(
        context, version_id, revision, PreparationResult(None, "failed", None, {}), []
    )


async def _save_result(
    context: PreparationContext,
    version_id: UUID,
    revision: int,
    looked: PreparationResult,
    new_keys: list[str],
) -> list[str]:
    """Keep what was found, unless something newer was asked; the objects that are of no use any more."""
    async with context.storage.session() as session:
        dataset = await _lock_dataset(session, version_id)
        version = await find_awaiting_preparation(
            session, version_id, revision, lock=True
        )
        if dataset is None or version is None or version.preparation is None:
            if await _is_already_saved(session, version_id, revision):
                return []
            return new_keys
        former = [
            version.file.derived_key(suffix) for suffix in version.preparation.suffixes
        ]
        if dataset.space.is_sealed:
            looked = strip_result_cells(looked)
        _save_findings(version, looked)
        prepared = looked.prepared
        is_main = version.part_id is None
        if (
            is_main
            and prepared
            and prepared.coverage
            and revision == 1
            and _lacks_period(dataset)
        ):
            coverage = Coverage.from_json(prepared.coverage)
            dataset.description, dataset.proposals = cover_period(
                dataset.description, dataset.proposals, coverage
            )
        if version.number > 1 and _compared_version_is_gone(dataset, version):
            await request_comparison(session, version)
        if published := dataset.find_published_before(version):
            carry_reason(published, version)
        if version.file.access in SERVED_ACCESS | WITHHELD_ACCESS:
            version.file.access = access_of(dataset, version)
        if version.published_at is not None:
            await announce_tables(session, dataset, version, context.territory)
        await _publish_if_requested(session, dataset, version, context.territory)
        return [key for key in former if key not in new_keys]


async def _publish_if_requested(
    session: AsyncSession, dataset: Dataset, version: Version, territory: Territory
) -> None:
    """Publish what waits of the same file, where somebody asked that."""
    if version.part_id is not None:
        if version.published_at is None and version.is_publication_requested:
            await publish_requested_part(session, dataset, version, territory)
    elif dataset.pending and dataset.pending.is_publication_requested:
        await publish_requested(session, dataset, dataset.pending, territory)


def _lacks_period(dataset: Dataset) -> bool:
    """Whether nobody described it yet, and neither the name of its file nor its first lines gave a period."""
    return dataset.described_at is None and not dataset.description.get("first_day")


def _compared_version_is_gone(dataset: Dataset, version: Version) -> bool:
    """Whether the version that it was compared with was removed meanwhile."""
    versions = dataset.list_versions_of(version.part_id)
    numbers = {existing_version.number for existing_version in versions}
    return compared_version_number(version) not in {0, *numbers}


def strip_result_cells(looked: PreparationResult) -> PreparationResult:
    """The same without any cell of the file, for the database: what is found in a sealed space is sealed with it."""
    if looked.prepared is None:
        return looked
    profile = Profile.from_json(looked.prepared.profile).without_cells().as_json()
    return replace(
        looked,
        prepared=replace(
            looked.prepared, **strip_findings(asdict(looked.prepared)), profile=profile
        ),
    )


async def _inspect_file(
    context: PreparationContext,
    file: StoredFile,
    corrections: dict[str, Any],
    target: Path,
    reading: FileReader | None,
) -> tuple[FileAnalysis | None, str]:
    if file.size > LARGEST:
        return None, "too_large"
    source = target.parent.with_name("source")
    await write_copy(source, context.storage.store.stream(file.key, 0, file.size))
    crash_at("look.copied")
    arguments = (source, file.name, corrections, target, context.schemas)
    try:
        if reading is not None:
            return await reading.call(prepare, *arguments, seconds=SECONDS), ""
        size_limit = max(
            ROOM, (PACKED if file.media_type in ARCHIVES else 12) * file.size
        )
        return await run(
            prepare,
            *arguments,
            memory_mb=MEMORY,
            seconds=SECONDS,
            file_bytes=size_limit,
        ), ""
    except ChildTimeoutError:
        return None, "too_long"
    except ChildMemoryError:
        return None, "too_heavy"
    except ChildError:
        return None, "failed"


def derived_files(prepared: FileAnalysis | None, revision: int) -> dict[str, str]:
    """The files that a look made, by the suffix of the objects that they become; the table is the first."""
    if prepared is None or not prepared.table:
        return {}
    return {table_suffix(revision): TABLE} | (
        {cells_suffix(revision): CELLS} if prepared.listed else {}
    )


async def _store_derived_files(
    context: PreparationContext,
    version: Version,
    prepared: FileAnalysis | None,
    revision: int,
    folder: Path,
) -> list[str]:
    """Put what a look made beside the version's file; the keys of the objects."""
    store = context.storage.store
    derived = derived_files(prepared, revision)
    keys = {version.file.derived_key(suffix): name for suffix, name in derived.items()}
    for key, name in keys.items():
        await store.put(key, read_file(folder / name))
    if prepared is None or not prepared.tables:
        return list(keys)
    named = NamedTableFolder(folder / TABLES)
    paths = [named.file_of(rank) for rank in range(len(prepared.tables))]
    key = version.file.derived_key(tables_suffix(revision))
    await store.put(key, _join_files(paths))
    return [*keys, key]


async def _join_files(paths: Sequence[Path]) -> AsyncIterator[bytes]:
    """The bytes of files, end to end."""
    for path in paths:
        async for piece in read_file(path):
            yield piece


async def _compare(
    context: PreparationContext,
    before: Version | None,
    table: Path,
    prepared: FileAnalysis | None,
    *,
    examples: bool,
) -> dict[str, Any]:
    if before is None or prepared is None or not prepared.table:
        return {}
    columns = Profile.from_json(prepared.profile).columns
    return await compare_with_earlier(
        context.storage.store, before, table, columns, examples=examples
    )


def _save_findings(version: Version, looked: PreparationResult) -> None:
    preparation = version.preparation
    if preparation is None:
        return
    prepared = looked.prepared
    preparation.updated_at = now()
    preparation.failure = looked.failure
    if prepared is None:
        preparation.state = PreparationState.FAILED
    else:
        if prepared.table:
            preparation.state = PreparationState.READY
        else:
            preparation.state = PreparationState.PLAIN
        preparation.derived = list(derived_files(prepared, preparation.revision))
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
            "repairs",
            "tables_left",
            "tables_dropped",
        )
        suffix = tables_suffix(preparation.revision)
        preparation.findings = {
            **{name: getattr(prepared, name) for name in looks},
            DIFFERENCE: looked.difference,
            NAMED_TABLES: [{**table, "suffix": suffix} for table in prepared.tables],
        }
        version.profile = prepared.profile
        if version.file.charset:
            version.file.charset = prepared.profile.get("encoding", "")
        else:
            version.file.charset = ""
    if looked.virus is not None:
        scan_result = {
            "state": looked.virus.state.value,
            "signature": looked.virus.signature,
            "reason": looked.virus.reason,
        }
        preparation.findings = {**preparation.findings, "virus": scan_result}


async def _is_already_saved(
    session: AsyncSession, version_id: UUID, revision: int
) -> bool:
    """Whether another look that was asked by the same question ended first: its tables have the same place."""
    query = select(Version).join(Preparation).where(Version.id == version_id)
    version = await session.scalar(query)
    if version is None or version.preparation is None:
        return False
    suffixes = {named_table.suffix for named_table in named_tables_of(version)}
    suffixes |= {*version.preparation.derived}
    return not suffixes.isdisjoint({table_suffix(revision), tables_suffix(revision)})


async def _lock_dataset(session: AsyncSession, version_id: UUID) -> Dataset | None:
    """Hold the dataset of a version first, as every other change to it does."""
    query = (
        select(Dataset)
        .join(Version, Version.dataset_id == Dataset.id)
        .where(Version.id == version_id)
    )
    dataset: Dataset | None = await session.scalar(query.with_for_update(of=Dataset))
    return dataset


async def find_awaiting_preparation(
    session: AsyncSession, version_id: UUID, revision: int, *, lock: bool = False
) -> Version | None:
    """The version whose file is to be looked at, unless this was done or something newer was asked."""
    query = (
        select(Version)
        .join(Preparation)
        .where(
            Version.id == version_id,
            Preparation.revision == revision,
            Preparation.state == PreparationState.WAITING,
        )
        .options(selectinload(Version.preparation))  # after a lock was waited for
    )
    version: Version | None = await session.scalar(
        query.with_for_update(of=Preparation) if lock else query
    )
    return version
