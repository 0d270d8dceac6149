"""Reads of datasets."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, cast, func, literal, select
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer, joinedload, lazyload, selectinload

from udi.kit.errors import ConflictError, ErasedError, NotFoundError
from udi.kit.identity import Actor
from udi.kit.paging import PAGE_SIZE, Page
from udi.node.datasets.models import (
    Dataset,
    DatasetEvent,
    DatasetPart,
    Delivery,
    Preparation,
    Version,
)
from udi.node.datasets.records.document_query import with_update_date
from udi.node.datasets.versions.findings import COMPARED_WITH, DIFFERENCE
from udi.node.files.intake.clam import ScanState
from udi.node.files.models import ErasedDataset
from udi.node.files.queries import missing_error
from udi.node.identity.models import Person
from udi.node.spaces.models import DatasetRight, Space
from udi.node.spaces.queries import DatasetPermission, require_dataset_permission
from udi.tabular.profiles.profile import Profile
from udi.tabular.safety.findings import SafetySeverity

SHOWN_EVENTS = 50
LEAN = (
    defer(Version.profile, raiseload=True),
    joinedload(Version.preparation).options(
        defer(Preparation.findings, raiseload=True)
    ),
)
HARMS = f'$ ? (@.virus.state == "{ScanState.INFECTED}" || @.safety[*].strength == "{SafetySeverity.QUARANTINE}")'
"""`standing.is_harmful`, as PostgreSQL asks it."""


@dataclass(frozen=True)
class VersionFlags:
    """Ids of versions: those whose file could harm, and those of which it is known what they change."""

    harmful: frozenset[UUID]
    compared: frozenset[UUID]


@dataclass(frozen=True)
class CheckedFile:
    """The file whose reading a page settles: the newest version of the main file of a dataset, or of that of a part."""

    dataset: Dataset
    part: DatasetPart | None
    version: Version
    profile: Profile
    address: str
    """Its pages are below it."""

    @property
    def part_crumbs(self) -> list[tuple[str, str]]:
        """The page of the part, between those of its dataset and of its file; nothing for the main file."""
        if self.part is None:
            return []
        return [(self.part.title, self.address)]


async def get_dataset(
    session: AsyncSession,
    actor: Actor,
    dataset_id: UUID,
    *,
    to: DatasetPermission = DatasetPermission.PUBLISH,
    lock: bool = False,
    lean: bool = False,
) -> Dataset:
    """A dataset of the person's organisation, with which they may do this; `lock` holds it until the transaction ends.

    `lean`: of the versions before the newest, what was found in their files is not read, and asking for it is an error;
    of the published one, the profile is, and what was found while the newest waits.

    Raises:
        NotFoundError: there is none, or it is another organisation's.
        ForbiddenError: the person belongs to the organisation and may not.
        ErasedError: it was erased.
    """
    query = _select_dataset(dataset_id, lock=lock)
    if lean:
        query = query.options(selectinload(Dataset.versions).options(*LEAN))
    dataset = await session.scalar(query)
    if await find_erased(session, actor, dataset_id):
        raise ErasedError(
            "You or a colleague erased it, with every version and every copy here."
        )
    if dataset is None:
        raise await missing_error(session, ErasedDataset.id == dataset_id)
    await require_dataset_permission(session, actor, dataset.space, dataset_id, to)
    if lean:
        await _refresh_newest(session, dataset)
    return dataset


def get_newest_version(dataset: Dataset, part: DatasetPart | None) -> Version:
    """The newest version of the file of a part, or of the main one (None).

    Raises:
        NotFoundError: the dataset has no main file.
        ConflictError: the part is a link, or its file is not here.
    """
    if part is None:
        return dataset.latest
    part.require_file()
    if not part.versions:
        raise ConflictError("Its file is not here.", remedy="Send it first.")
    return part.versions[0]


async def get_checked_file(
    session: AsyncSession,
    actor: Actor,
    dataset_id: UUID,
    part_id: UUID | None,
    *,
    lock: bool = False,
) -> CheckedFile:
    """The main file (None) or that of a part, for who may change it.

    Raises:
        ConflictError: the part is a link, or its file is not here.
        NotFoundError: there is no such dataset or part, or the dataset has no main file.
        ForbiddenError: as `get_dataset`.
    """
    dataset = await get_dataset(
        session, actor, dataset_id, to=DatasetPermission.CHANGE, lock=lock
    )
    address = f"/datasets/{dataset.id}"
    part = None
    if part_id:
        part = dataset.find_part(part_id)
        if part is None:
            raise NotFoundError
        address += f"/parts/{part.id}"
    version = get_newest_version(dataset, part)
    profile = Profile.from_json(version.profile)
    return CheckedFile(dataset, part, version, profile, address)


async def _refresh_newest(session: AsyncSession, dataset: Dataset) -> None:
    """Read what a lean dataset lacks of its newest version, and of the published one that it is compared with."""
    preparation = dataset.newest.preparation if dataset.newest else None
    if preparation is None:
        return
    await session.refresh(preparation, ["findings"])
    await session.refresh(dataset.latest, ["profile"])
    published = dataset.find_published_before(dataset.latest)
    if published is None:
        return
    await session.refresh(published, ["profile"])
    if dataset.pending is not None and published.preparation is not None:
        await session.refresh(published.preparation, ["findings"])


async def read_version_marks(session: AsyncSession, dataset: Dataset) -> VersionFlags:
    """What the list of versions says of each, without reading all that was found in their files."""
    findings = Preparation.findings
    harms = func.jsonb_path_exists(findings, cast(literal(HARMS), JSONPATH))
    query = select(
        Preparation.version_id, harms, findings[DIFFERENCE][COMPARED_WITH].is_not(None)
    )
    rows = (
        await session.execute(
            query.where(
                Preparation.version_id.in_([version.id for version in dataset.versions])
            )
        )
    ).all()
    return VersionFlags(
        frozenset(version_id for version_id, harm, _ in rows if harm),
        frozenset(version_id for version_id, _, is_compared in rows if is_compared),
    )


async def find_erased(
    session: AsyncSession, actor: Actor, dataset_id: UUID
) -> ErasedDataset | None:
    """What stays of an erased dataset, for those who publish where it was."""
    query = select(ErasedDataset, Space).where(
        ErasedDataset.id == dataset_id, Space.id == ErasedDataset.space_id
    )
    row = (await session.execute(query)).one_or_none()
    if row and actor.may_publish(row[1].slug):
        return row[0]
    return None


async def find_dataset(
    session: AsyncSession, dataset_id: UUID, *, lock: bool = False
) -> Dataset | None:
    """A dataset of the territory, for a machine that has proved who it is."""
    dataset: Dataset | None = await session.scalar(
        _select_dataset(dataset_id, lock=lock)
    )
    return dataset


def _select_dataset(dataset_id: UUID, *, lock: bool) -> Select[Dataset]:
    """What asks for a dataset; one that is locked is read before its delivery, so that this is of the same moment."""
    query = select(Dataset).where(Dataset.id == dataset_id)
    if lock:
        return query.with_for_update(of=Dataset)
    return query.options(joinedload(Dataset.delivery))


async def find_delivery(session: AsyncSession, dataset_id: UUID) -> Delivery | None:
    """The announcement of a dataset."""
    delivery: Delivery | None = await session.scalar(
        select(Delivery).where(Delivery.dataset_id == dataset_id)
    )
    return delivery


async def list_datasets(
    session: AsyncSession, space: Space, *, number: int = 1, size: int = 50
) -> Page[Dataset]:
    """The datasets of a space, those changed last first."""
    mine = (Dataset.space_id == space.id, Dataset.id.not_in(select(ErasedDataset.id)))
    total = await session.scalar(select(func.count()).select_from(Dataset).where(*mine))
    query = (
        select(Dataset)
        .where(*mine)
        .order_by(Dataset.updated_at.desc(), Dataset.id)
        .limit(size)
        .offset((number - 1) * size)
    )
    return Page(list((await session.scalars(query)).all()), total or 0, number, size)


async def count_published(session: AsyncSession, space: Space) -> int:
    """How many datasets of a space the portal shows."""
    conditions = (
        Dataset.space_id == space.id,
        Dataset.record.is_not(None),
        Dataset.withdrawn_at.is_(None),
    )
    return int(
        await session.scalar(
            select(func.count()).select_from(Dataset).where(*conditions)
        )
        or 0
    )


async def last_licence(session: AsyncSession, space: Space) -> str:
    """The licence the producer chose last, empty at first."""
    query = (
        select(Dataset.description["licence"].astext)
        .where(Dataset.space_id == space.id, Dataset.described_at.is_not(None))
        .order_by(Dataset.described_at.desc())
    )
    return str(await session.scalar(query.limit(1)) or "")


async def list_events(
    session: AsyncSession,
    dataset: Dataset | ErasedDataset,
    *,
    limit: int | None = SHOWN_EVENTS,
) -> list[DatasetEvent]:
    """What happened to a dataset, newest first; without a limit, all of it."""
    query = select(DatasetEvent).where(DatasetEvent.dataset_id == dataset.id)
    ordered = query.order_by(DatasetEvent.happened_at.desc()).limit(limit)
    return list((await session.scalars(ordered)).all())


async def waits_for_person(session: AsyncSession, dataset: Dataset) -> bool:
    """Whether somebody dropped a version beside the published one: a person decides what becomes of it."""
    if dataset.pending is None or len(dataset.versions) == 1:
        return False
    query = select(DatasetEvent.person_id).where(
        DatasetEvent.dataset_id == dataset.id,
        DatasetEvent.action.in_(("version.added", "version.treated", "rows.corrected")),
    )
    return (
        await session.scalar(query.order_by(DatasetEvent.happened_at.desc()).limit(1))
        is not None
    )


async def list_rights(
    session: AsyncSession, dataset: Dataset
) -> list[tuple[DatasetRight, Person]]:
    """Who was given a right on this dataset, by name."""
    same = (Person.tenant_id == DatasetRight.tenant_id) & (
        Person.id == DatasetRight.person_id
    )
    query = (
        select(DatasetRight, Person)
        .join(Person, same)
        .where(DatasetRight.dataset_id == dataset.id)
    )
    return [
        (right, person)
        for right, person in await session.execute(
            query.order_by(Person.name, Person.id)
        )
    ]


async def list_shared(
    session: AsyncSession, actor: Actor, space: Space
) -> list[tuple[Dataset, str]]:
    """The datasets of a space on which a person was given a right, and which."""
    same = (DatasetRight.tenant_id == Dataset.tenant_id) & (
        DatasetRight.dataset_id == Dataset.id
    )
    query = select(Dataset, DatasetRight.role).join(DatasetRight, same)
    mine = query.where(
        Dataset.space_id == space.id, DatasetRight.person_id == actor.person_id
    )
    return [
        (dataset, role)
        for dataset, role in await session.execute(mine.order_by(Dataset.title))
    ]


def public_documents() -> Subquery:
    """The records of what is published, to be asked about (`asking`)."""
    document = with_update_date(Dataset.record, Dataset.updated_at).label("document")
    public = select(Dataset.id, document, Dataset.updated_at.label("changed")).where(
        *_is_public()
    )
    return public.subquery()


async def list_public(
    session: AsyncSession, *, number: int = 1, size: int = PAGE_SIZE
) -> Page[Dataset]:
    """What is published, those changed last first; without its versions."""
    total = await session.scalar(
        select(func.count()).select_from(Dataset).where(*_is_public())
    )
    query = (
        select(Dataset)
        .options(lazyload("*"))
        .where(*_is_public())
        .order_by(Dataset.updated_at.desc(), Dataset.id)
    )
    datasets = await session.scalars(query.limit(size).offset((number - 1) * size))
    return Page(list(datasets.all()), total or 0, number, size)


async def get_public_record(session: AsyncSession, dataset_id: UUID) -> dict[str, Any]:
    """The record of one published dataset.

    Raises:
        NotFoundError: nothing is published under this id.
        ErasedError: what was, was erased.
    """
    query = select(Dataset.record).where(Dataset.id == dataset_id, *_is_public())
    record: dict[str, Any] | None = await session.scalar(query)
    if record is None:
        raise await missing_error(session, ErasedDataset.id == dataset_id)
    return record


def _is_public() -> tuple[ColumnElement[bool], ...]:
    return (
        Dataset.record.is_not(None),
        Dataset.withdrawn_at.is_(None),
        Dataset.opened_at.is_not(None),
    )
