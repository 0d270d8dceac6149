"""The newest file of a dataset, or of a part, without the names that its properties give: a file made from it takes its place."""

from pathlib import Path
from uuid import UUID

import structlog

from udi.kit.child import ChildError, run
from udi.kit.errors import ConflictError
from udi.kit.identity import Actor
from udi.node.datasets.actions.draft import DroppedFile, add_version
from udi.node.datasets.actions.parts import add_part_version
from udi.node.datasets.actions.prepare import PreparationContext, prepare_file
from udi.node.datasets.models import PreparationState, Version
from udi.node.datasets.queries import get_checked_file
from udi.node.datasets.versions.findings import corrections_of, has_removable_names
from udi.node.files.models import object_key
from udi.node.files.storage.local_copies import (
    open_temporary_folder,
    read_file,
    write_copy,
)
from udi.node.spaces.queries import lock_space
from udi.tabular.profiles.profile import Profile
from udi.tabular.safety.document_properties import remove_names

log = structlog.get_logger()
SECONDS = 60.0
MEMORY_MB = 512
FILE_BYTES = 128 * 1024**2


async def remove_property_names(
    context: PreparationContext, actor: Actor, dataset_id: UUID, part_id: UUID | None
) -> str:
    """Make the newest main file (None), or that of a part, again without the names of its properties, and look at it.

    The address of the file is returned.

    Raises:
        NotFoundError, ForbiddenError, ErasedError: as `get_checked_file`.
        ConflictError: the file is still being read, gives no name, is too large or could not be made again, or another
            one came meanwhile.
        TooLargeError: the space has no place left for it.
    """
    async with context.storage.session() as session:
        file = await get_checked_file(session, actor, dataset_id, part_id)
    version = file.version
    if (
        version.preparation is None
        or version.preparation.state == PreparationState.WAITING
    ):
        raise ConflictError(
            "We are still reading your file.", remedy="Wait a little, then try again."
        )
    if not has_removable_names(version):
        raise ConflictError(
            "No name can be removed from the properties of this file here.",
            remedy="If they give one, remove it with the program that made the file, then drop it again.",
        )
    store = context.storage.store
    with open_temporary_folder(
        "udi-clean-", await store.reading_folder(version.file.key)
    ) as folder:
        cleaned = await _write_cleaned_file(context, version, folder)
        profile = Profile.from_json(version.profile)
        dropped = DroppedFile.from_path(cleaned, dataset_id, version.file.name, profile)
        key = object_key(
            context.storage.tenant, version.file.space_id, dataset_id, dropped.id
        )
        await store.put(key, read_file(cleaned))
    try:
        orphans = await _replace_version(context, actor, version, dropped)
    except BaseException:
        await store.delete(key)
        raise
    for orphan in orphans:
        await store.delete(orphan)
    await prepare_file(context, dropped.id)
    return file.address


async def _write_cleaned_file(
    context: PreparationContext, version: Version, folder: Path
) -> Path:
    source = folder / "source"
    target = folder / "cleaned" / "file"
    target.parent.mkdir()
    await write_copy(
        source, context.storage.store.stream(version.file.key, 0, version.file.size)
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
    return target


async def _replace_version(
    context: PreparationContext, actor: Actor, version: Version, dropped: DroppedFile
) -> list[str]:
    """Give the new file the place of the other, unless another came; the keys of objects to delete."""
    async with context.storage.session() as session:
        file = await get_checked_file(
            session, actor, version.dataset_id, version.part_id, lock=True
        )
        if file.version.id != version.id:
            raise ConflictError(
                "Another file came meanwhile.", remedy="Check it first."
            )
        dataset = file.dataset
        await lock_space(session, dataset.space)
        corrections = corrections_of(file.version)
        if file.part is not None:
            _, orphans = await add_part_version(
                session, actor, dataset, file.part, dropped, treated=corrections
            )
            return orphans
        return await add_version(
            session, actor, dataset, dropped, version.note, treated=corrections
        )
