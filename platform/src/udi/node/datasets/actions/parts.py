"""The parts of a dataset: added, described, ordered, published, removed, each without touching the others."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from pathlib import PurePath
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, NotFoundError, Refusal
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.announce import announce_parts, is_public
from udi.node.datasets.actions.draft import (
    DroppedFile,
    check_quota,
    delete_version_rows,
    insert_version,
    strip_cells,
)
from udi.node.datasets.actions.remove import remove_versions
from udi.node.datasets.descriptions.part_description import (
    LONGEST_TITLE,
    PartDescription,
    check_description,
    check_period,
)
from udi.node.datasets.models import (
    Author,
    Dataset,
    DatasetPart,
    PartRole,
    Version,
)
from udi.node.datasets.records.document import forget_periods
from udi.node.datasets.records.parts import (
    ListedPart,
    is_only_media,
    list_published_parts,
)
from udi.node.datasets.records.rudi import media_id_of
from udi.node.datasets.versions.breaking_changes import (
    list_breaking_changes,
    refuse_unintended,
)
from udi.node.datasets.versions.findings import corrections_of, is_being_read
from udi.node.datasets.versions.publishability import (
    access_of,
    clear_for_publication,
    may_publish,
    part_stops_of,
)
from udi.node.files.expiry import expire_archives
from udi.tabular.profiles.corrections import Corrections

MOST_PARTS = 50
INTENDED = "intended"
"""Among the findings of a file: what its producer wants although it breaks the published version."""
ARCHIVE_TYPES = frozenset(
    {
        "application/zip",
        "application/gzip",
        "application/x-tar",
        "application/x-7z-compressed",
        "application/zstd",
    }
)
DOCUMENT_TYPES = (
    "application/pdf",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml",
    "application/vnd.oasis.opendocument.text",
    "text/html",
    "text/markdown",
    "text/plain",
)


def guess_role(dropped: DroppedFile) -> PartRole:
    """What a file probably is, by what was recognised of it; its producer chooses."""
    if dropped.profile.is_table:
        return PartRole.DATA
    media_type = dropped.profile.media_type
    if media_type in ARCHIVE_TYPES:
        return PartRole.ARCHIVE
    if media_type.startswith(DOCUMENT_TYPES):
        return PartRole.DOCUMENTATION
    return PartRole.DATA


def get_part(dataset: Dataset, part_id: UUID | None) -> DatasetPart:
    """One part of a dataset.

    Raises:
        NotFoundError: it has none of this id.
    """
    part = dataset.find_part(part_id)
    if part is None:
        raise NotFoundError
    return part


async def add_part(
    session: AsyncSession, author: Author, dataset: Dataset, about: PartDescription
) -> DatasetPart:
    """A part at the end of the list: a link or a service, or a file that is still to be sent. The dataset must be locked.

    Raises:
        ConflictError: the dataset has too many, or is withdrawn.
        InvalidError: its description is not right.
    """
    _require_not_withdrawn(dataset)
    if len(dataset.parts) >= MOST_PARTS:
        raise ConflictError(
            "This dataset has 50 files, links and services, the most that it may have.",
            remedy="Remove one of them, or start another dataset.",
        )
    if refusals := check_description(about):
        raise InvalidError(refusals=refusals)
    last = max((part.position for part in dataset.parts), default=0)
    part = DatasetPart(
        dataset_id=dataset.id,
        position=last + 1,
        role=about.role,
        title=about.title,
        first_day=about.first_day,
        last_day=about.last_day,
        address=about.address,
        documentation=about.documentation,
        is_public=about.is_public and about.role == PartRole.DOCUMENTATION,
    )
    session.add(part)
    dataset.updated_at = now()
    await session.flush()
    await session.refresh(part)
    await session.refresh(part, ["versions"])
    await session.refresh(dataset, ["parts"])
    dataset.record_event(author, "part.added", part=str(part.id))
    return part


def _require_not_withdrawn(dataset: Dataset) -> None:
    if dataset.withdrawn_at is not None:
        raise ConflictError(
            "This dataset is withdrawn.", remedy="Publish it again first."
        )


async def add_part_version(
    session: AsyncSession,
    author: Author,
    dataset: Dataset,
    part: DatasetPart | None,
    dropped: DroppedFile,
    *,
    treated: Corrections | None = None,
    corrected: bool = False,
) -> tuple[Version, list[str]]:
    """A version of the file of a part, or of a new one (None), which waits; keys to delete after the commit.

    The dataset must be locked, and its space. `treated` and `corrected` as of `add_version`.

    Raises:
        ConflictError: the part is no file, these are the bytes that it has, or the dataset has too many parts,
            or is withdrawn.
        TooLargeError: the space has no place left for it.
    """
    _require_not_withdrawn(dataset)
    if part is None:
        title = PurePath(dropped.name).stem.replace("_", " ").strip()[:LONGEST_TITLE]
        about = PartDescription(title or "file", guess_role(dropped))
        part = await add_part(session, author, dataset, about)
    part.require_file()
    newest = part.versions[0] if part.versions else None
    holds = treated or Corrections()
    if newest is not None and treated is None:
        columns = [str(one["name"]) for one in newest.profile.get("columns", ())]
        holds = corrections_of(newest).for_next_file(columns)
    if newest is not None and newest.file.sha256 == dropped.sha256:
        raise ConflictError(
            "This is the same file as the last version.",
            remedy="Choose the file that changed.",
        )
    orphans = list[str]()
    number = newest.number + 1 if newest else 1
    if part.pending is not None:
        number = part.pending.number
        orphans = await delete_version_rows(session, dataset, part.pending)
    await check_quota(session, dataset.space, dropped)
    dropped = strip_cells(dataset.space, dropped)
    version = await insert_version(
        session, dataset, dropped, number, holds.as_json(), part=part
    )
    part.updated_at = now()
    dataset.updated_at = now()
    if treated:
        dataset.record_event(author, "part.treated", part=str(part.id))
    elif corrected:
        dataset.record_event(author, "part.rows_corrected", part=str(part.id))
    else:
        dataset.record_event(author, "part.version_added", part=str(part.id))
    await session.flush()
    return version, orphans


async def describe_part(
    session: AsyncSession,
    author: Author,
    dataset: Dataset,
    part: DatasetPart,
    about: PartDescription,
    territory: Territory,
    *,
    announce: bool = True,
) -> None:
    """Keep what is said of a part; of a published one, the portals are told. The dataset must be locked.

    `announce`: false where its publication follows, which tells them both.

    Raises:
        InvalidError: it is not right; nothing is kept.
    """
    refusals = check_description(about)
    if bool(about.address) is part.is_file:
        refusals.append(Refusal("address", "A link stays a link, and a file a file."))
    if refusals:
        raise InvalidError(refusals=refusals)
    part.title = about.title
    part.role = about.role
    part.first_day = about.first_day
    part.last_day = about.last_day
    part.address = about.address
    part.documentation = about.documentation
    part.is_public = about.is_public and about.role == PartRole.DOCUMENTATION
    part.updated_at = now()
    dataset.updated_at = now()
    for version in part.versions:
        if version.published_at is not None and dataset.withdrawn_at is None:
            version.file.access = access_of(dataset, version)
    if about.place is not None:
        _move(dataset, part, about.place)
    dataset.record_event(author, "part.described", part=str(part.id))
    await session.flush()
    await session.refresh(dataset, ["parts"])
    if announce and is_listed(part):
        await announce_parts(session, dataset, territory)


async def set_main_period(
    session: AsyncSession,
    author: Author,
    dataset: Dataset,
    territory: Territory,
    *,
    first_day: date | None,
    last_day: date | None,
) -> None:
    """Keep of which period the main file is, or that it is of none, and tell the portals. The dataset must be locked.

    Raises:
        InvalidError: it is no period.
        NotFoundError: the dataset has no main file.
    """
    dataset.require_file()
    if refusals := check_period(first_day, last_day):
        raise InvalidError(refusals=refusals)
    if (dataset.file_first_day, dataset.file_last_day) == (first_day, last_day):
        return
    dataset.file_first_day = first_day
    dataset.file_last_day = last_day
    if dataset.document is not None:
        dataset.document = forget_periods(dataset.document, media_id_of(dataset))
    dataset.updated_at = now()
    dataset.record_event(author, "file.dated")
    await announce_parts(session, dataset, territory)


def _move(dataset: Dataset, part: DatasetPart, place: int) -> None:
    others = [other for other in dataset.parts if other is not part]
    index = min(max(place, 1), len(dataset.parts)) - 1
    for position, other in enumerate([*others[:index], part, *others[index:]], 1):
        other.position = position


def is_listed(part: DatasetPart) -> bool:
    """Whether a record names it, once its dataset is published."""
    return part.published is not None or part.published_at is not None


def list_parts_to_publish(dataset: Dataset) -> list[ListedPart]:
    """The parts as a publication of the dataset lists them: each with its newest version that nothing stops."""
    listed = list[ListedPart]()
    for part in dataset.parts:
        version = part.published
        if part.pending is not None and _is_clear(dataset, part, part.pending):
            version = part.pending
        if version is not None or not part.is_file:
            listed.append(ListedPart(part, version))
    return listed


def _is_clear(dataset: Dataset, part: DatasetPart, version: Version) -> bool:
    stops = set(part_stops_of(dataset, part, version)) - _intended_stops(version)
    return not (is_being_read(version) or stops)


def _intended_stops(version: Version) -> set[str]:
    """What a person wanted although it breaks the published version; a new reading of the file asks again."""
    findings = version.preparation.findings if version.preparation else {}
    return set(findings.get(INTENDED, ()))


def open_parts(dataset: Dataset, listed: Sequence[ListedPart], at: datetime) -> None:
    """Take these parts for published, and give each published file of a part to those who may read it."""
    for entry in listed:
        if entry.version is None:
            entry.part.published_at = entry.part.published_at or at
        else:
            entry.version.published_at = entry.version.published_at or at
    for part in dataset.parts:
        for version in part.versions:
            if version.published_at is not None:
                version.file.access = access_of(dataset, version)
            if version.preparation and _is_former(part, version):
                version.preparation.forget_cells()


def _is_former(part: DatasetPart, version: Version) -> bool:
    """Whether a newer version of its file is published."""
    return part.published is not None and version.number < part.published.number


async def publish_part(
    session: AsyncSession,
    author: Author | None,
    dataset: Dataset,
    part: DatasetPart,
    territory: Territory,
    *,
    reason: str = "",
    intended: Collection[str] = (),
) -> None:
    """Publish a part; where its dataset is not public, it is ready to be published with it. The dataset must be locked.

    `intended` has what a person wants although it breaks the published version, by the keys of `breaking_changes.STOPS`.

    Raises:
        ConflictError: its file is not here, is still being looked at, or is kept from everybody.
        InvalidError: something stops it, and no reason is given; or it breaks what nobody wants broken.
    """
    version = part.pending
    if version is None and part.is_file and part.published is None:
        raise ConflictError("Its file is not here.", remedy="Send it first.")
    if version is not None:
        _clear_part_version(dataset, part, version, reason, intended)
    if not is_public(dataset):
        dataset.record_event(author, "part.ready", part=str(part.id), reason=reason)
        return
    at = now()
    listed = list_published_parts(dataset)
    others = [entry for entry in listed if entry.part is not part]
    published = ListedPart(part, version or part.published)
    open_parts(dataset, [*others, published], at)
    dataset.record_event(author, "part.published", part=str(part.id), reason=reason)
    await announce_parts(session, dataset, territory)


def _clear_part_version(
    dataset: Dataset,
    part: DatasetPart,
    version: Version,
    reason: str,
    intended: Collection[str],
) -> None:
    breaks = list_breaking_changes(dataset, version)
    broken = {change.stop for change in breaks}
    requires_reason = not broken.issuperset(part_stops_of(dataset, part, version))
    refusals = refuse_unintended(breaks, intended)
    try:
        clear_for_publication(version, reason, requires_reason=requires_reason)
    except InvalidError as error:
        refusals += error.refusals
    if refusals:
        raise InvalidError(refusals=refusals)
    if broken and version.preparation is not None:
        findings = {**version.preparation.findings, INTENDED: sorted(broken)}
        version.preparation.findings = findings


async def publish_part_when_clear(
    session: AsyncSession,
    author: Author,
    dataset: Dataset,
    part: DatasetPart,
    territory: Territory,
) -> None:
    """Publish the version of a part that waits, with nobody looking, once its file was looked at and nothing stops it.

    The dataset must be locked. Where this may not be, the version goes on waiting for a person.
    """
    version = part.pending
    if version is None or version.preparation is None or not may_publish(dataset):
        return
    await session.refresh(version.preparation, with_for_update=True)
    version.preparation.request_publication(author)
    if not is_being_read(version):
        await publish_requested_part(session, dataset, version, territory)


async def publish_requested_part(
    session: AsyncSession, dataset: Dataset, version: Version, territory: Territory
) -> None:
    """The same once its file was looked at: its publication was asked for meanwhile."""
    part = dataset.find_part(version.part_id)
    if part is None or not may_publish(dataset):
        return
    if stops := part_stops_of(dataset, part, version):
        dataset.record_event(None, "part.stopped", part=str(part.id), stops=stops)
        return
    requester = version.preparation.requester if version.preparation else None
    await publish_part(session, requester, dataset, part, territory)


async def discard_part_version(
    session: AsyncSession, author: Author, dataset: Dataset, part: DatasetPart
) -> list[str]:
    """Give up the version that waits beside the published one; the keys of objects to delete. The dataset must be locked.

    Raises:
        ConflictError: none waits, or no other one was published.
    """
    version = part.pending
    if version is None or part.published is None:
        raise ConflictError(
            "No version is waiting to be published.",
            remedy="To give up the whole file, remove it from the dataset.",
        )
    await expire_archives(session, dataset.space_id, now())
    detail = {"part": str(part.id), "number": version.number}
    dataset.record_event(author, "part.version_discarded", **detail)
    return await delete_version_rows(session, dataset, version)


async def remove_part(
    session: AsyncSession,
    author: Author,
    dataset: Dataset,
    part: DatasetPart,
    territory: Territory,
    *,
    reason: str,
) -> None:
    """Forget a part for good, with every version of its file; its address says then why. The dataset must be locked.

    Raises:
        ConflictError: it is all that a published dataset of links leads to.
        InvalidError: it was public, and no reason is given.
    """
    was_listed = is_listed(part)
    is_announced = is_public(dataset) or dataset.in_catalogue
    if is_announced and was_listed and is_only_media(dataset, part, territory.origin):
        raise ConflictError(
            "This is its only link: add another one, or withdraw the dataset."
        )
    if was_listed and not reason:
        raise InvalidError(
            refusals=[
                Refusal(
                    "reason", "Give the reason: people who use the data will read it."
                )
            ]
        )
    dataset.record_event(author, "part.removed", part=str(part.id), reason=reason)
    if was_listed:
        await announce_parts(session, dataset, territory, without=part)
    await remove_versions(session, author, dataset, list(part.versions), reason)
    await session.delete(part)
    await session.flush()
    await session.refresh(dataset, ["parts"])
    for position, other in enumerate(dataset.parts, 1):
        other.position = position
    dataset.updated_at = now()
    await session.flush()
