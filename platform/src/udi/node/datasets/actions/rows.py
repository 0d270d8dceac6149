"""Rows of the newest main file of a dataset, or of that of a part, corrected: the file is written again, and waits."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import structlog

from udi.kit.child import ChildError
from udi.kit.errors import ConflictError, UnavailableError
from udi.kit.identity import Actor
from udi.node.datasets.actions.draft import DroppedFile, create_next_version
from udi.node.datasets.actions.parts import add_part_version
from udi.node.datasets.actions.prepare import PreparationContext, prepare_promptly
from udi.node.datasets.descriptions.prefill import AnswerProposer
from udi.node.datasets.models import Version
from udi.node.datasets.queries import CheckedFile, get_checked_file
from udi.node.datasets.versions.findings import (
    corrections_of,
    find_row_obstacle,
    is_being_read,
)
from udi.node.files.intake.reception import PROFILE_SECONDS
from udi.node.files.models import object_key
from udi.node.files.storage.local_copies import (
    open_temporary_folder,
    read_file,
    write_copy,
)
from udi.node.files.storage.store import ObjectStore
from udi.node.spaces.queries import lock_space
from udi.tabular.editing.row_changes import (
    CorrectionResult,
    EditableRowPage,
    RowQuery,
    TableCorrection,
    correct_rows,
    read_rows,
)
from udi.tabular.editing.row_differences import (
    RowDifference,
    TableFile,
    compare_rows,
)
from udi.tabular.editing.table_changes import LARGEST
from udi.tabular.profiles.profile import profile_copy
from udi.tabular.queries.readers import FileReader, QueueTimeoutError

READING_SECONDS = 20.0
WRITING_SECONDS = 60.0
MOST_ATTEMPTS = 3
"""Times that a correction is made again, since another one came meanwhile."""
REMEDY = "Correct your own file, then drop it again."
UNEDITABLE = {
    "treated": (
        "The node made the newest file without the personal data of yours. It is not corrected here, since yours would then say something else.",
        "Correct your own file, then drop it again: the same treatment is proposed.",
    ),
    "harmful": (
        "This file could harm whoever opens it: its rows are not shown.",
        REMEDY,
    ),
    "format": ("Only tables in CSV, XLSX, ODS and FODS are corrected here.", REMEDY),
    "old_workbook": (
        "A workbook in XLS or XLSB is not corrected here: it would have to be written anew, and what is not a cell would be lost.",
        "Save your file as XLSX or ODS, drop it, then correct it here.",
    ),
    "too_large": (
        "This table is too large to be corrected here: up to 5,000 rows and 4 MB are.",
        REMEDY,
    ),
    "letters": (
        "Some characters of this file cannot be read: they would be lost with a correction.",
        REMEDY,
    ),
    "irregular": (
        "This file is not written regularly: one of its cells cannot be changed alone.",
        REMEDY,
    ),
    "formula": (
        "This workbook has formulas: with a correction made here, their results would not be right any more. Nothing was changed.",
        "Correct your own file in a spreadsheet program, then drop it again.",
    ),
    "below": (
        "There is something below the table of this sheet: no row can be added there.",
        REMEDY,
    ),
    "other_reading": (
        "With these values the file would be read in another way. Nothing was changed.",
        "Write them in another way, or correct your own file, then drop it again.",
    ),
}
"""Why the rows of a file are not corrected here, and what to do."""
log = structlog.get_logger()
T = TypeVar("T")


class ReplacedVersionError(ConflictError):
    """The file of a version went while it was asked for: another version took its place."""

    def __init__(self) -> None:
        super().__init__("Another file came meanwhile.", remedy="Check it first.")


@dataclass(frozen=True)
class TableSource:
    """A file that may be corrected, in a folder of its own, and the child that reads it."""

    version: Version
    path: Path
    reading: FileReader


def require_editable(file: CheckedFile) -> Version:
    """The newest version of a file, if its rows may be corrected here.

    Raises:
        ConflictError: it is being read, is no small table in a format that is corrected, could harm, or was made by the node without personal data; or
            the dataset is withdrawn.
    """
    version = file.version
    if file.dataset.withdrawn_at is not None:
        raise ConflictError(
            "This dataset is withdrawn.", remedy="Publish it again first."
        )
    if is_being_read(version):
        raise ConflictError(
            "We are still reading your file.", remedy="Wait a little, then try again."
        )
    if code := find_row_obstacle(version):
        raise uneditable_error(code)
    return version


def uneditable_error(code: str) -> ConflictError:
    """The refusal for one of `UNEDITABLE`."""
    reason, remedy = UNEDITABLE[code]
    return ConflictError(reason, remedy=remedy)


async def read_again(read: Callable[[], Awaitable[T]]) -> T:
    """What `read` returns of the newest version, which it finds itself; once more where another one came meanwhile.

    Raises:
        ReplacedVersionError: other versions came all the time.
    """
    for _ in range(MOST_ATTEMPTS - 1):
        try:
            return await read()
        except ReplacedVersionError:
            continue
    return await read()


async def read_row_page(
    context: PreparationContext,
    version: Version,
    query: RowQuery,
) -> EditableRowPage:
    """Rows of a version that was found editable.

    Raises:
        ReplacedVersionError: another version took its place.
        ConflictError: they cannot be changed after all.
        UnavailableError: too many files are being read, or the child failed.
    """
    async with _open_source(context, version) as source:
        arguments = (source.path, version.file.name, corrections_of(version).as_json())
        rows = await source.reading.call(
            read_rows, *arguments, query, seconds=READING_SECONDS
        )
    if rows.refusal:
        raise uneditable_error(rows.refusal)
    return rows


async def compare_with_published(
    context: PreparationContext, file: CheckedFile
) -> RowDifference | None:
    """What the version of a file that waits changes of the published one, row by row; None where there are not both.

    Raises:
        ReplacedVersionError: another version took the place of one of them.
        UnavailableError: too many files are being read, or the child failed.
    """
    version = file.version
    former = file.dataset.find_published_before(version)
    is_waiting = version.published_at is None
    if former is None or not is_waiting or former.file.size > LARGEST:
        return None
    store = context.storage.store
    async with _open_source(context, version) as source:
        path = source.path.parent / "former"
        await _copy_file(store, former, path)
        return await source.reading.call(
            compare_rows,
            TableFile(path, former.file.name, corrections_of(former).as_json()),
            TableFile(
                source.path, version.file.name, corrections_of(version).as_json()
            ),
            seconds=READING_SECONDS,
        )


async def correct_table(
    context: PreparationContext,
    actor: Actor,
    dataset_id: UUID,
    part_id: UUID | None,
    correction: TableCorrection,
    words: AnswerProposer,
) -> CorrectionResult:
    """Write the newest main file (None), or that of a part, again with these rows, as a version that waits.

    What came meanwhile is kept. With conflicts, refusals or faults, nothing changes.

    Raises:
        NotFoundError, ForbiddenError, ErasedError: as `get_checked_file`.
        ConflictError: as `require_editable`, or other versions came all the time.
        TooLargeError: the space has no place left for it.
        UnavailableError: too many files are being read, or the child failed.
    """
    for _ in range(MOST_ATTEMPTS):
        version = await _find_version_to_correct(context, actor, dataset_id, part_id)
        try:
            async with _open_source(context, version) as source:
                result = await _write(context, source, correction)
                if result.refusal in UNEDITABLE:
                    raise uneditable_error(result.refusal)
                if not result.is_done:
                    return result
                if await _keep(context, actor, source, words):
                    return result
        except ReplacedVersionError:
            continue
    raise ReplacedVersionError


async def _find_version_to_correct(
    context: PreparationContext, actor: Actor, dataset_id: UUID, part_id: UUID | None
) -> Version:
    """The newest version, if its rows may be corrected; a small file that is not looked at yet is looked at now.

    Another correction may have made it a moment ago: this one comes after it, and its author has nothing to do again.
    """
    file = await _get_file(context, actor, dataset_id, part_id)
    if is_being_read(file.version):
        await prepare_promptly(context, file.version)
        file = await _get_file(context, actor, dataset_id, part_id)
    return require_editable(file)


async def _get_file(
    context: PreparationContext, actor: Actor, dataset_id: UUID, part_id: UUID | None
) -> CheckedFile:
    async with context.storage.session() as session:
        return await get_checked_file(session, actor, dataset_id, part_id)


@asynccontextmanager
async def _open_source(
    context: PreparationContext, version: Version
) -> AsyncIterator[TableSource]:
    store = context.storage.store
    memory = await store.reading_folder(version.file.key)
    if context.readers is None:
        raise UnavailableError("This table cannot be read at the moment.")
    try:
        async with context.readers.open_reader(
            version.file.space_id, memory
        ) as reading:
            with open_temporary_folder("udi-rows-", memory) as folder:
                path = folder / "source"
                await _copy_file(store, version, path)
                yield TableSource(version, path, reading)
    except (ChildError, QueueTimeoutError) as error:
        log.info("rows not read", error=type(error).__name__)
        raise UnavailableError("This table cannot be read at the moment.") from None


async def _copy_file(store: ObjectStore, version: Version, target: Path) -> None:
    pieces = store.stream(version.file.key, 0, version.file.size)
    try:
        await write_copy(target, pieces)
    except FileNotFoundError:
        raise ReplacedVersionError from None


def _target(source: TableSource) -> Path:
    return source.path.parent / "corrected"


async def _write(
    context: PreparationContext,
    source: TableSource,
    correction: TableCorrection,
) -> CorrectionResult:
    version = source.version
    return await source.reading.call(
        correct_rows,
        source.path,
        version.file.name,
        corrections_of(version).as_json(),
        _target(source),
        correction,
        context.schemas,
        seconds=WRITING_SECONDS,
    )


async def _keep(
    context: PreparationContext,
    actor: Actor,
    source: TableSource,
    words: AnswerProposer,
) -> bool:
    """Make the written file the version that waits; False where another version came, of which nothing is lost."""
    target = _target(source)
    store = context.storage.store
    name = source.version.file.name
    dataset_id = source.version.dataset_id
    profile = await source.reading.call(
        profile_copy, target, name, target.stat().st_size, seconds=PROFILE_SECONDS
    )
    dropped = DroppedFile.from_path(target, dataset_id, name, profile)
    space_id = source.version.file.space_id
    key = object_key(context.storage.tenant, space_id, dataset_id, dropped.id)
    await store.put(key, read_file(target))
    try:
        replaced = await _replace_version(context, actor, source, dropped, words)
    except BaseException:
        await store.delete(key)
        raise
    if replaced is None:
        await store.delete(key)
        return False
    version, orphans = replaced
    for orphan in orphans:
        await store.delete(orphan)
    await prepare_promptly(context, version, source.reading)
    return True


async def _replace_version(
    context: PreparationContext,
    actor: Actor,
    source: TableSource,
    dropped: DroppedFile,
    words: AnswerProposer,
) -> tuple[Version, list[str]] | None:
    """The version that waits now, and the keys of objects to delete; None where another one came meanwhile."""
    version = source.version
    async with context.storage.session() as session:
        file = await get_checked_file(
            session, actor, version.dataset_id, version.part_id, lock=True
        )
        if file.version.id != version.id:
            return None
        require_editable(file)
        dataset = file.dataset
        await lock_space(session, dataset.space)
        if file.part is not None:
            return await add_part_version(
                session, actor, dataset, file.part, dropped, corrected=True
            )
        orphans = await create_next_version(
            session, actor, dataset, dropped, words, corrected=True
        )
        return dataset.latest, orphans
