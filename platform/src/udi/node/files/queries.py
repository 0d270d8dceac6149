"""Reads of files."""

from urllib.parse import quote
from uuid import UUID

from sqlalchemy import ColumnElement, any_, func, literal, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import (
    ErasedError,
    GoneError,
    HeldBackError,
    NotFoundError,
    UdiError,
)
from udi.kit.identity import Actor
from udi.node.files.models import (
    OPEN_STATES,
    SERVED_ACCESS,
    WITHHELD_ACCESS,
    ArchiveState,
    ErasedDataset,
    FileAccess,
    RemovedVersion,
    SpaceArchive,
    StoredFile,
    Upload,
)
from udi.node.files.restricted import RestrictedError
from udi.node.spaces.models import Space
from udi.node.spaces.queries import (
    DatasetPermission,
    list_permissions,
    require_dataset_permission,
)

SERVED_FIRST = (
    StoredFile.access.in_(SERVED_ACCESS).desc(),
    StoredFile.created_at.desc(),
)
"""The order in which a file is looked for among the versions of one."""
LAST_ONLY = "Its producer keeps the last versions only."


async def used_bytes(session: AsyncSession, space: Space) -> int:
    """How much of its place a space uses: its files, and what is on its way in."""
    stored_bytes = await session.scalar(
        select(func.sum(StoredFile.size)).where(StoredFile.space_id == space.id)
    )
    coming = select(func.sum(func.coalesce(Upload.length, Upload.received)))
    coming = coming.where(Upload.space_id == space.id, Upload.state.in_(OPEN_STATES))
    return int(stored_bytes or 0) + int(await session.scalar(coming) or 0)


async def get_file(
    session: AsyncSession, actor: Actor | None, file_id: UUID, *, let: bool = False
) -> StoredFile:
    """A file that may be read: open to everyone, a draft or a restricted one to its producer.

    `let`: a restricted one is given all the same, to whoever asks then whether the reader has an agreement.

    Raises:
        RestrictedError: it is restricted.
        NotFoundError: there is none that this person may know of.
        ForbiddenError: a draft of the person's organisation, which nobody shares with them.
        GoneError: its producer withdrew it.
        HeldBackError: nobody looked at it yet, or something in it could harm.
    """
    file = await session.scalar(select(StoredFile).where(StoredFile.id == file_id))
    if file is None:
        raise await _missing_file_error(session, file_id)
    if file.access == FileAccess.DRAFT:
        await _allow_draft(session, actor, file)
    as_producer = file.access in {
        *WITHHELD_ACCESS,
        FileAccess.RESTRICTED,
    } and await is_own(session, actor, file)
    return require_readable(file, as_producer=as_producer, let=let)


async def get_signed_file(session: AsyncSession, file_id: UUID) -> StoredFile:
    """A file whose address was signed by its producer: a draft or a restricted one too.

    Raises:
        NotFoundError: there is none any more.
        GoneError: its producer withdrew it.
        HeldBackError: nobody looked at it yet, or something in it could harm.
    """
    file = await session.scalar(select(StoredFile).where(StoredFile.id == file_id))
    if file is None:
        raise await _missing_file_error(session, file_id)
    return require_readable(file, let=True)


async def get_archive(session: AsyncSession, archive_id: UUID) -> SpaceArchive:
    """The archive of a space, for whoever holds its signed address.

    Raises:
        NotFoundError: there is none, or not yet.
        GoneError: its days have passed.
    """
    archive = await session.scalar(
        select(SpaceArchive).where(SpaceArchive.id == archive_id)
    )
    if archive is None or archive.state in {ArchiveState.QUEUED, ArchiveState.FAILED}:
        raise NotFoundError
    if archive.state == ArchiveState.EXPIRED or (
        archive.expires_at and archive.expires_at <= now()
    ):
        raise GoneError(
            "This archive has expired.",
            remedy="Ask for another on the page of your space.",
        )
    return archive


async def get_current_file(
    session: AsyncSession,
    dataset_id: UUID,
    part_id: UUID | None = None,
    *,
    let: bool = False,
) -> StoredFile:
    """The newest file of a dataset that is given, or of one of its parts; `let` as in `get_file`.

    Raises:
        RestrictedError: it is restricted.
        NotFoundError: nothing of it was ever open.
        GoneError: its producer withdrew it.
        HeldBackError: nobody looked at it yet, or something in it could harm.
    """
    file = await _find_current_file(session, dataset_id, part_id)
    if file is None and part_id is not None:
        raise await _missing_part_error(session, dataset_id, part_id)
    if file is None:
        raise await missing_error(session, ErasedDataset.id == dataset_id)
    return require_readable(file, let=let)


async def get_current_files(
    session: AsyncSession, dataset_id: UUID
) -> list[StoredFile]:
    """What `get_current_file` gives of the main file and of each part, restricted ones too, the main file first.

    Raises:
        NotFoundError: nothing of it was ever open.
        GoneError: its producer withdrew it.
        HeldBackError: nobody looked at any of them yet, or something in each could harm.
    """
    query = (
        select(StoredFile)
        .where(
            StoredFile.dataset_id == dataset_id,
            StoredFile.access != FileAccess.DRAFT,
        )
        .ext(distinct_on(StoredFile.part_id))
        .order_by(StoredFile.part_id.nulls_first(), *SERVED_FIRST)
    )
    files = list(await session.scalars(query))
    if not files:
        raise await missing_error(session, ErasedDataset.id == dataset_id)
    current = [file for file in files if file.access in SERVED_ACCESS]
    return current or [require_readable(files[0], let=True)]


async def _find_current_file(
    session: AsyncSession, dataset_id: UUID, part_id: UUID | None
) -> StoredFile | None:
    query = (
        select(StoredFile)
        .where(
            StoredFile.dataset_id == dataset_id,
            StoredFile.part_id.is_not_distinct_from(part_id),
            StoredFile.access != FileAccess.DRAFT,
        )
        .order_by(*SERVED_FIRST)
    )
    file: StoredFile | None = await session.scalar(query.limit(1))
    return file


async def _missing_part_error(
    session: AsyncSession, dataset_id: UUID, part_id: UUID
) -> UdiError:
    """That a part was removed, and why, where it was once public; that its dataset was erased; or nothing at all."""
    of_part = select(StoredFile.id).where(
        StoredFile.dataset_id == dataset_id, StoredFile.part_id == part_id
    )
    if await session.scalar(of_part.limit(1)):  # an old version of it was removed
        return await missing_error(session, ErasedDataset.id == dataset_id)
    query = select(RemovedVersion).where(
        RemovedVersion.dataset_id == dataset_id,
        RemovedVersion.part_id == part_id,
        RemovedVersion.published_at.is_not(None),
    )
    query = query.order_by(
        (RemovedVersion.reason != "").desc(), RemovedVersion.requested_at.desc()
    )
    removed = await session.scalar(query.limit(1))
    if removed is None:
        return await missing_error(session, ErasedDataset.id == dataset_id)
    if removed.reason:
        why = "Its producer removed this file: %(reason)s"
    else:
        why = LAST_ONLY
    return ErasedError(
        why,
        remedy="The other files of the dataset are at %(address)s.",
        values={
            "reason": removed.reason,
            "address": f"/datasets/{dataset_id}/files",
        },
    )


async def missing_error(session: AsyncSession, erased: ColumnElement[bool]) -> UdiError:
    """What to raise for something that is not there: that it was erased, where it was once public, or nothing at all."""
    erased_id = await session.scalar(
        select(ErasedDataset.id).where(erased, ErasedDataset.published)
    )
    if erased_id:
        return ErasedError(
            "Its producer erased it, with every version and every copy here."
        )
    return NotFoundError()


async def _missing_file_error(session: AsyncSession, file_id: UUID) -> UdiError:
    """The same for one version: that it was removed, and why, where it was once public."""
    public = select(RemovedVersion).where(
        RemovedVersion.id == file_id, RemovedVersion.published_at.is_not(None)
    )
    removed = await session.scalar(public)
    if removed is None:
        return await missing_error(
            session, literal(file_id) == any_(ErasedDataset.files)
        )
    address = f"/datasets/{removed.dataset_id}/file"
    if removed.part_id is not None:
        about = (removed.dataset_id, removed.part_id)
        current = await _find_current_file(session, *about)
        if current is None:
            return await _missing_part_error(session, *about)
        address = f"/datasets/{removed.dataset_id}/files/{removed.part_id}/{quote(current.name)}"
    if removed.reason:
        why = "Its producer removed this version: %(reason)s"
    else:
        why = LAST_ONLY
    return ErasedError(
        why,
        remedy="The current version is at %(address)s.",
        values={"reason": removed.reason, "address": address},
    )


async def _allow_draft(
    session: AsyncSession, actor: Actor | None, file: StoredFile
) -> None:
    space = await session.scalar(select(Space).where(Space.id == file.space_id))
    if actor is None or space is None:
        raise NotFoundError
    await require_dataset_permission(
        session, actor, space, file.dataset_id, DatasetPermission.READ
    )


async def is_own(session: AsyncSession, actor: Actor | None, file: StoredFile) -> bool:
    """Whether the person reads the file as its producer does."""
    if actor:
        space = await session.scalar(select(Space).where(Space.id == file.space_id))
    else:
        space = None
    if actor is None or space is None:
        return False
    return DatasetPermission.READ in await list_permissions(
        session, actor, space, file.dataset_id
    )


def require_readable(
    file: StoredFile, *, as_producer: bool = False, let: bool = False
) -> StoredFile:
    """A file that may be given: to its producer (`as_producer`), or to others; `let` as in `get_file`.

    Raises:
        RestrictedError: it is restricted.
        GoneError: its producer withdrew it.
        HeldBackError: nobody looked at it yet, or something in it could harm.
    """
    check_access(
        FileAccess(file.access), file.dataset_id, as_producer=as_producer, let=let
    )
    return file


def check_access(
    access: FileAccess,
    dataset_id: UUID,
    *,
    as_producer: bool = False,
    let: bool = False,
) -> None:
    """Refuse what was withdrawn, what is kept from everybody, and what is kept from all but its producer (`as_producer`).

    Raises:
        RestrictedError, GoneError, HeldBackError: as `require_readable`.
    """
    if access is FileAccess.WITHDRAWN:
        raise GoneError("The producer withdrew this file.")
    if access is FileAccess.HELD:
        raise HeldBackError(
            "This file is blocked: its content could harm people who open it.",
            remedy="Come back once its producer has replaced it.",
            headers={"Retry-After": "86400"},
        )
    if access is FileAccess.RESTRICTED and not (as_producer or let):
        raise RestrictedError(dataset_id)
    if access is FileAccess.WAITING and not as_producer:
        raise HeldBackError(
            "This file has just arrived, and is being checked.",
            remedy="Try again in a minute.",
            headers={"Retry-After": "60"},
        )
