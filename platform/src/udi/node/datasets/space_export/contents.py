"""All that a space holds, read at one moment: its datasets, their files, their history. No byte of a file."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.slugs import make_slug
from udi.kit.tenancy import Territory
from udi.node.datasets.descriptions.description import check_answers
from udi.node.datasets.models import Dataset, DatasetEvent, DatasetPart, Version
from udi.node.datasets.records.parts import ListedPart, list_part_media
from udi.node.datasets.records.rudi import compose_document, compose_record
from udi.node.files.models import ErasedDataset
from udi.node.spaces.models import Space
from udi.protocol.faults import InvalidRecord
from udi.protocol.record import Record, restore_record
from udi.tabular.profiles.profile import Profile

LONGEST_SLUG = 60
PUBLIC_ROOTS = (
    "/datasets",
    "/api/v1/resources",
    "/api/resources",
    "/catalog/v1/resources",
)


@dataclass(frozen=True)
class ArchivedVersion:
    """One version of a dataset: where it goes in the archive, and where its bytes are."""

    path: str
    version: Version
    profile: Profile

    @property
    def key(self) -> str:
        return self.version.file.key


@dataclass(frozen=True)
class ArchivedDataset:
    """One dataset with its versions, newest first; `record` is None while its description is not complete."""

    dataset: Dataset
    record: Record | None
    folder: str
    versions: tuple[ArchivedVersion, ...]

    @property
    def slug(self) -> str:
        return self.folder.rpartition("/")[2]


@dataclass(frozen=True)
class SpaceExport:
    """A space, as it leaves."""

    territory: Territory
    space: Space
    datasets: tuple[ArchivedDataset, ...]
    events: tuple[DatasetEvent, ...]

    @property
    def files(self) -> list[ArchivedVersion]:
        return [
            exported_version
            for described in self.datasets
            for exported_version in described.versions
        ]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(
            exported_version.version.file.size for exported_version in self.files
        )


async def read_space_contents(
    session: AsyncSession, territory: Territory, space: Space
) -> SpaceExport:
    """What the space holds now; what was erased is not in it."""
    erased = select(ErasedDataset.id)
    mine = select(Dataset).where(
        Dataset.space_id == space.id, Dataset.id.not_in(erased)
    )
    datasets = (
        (await session.scalars(mine.order_by(Dataset.created_at, Dataset.id)))
        .unique()
        .all()
    )
    ids = [dataset.id for dataset in datasets]
    history = select(DatasetEvent).where(DatasetEvent.dataset_id.in_(ids))
    events = (
        await session.scalars(
            history.order_by(DatasetEvent.happened_at, DatasetEvent.id)
        )
    ).all()
    return SpaceExport(
        territory,
        space,
        tuple(_describe(dataset, territory) for dataset in datasets),
        tuple(events),
    )


async def list_addresses(session: AsyncSession, space: Space) -> list[str]:
    """How the addresses of a space's public things begin: its page, its datasets, their files, their records."""
    mine = select(Dataset).where(
        Dataset.space_id == space.id, Dataset.opened_at.is_not(None)
    )
    addresses = [f"/spaces/{space.slug}"]
    for dataset in (await session.scalars(mine.order_by(Dataset.id))).unique():
        addresses += [f"{root}/{dataset.id}" for root in PUBLIC_ROOTS]
        addresses += [
            f"/files/{version.file_id}"
            for version in dataset.files
            if version.published_at is not None
        ]
    return addresses


def slug_of(title: str, known_by: UUID) -> str:
    """A name for a folder: words of the title, and the start of the id so that no two are alike."""
    return f"{make_slug(title, LONGEST_SLUG) or 'dataset'}-{known_by.hex[:8]}"


def _describe(dataset: Dataset, territory: Territory) -> ArchivedDataset:
    folder = f"files/{slug_of(dataset.title, dataset.id)}"
    versions = tuple(
        ArchivedVersion(
            f"{folder}/{_folder_of(dataset, version)}/{version.file.name}",
            version,
            Profile.from_json(version.profile),
        )
        for version in dataset.files
    )
    return ArchivedDataset(dataset, _record(dataset, territory), folder, versions)


def _folder_of(dataset: Dataset, version: Version) -> str:
    """Where a version goes in the folder of its dataset: beside each other, and those of each part apart."""
    part = dataset.find_part(version.part_id)
    if part is None:
        return f"v{version.number}"
    return f"{folder_of_part(part)}/v{version.number}"


def folder_of_part(part: DatasetPart) -> str:
    """Where the versions of a part go in the folder of its dataset."""
    return f"parts/{slug_of(part.title, part.id)}"


def _record(dataset: Dataset, territory: Territory) -> Record | None:
    if check_answers(dataset.description, has_file=dataset.has_file):
        return None
    about = (dataset, dataset.newest, territory)
    at = dataset.updated_at
    parts = _list_parts(dataset)
    if dataset.document is not None:
        try:
            return restore_record(compose_document(*about, at=at, parts=parts))
        except InvalidRecord:
            pass
    record = compose_record(*about, at=at)
    beside = list_part_media(dataset, parts, territory.origin, main=dataset.newest)
    return msgspec.structs.replace(record, media=(*record.media, *beside))


def _list_parts(dataset: Dataset) -> list[ListedPart]:
    """Every part in its order, with the newest version of its file as the main file has its own, published or not."""
    return [
        ListedPart(part, next(iter(part.versions), None))
        for part in dataset.parts
        if part.versions or not part.is_file
    ]


def portal_origin(territory: Territory) -> str:
    """The address of the portal, which names datasets; the node's own where there is none."""
    return territory.links.get("portal") or territory.origin


def localised_space_name(space: Space, territory: Territory) -> dict[str, Any]:
    """The name of the space in each language of the territory."""
    return dict.fromkeys(territory.languages, space.name)
