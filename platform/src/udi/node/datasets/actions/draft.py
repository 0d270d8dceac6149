"""Drafts: a draft or a new version made of a file that came in, with proposed answers; its description; one given up."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, Refusal, TooLargeError
from udi.node.datasets.descriptions.description import (
    Answers,
    check_answers,
    clear_licence,
)
from udi.node.datasets.descriptions.prefill import (
    AnswerProposer,
    EarlierDataset,
    Proposals,
    remove_cell_answers,
    update_answers,
)
from udi.node.datasets.models import (
    Author,
    Dataset,
    DatasetPart,
    DatasetState,
    Preparation,
    PreparationState,
    Version,
)
from udi.node.datasets.versions.findings import corrections_of
from udi.node.files.expiry import expire_archives
from udi.node.files.intake.upload_lock import SAFETY
from udi.node.files.models import StoredFile
from udi.node.files.queries import used_bytes
from udi.node.spaces.limits import enqueue_heavy_job
from udi.node.spaces.models import DatasetRight, Space
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.profile import Profile

PREPARE_VERSION = "prepare_version"
PROMPT = 4 * 1024**2
"""Bytes up to which somebody who drops a file waits for what is found in it."""
MOST_EARLIER = 30
"""Datasets of before from which answers are reused."""


@dataclass(frozen=True)
class DroppedFile:
    """A file that is in the object store and nowhere else yet."""

    id: UUID
    dataset_id: UUID
    name: str
    size: int
    sha256: str
    profile: Profile

    @classmethod
    def from_path(
        cls, path: Path, dataset_id: UUID, name: str, profile: Profile
    ) -> "DroppedFile":
        """A file that the node made here, with its size in bytes and its SHA-256."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(uuid.uuid4(), dataset_id, name, path.stat().st_size, digest, profile)


def strip_cells(space: Space, dropped: DroppedFile) -> DroppedFile:
    """The same, of which the database may keep everything: nothing of a cell where the space is sealed."""
    if space.is_sealed:
        return replace(dropped, profile=dropped.profile.without_cells())
    return dropped


async def create_draft(
    session: AsyncSession,
    author: Author | None,
    space: Space,
    dropped: DroppedFile,
    words: AnswerProposer,
    corrections: Corrections | None = None,
) -> Dataset:
    """A draft with this file, and answers proposed from it and from earlier datasets; the space must be locked.

    `corrections` are how its file is read, where the node wrote it.

    Raises:
        TooLargeError: the space has no place left for it.
    """
    dropped = strip_cells(space, dropped)
    earlier = await _list_earlier_answers(session, space)
    answers, proposals = words.propose_description(
        space, dropped.name, dropped.profile, earlier
    )
    return await start_dataset(
        session, author, space, dropped, answers, proposals, corrections
    )


async def _list_earlier_answers(
    session: AsyncSession, space: Space
) -> list[EarlierDataset]:
    """What the producer answered before, for the files of this space, the last described first; not the node's figures."""
    is_producers = Dataset.id.is_distinct_from(space.figures_dataset_id)
    query = select(Dataset).where(
        Dataset.space_id == space.id,
        Dataset.described_at.is_not(None),
        Dataset.versions.any(),
        is_producers,
    )
    query = query.order_by(Dataset.described_at.desc())
    return [
        _earlier_dataset(dataset)
        for dataset in await session.scalars(query.limit(MOST_EARLIER))
    ]


def _earlier_dataset(dataset: Dataset) -> EarlierDataset:
    columns = tuple(
        str(column["name"]) for column in dataset.latest.profile.get("columns", ())
    )
    return EarlierDataset(dataset.latest.file.name, columns, dataset.description)


async def start_dataset(
    session: AsyncSession,
    actor: Author | None,
    space: Space,
    dropped: DroppedFile,
    answers: Answers,
    proposals: Proposals | None = None,
    corrections: Corrections | None = None,
) -> Dataset:
    """A draft with its first file and its answers, of which `proposals` were proposed; the space must be locked.

    Raises:
        TooLargeError: the space has no place left for it.
    """
    await check_quota(session, space, dropped)
    dropped = strip_cells(space, dropped)
    dataset = Dataset(
        id=dropped.dataset_id,
        space_id=space.id,
        title=answers["title"] or dropped.name,
        description=answers,
        proposals=proposals or {},
    )
    dataset.space = space
    session.add(dataset)
    await session.flush()
    holds = corrections.as_json() if corrections else None
    await insert_version(session, dataset, dropped, 1, holds)
    dataset.record_event(actor, "dataset.created")
    await session.flush()
    return dataset


async def start_without_file(
    session: AsyncSession,
    actor: Author | None,
    space: Space,
    dataset_id: UUID,
    answers: Answers,
) -> Dataset:
    """A draft of which nothing is kept here: its data are elsewhere."""
    dataset = Dataset(
        id=dataset_id,
        space_id=space.id,
        title=answers["title"],
        description=answers,
        proposals={},
    )
    dataset.space = space
    session.add(dataset)
    await session.flush()
    await session.refresh(dataset, ["versions", "parts", "delivery"])
    dataset.record_event(actor, "dataset.started")
    await session.flush()
    return dataset


async def create_next_version(
    session: AsyncSession,
    author: Author | None,
    dataset: Dataset,
    dropped: DroppedFile,
    words: AnswerProposer,
    *,
    corrected: bool = False,
) -> list[str]:
    """A version that waits; answers left as they were proposed follow the new file. Keys to delete after the commit.

        The dataset must be locked, and its space. One that is withdrawn takes a file too: that which is published again; whoever
    takes none asks first. `corrected`: rows of the last one were, on a page. Of a dataset of links it is the first, and
    its answers stay as they are.

    Raises:
            ConflictError: these are the bytes it already has.
            TooLargeError: the space has no place left for it.
    """
    if not dataset.has_file:
        await _add_first_version(session, author, dataset, dropped)
        return []
    old = dataset.proposals or words.recover_proposals(dataset)
    dropped = strip_cells(dataset.space, dropped)
    new = words.propose_answers(dataset.space, dropped.name, dropped.profile)
    orphans = await add_version(session, author, dataset, dropped, corrected=corrected)
    dataset.description = update_answers(dataset.description, old, new)
    dataset.proposals = new
    return orphans


async def _add_first_version(
    session: AsyncSession,
    author: Author | None,
    dataset: Dataset,
    dropped: DroppedFile,
) -> None:
    """The main file of what was a dataset of links, which waits to be published."""
    await check_quota(session, dataset.space, dropped)
    dropped = strip_cells(dataset.space, dropped)
    await insert_version(session, dataset, dropped, 1)
    dataset.updated_at = now()
    dataset.record_event(author, "version.added", number=1)
    await session.flush()


async def add_version(
    session: AsyncSession,
    actor: Author | None,
    dataset: Dataset,
    dropped: DroppedFile,
    reason: str = "",
    *,
    treated: Corrections | None = None,
    corrected: bool = False,
) -> list[str]:
    """A new file that waits to be published; the keys of objects it replaces, to delete after the commit.

    `treated` is how to read a file that the node made from the last one; without, it is the producer's own.
    `corrected`: it is the last one with some rows that were corrected on a page.

    Raises:
        ConflictError: these are the bytes it already has.
        TooLargeError: the space has no place left for it.
    """
    pending = dataset.pending
    latest = dataset.latest
    if latest.file.sha256 == dropped.sha256:
        raise ConflictError(
            "This is the same file as the last version.",
            remedy="Choose the file that changed.",
        )
    orphans = []
    number = latest.number + 1
    corrections = corrections_of(latest)
    former_profile = latest.profile
    if pending is not None:
        number = pending.number
        orphans = await delete_version_rows(session, dataset, pending)
    await check_quota(session, dataset.space, dropped)
    dropped = strip_cells(dataset.space, dropped)
    columns = [str(column["name"]) for column in former_profile.get("columns", ())]
    holds = treated or corrections.for_next_file(columns)
    version = await insert_version(session, dataset, dropped, number, holds.as_json())
    version.note = reason
    dataset.updated_at = now()
    if treated:
        dataset.record_event(actor, "version.treated", number=number)
    elif corrected:
        dataset.record_event(actor, "rows.corrected", number=number)
    else:
        dataset.record_event(actor, "version.added", number=number)
    await session.flush()
    return orphans


async def describe_dataset(
    session: AsyncSession, actor: Author, dataset: Dataset, answers: Answers
) -> list[Refusal]:
    """Keep the answers, right or wrong, so that nothing typed is lost; what is wrong with them.

    Of restricted data, the answers that were proposed from cells are taken back, and there is no licence.
    """
    answers = remove_cell_answers(clear_licence(answers), dataset.proposals)
    refusals = check_answers(answers, has_file=dataset.has_file)
    if dataset.description != answers:
        dataset.record_event(actor, "dataset.described")
    dataset.description = answers
    dataset.title = answers["title"][:150] or dataset.title
    dataset.updated_at = now()
    dataset.described_at = now() if not refusals else None
    await session.flush()
    return refusals


async def discard_draft(
    session: AsyncSession, actor: Author, dataset: Dataset
) -> list[str]:
    """Give up what was never published: the whole draft, or the version that waits; keys of objects to delete.

    Raises:
        ConflictError: nothing waits to be published.
    """
    pending = dataset.pending
    if pending is None and not is_fileless_draft(dataset):
        raise ConflictError(
            "No version is waiting to be published.",
            remedy="To remove the dataset from the portal, withdraw it.",
        )
    await expire_archives(session, dataset.space_id, now())
    if pending is not None and (
        dataset.state not in {DatasetState.DRAFT, DatasetState.REFUSED}
        or len(dataset.versions) > 1
        or dataset.record is not None
    ):
        dataset.record_event(actor, "version.discarded", number=pending.number)
        return await delete_version_rows(session, dataset, pending)
    dataset.record_event(actor, "dataset.discarded")
    await session.flush()
    await session.execute(
        delete(DatasetRight).where(DatasetRight.dataset_id == dataset.id)
    )
    keys = [key for version in dataset.files for key in object_keys(version)]
    files: Sequence[StoredFile] = [version.file for version in dataset.files]
    await session.delete(dataset)
    await session.flush()
    for file in files:
        await session.delete(file)
    await session.flush()
    return keys


def is_fileless_draft(dataset: Dataset) -> bool:
    """Whether it is a dataset of links that nobody could read yet."""
    return (
        not dataset.has_file
        and dataset.opened_at is None
        and dataset.state in {DatasetState.DRAFT, DatasetState.REFUSED}
    )


async def check_quota(
    session: AsyncSession, space: Space, dropped: DroppedFile
) -> None:
    """Whether the space, which must be locked, has place left for a file.

    Raises:
        TooLargeError: it has not.
    """
    if await used_bytes(session, space) + dropped.size > space.quota_bytes:
        raise TooLargeError(
            "There is not enough storage left in your space for this file."
        )


async def insert_version(
    session: AsyncSession,
    dataset: Dataset,
    dropped: DroppedFile,
    number: int,
    corrections: dict[str, Any] | None = None,
    part: DatasetPart | None = None,
) -> Version:
    """A version of the main file or of a part, which waits to be looked at."""
    part_id = part.id if part else None
    file = StoredFile(
        id=dropped.id,
        space_id=dataset.space_id,
        dataset_id=dataset.id,
        part_id=part_id,
        name=dropped.name,
        media_type=dropped.profile.media_type,
        charset=dropped.profile.encoding,
        size=dropped.size,
        sha256=dropped.sha256,
    )
    session.add(file)
    await session.flush()
    version = Version(
        dataset_id=dataset.id,
        part_id=part_id,
        file_id=file.id,
        number=number,
        profile=dropped.profile.as_json(),
    )
    session.add(version)
    await session.flush()
    await session.refresh(version, ["preparation"])
    await request_preparation(session, version, corrections, promptly=True)
    await session.refresh(part or dataset, ["versions"])
    return version


async def delete_version_rows(
    session: AsyncSession, dataset: Dataset, version: Version
) -> list[str]:
    """Delete the rows of a version and of its file; the keys of objects, to delete after the commit."""
    file = version.file
    keys = object_keys(version)
    part = dataset.find_part(version.part_id)
    await session.delete(version)
    await session.flush()
    await session.delete(file)
    await session.flush()
    await session.refresh(part or dataset, ["versions"])
    return keys


def object_keys(version: Version) -> list[str]:
    """The objects of a version: its file, and what was made of it."""
    suffixes = version.preparation.suffixes if version.preparation else []
    return [version.file.key, *map(version.file.derived_key, suffixes)]


async def request_preparation(
    session: AsyncSession,
    version: Version,
    corrections: dict[str, Any] | None = None,
    *,
    promptly: bool = False,
) -> None:
    """Have a version's file looked at, or looked at again with what its producer corrected.

    `promptly`: whoever asks may do it himself at once if the file is small (`prepare_promptly`); the worker waits to see.
    """
    preparation = version.preparation
    if preparation is None:
        version.preparation = Preparation(
            version_id=version.id, revision=1, corrections=corrections or {}
        )
        preparation = version.preparation
    else:
        if preparation.state == PreparationState.WAITING:
            preparation.requested_by = preparation.requested_by
        else:
            preparation.requested_by = None
        preparation.revision += 1
        preparation.state = PreparationState.WAITING
        preparation.failure = ""
        preparation.updated_at = now()
        if corrections is None:
            preparation.corrections = preparation.corrections
        else:
            preparation.corrections = corrections
    await session.flush()
    payload = {"version": str(version.id), "revision": preparation.revision}
    delay = SAFETY if promptly and version.file.size <= PROMPT else None
    await enqueue_heavy_job(
        session, version.file.space_id, PREPARE_VERSION, payload, delay=delay
    )
