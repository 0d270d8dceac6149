"""The newest file of a dataset without the names that its properties give: a file made from it takes its place."""

import hashlib
import uuid
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog

from udi.kit.child import ChildError, run
from udi.kit.errors import ConflictError
from udi.kit.identity import Actor
from udi.node.datasets.actions.draft import DroppedFile, add_version
from udi.node.datasets.actions.local_copies import (
    open_temporary_folder,
    read_file,
    write_copy,
)
from udi.node.datasets.actions.prepare import PreparationContext, prepare_file
from udi.node.datasets.models import PreparationState, Version
from udi.node.datasets.queries import get_dataset
from udi.node.datasets.versions.publishability import (
    corrections_of,
    has_removable_names,
)
from udi.node.files.models import object_key
from udi.node.spaces.queries import DatasetPermission, lock_space
from udi.tabular.profiles.profile import Profile
from udi.tabular.safety.document_properties import remove_names

log = structlog.get_logger()
SECONDS = 60.0
MEMORY_MB = 512
FILE_BYTES = 128 * 1024**2


@dataclass(frozen=True)
class CleanedFile:
    """A file without names, in a folder that goes with the request."""

    path: Path
    size: int
    sha256: str


async def remove_property_names(
    desk: PreparationContext, actor: Actor, dataset_id: UUID
) -> None:
    """Make the newest file again without the names of its properties, and look at it.

    Raises:
        NotFoundError, ForbiddenError, ErasedError: as `get_dataset`.
        ConflictError: the file is still being read, gives no name, is too large or could not be made again, or another
            one came meanwhile.
        TooLargeError: the space has no place left for it.
    """
    async with desk.depot.session() as session:
        version = (
            await get_dataset(session, actor, dataset_id, to=DatasetPermission.CHANGE)
        ).latest
    if (
        version.preparation is None
        or version.preparation.state == PreparationState.WAITING
    ):
        raise ConflictError(
            "We are still reading your file.", remedy="Wait a little, then try again."
        )
    if not has_removable_names(version):
        raise ConflictError(
            "The properties of this file give no name.",
            remedy="Nothing needs to be done.",
        )
    store = desk.depot.store
    with open_temporary_folder(
        "udi-clean-", await store.reading_folder(version.file.key)
    ) as folder:
        cleaned = await _write_cleaned_file(desk, version, folder)
        dropped = DroppedFile(
            uuid.uuid4(),
            dataset_id,
            version.file.name,
            cleaned.size,
            cleaned.sha256,
            Profile.from_json(version.profile),
        )
        key = object_key(
            desk.depot.tenant, version.file.space_id, dataset_id, dropped.id
        )
        await store.put(key, read_file(cleaned.path))
    try:
        orphans = await _replace_version(desk, actor, version, dropped)
    except BaseException:
        await store.delete(key)
        raise
    for orphan in orphans:
        await store.delete(orphan)
    await prepare_file(desk, dropped.id)


async def _write_cleaned_file(
    desk: PreparationContext, version: Version, folder: Path
) -> CleanedFile:
    source = folder / "source"
    target = folder / "cleaned" / "file"
    target.parent.mkdir()
    await write_copy(
        source, desk.depot.store.stream(version.file.key, 0, version.file.size)
    )
    try:
        await run(
            remove_names,
            source,
            target,
            memory_mb=MEMORY_MB,
            seconds=SECONDS,
            file_bytes=FILE_BYTES,
        )
    except ChildError as error:
        log.warning(
            "properties not removed",
            version=str(version.id),
            error=type(error).__name__,
        )
        raise ConflictError(
            "The names could not be removed from this file.",
            remedy="Remove them in its properties, save it, then drop it again.",
        ) from None
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return CleanedFile(target, target.stat().st_size, digest)


async def _replace_version(
    desk: PreparationContext, actor: Actor, version: Version, dropped: DroppedFile
) -> list[str]:
    """Give the new file the place of the other, unless another came; the keys of objects to delete."""
    async with desk.depot.session() as session:
        dataset = await get_dataset(
            session, actor, version.dataset_id, to=DatasetPermission.CHANGE, lock=True
        )
        if dataset.latest.id != version.id:
            raise ConflictError(
                "Another file came meanwhile.", remedy="Check it first."
            )
        await lock_space(session, dataset.space)
        corrections = corrections_of(dataset.latest)
        return await add_version(
            session, actor, dataset, dropped, version.note, treated=corrections
        )
