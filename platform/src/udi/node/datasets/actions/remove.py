"""One version removed alone, and the older ones of a dataset that keeps the last few: for good, as an erased dataset is."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import (
    ConflictError,
    ErasedError,
    InvalidError,
    NotFoundError,
    Refusal,
)
from udi.node.datasets.actions.compare import request_comparison
from udi.node.datasets.actions.draft import delete_version_rows
from udi.node.datasets.models import Author, Dataset, DatasetPart, Version
from udi.node.datasets.versions.findings import compared_version_number
from udi.node.files.models import SERVED_ACCESS, RemovedVersion

ERASE_VERSION = "erase_version"
RETENTION_CHOICES = (1, 2, 5, 10, 30, 100)
"""How many published versions a dataset may keep."""


def list_removable(dataset: Dataset, part: DatasetPart | None = None) -> list[Version]:
    """The versions of the main file (None), or of that of a part, that nothing needs, newest first.

    Kept are the newest, the newest published, the one that everybody receives while that is held back, and the one that
    the portal accepted, to which a refusal goes back.
    """
    versions = part.versions if part else dataset.versions
    public = [version for version in versions if version.published_at is not None]
    served = [version for version in public if version.file.access in SERVED_ACCESS]
    accepted = [
        version
        for version in public
        if dataset.is_accepted(version) or version.file_id in dataset.accepted_parts
    ]
    needed = {
        version.id
        for some in (versions, public, served, accepted)
        for version in some[:1]
    }
    return [version for version in versions if version.id not in needed]


def list_excess_versions(
    dataset: Dataset, retained_versions: int | None
) -> list[Version]:
    """Those that go when the last `retained_versions` published versions of each file are kept; None keeps all."""
    if retained_versions is None:
        return []
    public = [
        version for version in dataset.versions if version.published_at is not None
    ]
    excess = [
        version
        for version in list_removable(dataset)
        if version in public[retained_versions:]
    ]
    for part in dataset.parts:
        excess += _list_excess_of_part(dataset, part, retained_versions)
    return excess


def _list_excess_of_part(
    dataset: Dataset, part: DatasetPart, retained_versions: int
) -> list[Version]:
    public = [version for version in part.versions if version.published_at is not None]
    served = [version for version in public if version.file.access in SERVED_ACCESS]
    return [
        version
        for version in public[retained_versions:]
        if version not in served[:1] and version.file_id not in dataset.accepted_parts
    ]


async def get_removable(
    session: AsyncSession,
    dataset: Dataset,
    number: int,
    part: DatasetPart | None = None,
) -> Version:
    """A version of the main file (None), or of that of a part, that may be removed.

    Raises:
        NotFoundError: there is none of that number.
        ErasedError: it was removed before.
        ConflictError: it is the current one.
    """
    part_id = part.id if part else None
    version = next(
        (
            candidate
            for candidate in dataset.list_versions_of(part_id)
            if candidate.number == number
        ),
        None,
    )
    if version is None:
        query = select(RemovedVersion.id).where(
            RemovedVersion.dataset_id == dataset.id,
            RemovedVersion.part_id.is_not_distinct_from(part_id),
            RemovedVersion.number == number,
        )
        raise (
            ErasedError("This version was removed.")
            if await session.scalar(query)
            else NotFoundError()
        )
    if version in list_removable(dataset, part):
        return version
    if version.published_at is None:
        raise ConflictError(
            "This version waits to be published.", remedy=_remedy_of_pending(part)
        )
    raise ConflictError(
        "This is the current version: it cannot be removed alone.",
        remedy="Publish another one first, or withdraw the dataset.",
    )


def _remedy_of_pending(part: DatasetPart | None) -> str:
    """How somebody gives up a version that waits."""
    if part is None:
        return "Discard it on the page of the dataset."
    if part.published is None:
        return "To give up the whole file, remove it from the dataset."
    return "Discard it on the page of its file."


async def remove_version(
    session: AsyncSession,
    author: Author,
    dataset: Dataset,
    number: int,
    part: DatasetPart | None = None,
    *,
    reason: str,
) -> None:
    """Forget a version for good: its rows at once, its objects by a job that follows. The dataset must be locked.

    Raises:
        NotFoundError, ErasedError, ConflictError: as `get_removable`.
        InvalidError: it was public, and no reason is given.
    """
    version = await get_removable(session, dataset, number, part)
    if version.published_at is not None and not reason:
        raise InvalidError(
            refusals=[
                Refusal(
                    "reason", "Give the reason: people who use the data will read it."
                )
            ]
        )
    await remove_versions(session, author, dataset, [version], reason)


async def set_version_retention(
    session: AsyncSession,
    author: Author,
    dataset: Dataset,
    retained_versions: int | None,
) -> None:
    """Keep the last published versions only, from now on and at each publication; None keeps all.

    Raises:
        InvalidError: it is none of `CHOICES`.
    """
    if retained_versions not in {None, *RETENTION_CHOICES}:
        raise InvalidError(refusals=[Refusal("retained_versions", "Choose how many.")])
    if dataset.retained_versions != retained_versions:
        dataset.retained_versions = retained_versions
        dataset.record_event(
            author,
            "versions.retention_changed",
            retained_versions=retained_versions,
        )
    await remove_excess_versions(session, author, dataset)


async def remove_excess_versions(
    session: AsyncSession, author: Author | None, dataset: Dataset
) -> None:
    """Remove what the dataset does not keep; no author when the node does it. The dataset must be locked."""
    await remove_versions(
        session,
        author,
        dataset,
        list_excess_versions(dataset, dataset.retained_versions),
        "",
    )


async def remove_versions(
    session: AsyncSession,
    author: Author | None,
    dataset: Dataset,
    versions: Sequence[Version],
    reason: str,
) -> None:
    """Forget versions of the main file or of a part for good. The dataset must be locked.

    It counts as a change of the dataset: pages that list its versions, and that browsers kept, are not good any more.
    """
    if versions:
        dataset.updated_at = now()
    for version in versions:
        removed = RemovedVersion(
            id=version.file_id,
            space_id=dataset.space_id,
            dataset_id=dataset.id,
            part_id=version.part_id,
            number=version.number,
            published_at=version.published_at,
            reason=reason,
        )
        session.add(removed)
        number = version.number
        if version.part_id is None:
            dataset.record_event(
                author, "version.removed", number=number, reason=reason
            )
        else:
            dataset.record_event(
                author,
                "part.version_removed",
                part=str(version.part_id),
                number=number,
                reason=reason,
            )
        await delete_version_rows(session, dataset, version)
        await jobs.enqueue(session, ERASE_VERSION, {"file": str(removed.id)})
    for version in dataset.files if versions else ():
        same_file = dataset.list_versions_of(version.part_id)
        left = {other.number for other in same_file}
        if compared_version_number(version) not in {0, *left}:
            await request_comparison(session, version)


async def list_removed_public_versions(
    session: AsyncSession, dataset_id: UUID
) -> list[RemovedVersion]:
    """The versions of a dataset that were public and are removed."""
    query = select(RemovedVersion).where(RemovedVersion.dataset_id == dataset_id)
    return list(
        (
            await session.scalars(query.where(RemovedVersion.published_at.is_not(None)))
        ).all()
    )
