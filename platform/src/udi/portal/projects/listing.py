"""Lists of projects: those that everybody sees, filtered; those that use a dataset; what the page of one shows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, Select, any_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.paging import PAGE_SIZE, Page, page_number
from udi.portal.catalogue.models import Dataset, Withdrawal
from udi.portal.catalogue.queries import IS_PUBLISHED as DATASET_SHOWN
from udi.portal.catalogue.stewards import IS_STEWARD, Steward
from udi.portal.organisations.models import Organisation
from udi.portal.projects.models import (
    Audience,
    Project,
    ProjectDataset,
    ProjectPicture,
    Scale,
    SupportKind,
)
from udi.portal.projects.queries import NEWEST_FIRST, PUBLIC_CONDITIONS
from udi.portal.projects.transitions import ProjectState
from udi.portal.projects.translated_texts import has_translation_with
from udi.protocol.terms import Purpose

PATH = "/projects"
LONGEST_TEXT = 100
MOST_MAPPED = 5000
CHOICES: Mapping[str, Collection[str]] = {
    "state": [state.value for state in ProjectState],
    "purpose": [purpose.value for purpose in Purpose],
    "audience": [audience.value for audience in Audience],
    "scale": [scale.value for scale in Scale],
    "support": [kind.value for kind in SupportKind],
}


@dataclass(frozen=True)
class ProjectFilters:
    """What is looked for among the projects that everybody sees. Without a state, all but those that are archived."""

    q: str = ""
    state: str = ""
    purpose: str = ""
    audience: str = ""
    scale: str = ""
    support: str = ""
    dataset: str = ""
    page: int = 1
    size: int = PAGE_SIZE

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Names and values in use, without the page."""
        names = ("q", *CHOICES, "dataset")
        return [(name, value) for name in names if (value := getattr(self, name))]

    def address(self, path: str, page: int = 1) -> str:
        """The address that asks for these."""
        pairs = [*self.pairs, *([("page", str(page))] if page > 1 else [])]
        if pairs:
            return f"{path}?{urlencode(pairs)}"
        return path


def read_filters(pairs: Sequence[tuple[str, str]]) -> ProjectFilters:
    """The filters of an address; what is no choice of ours is left out."""
    parameters = dict(pairs)
    choices: dict[str, Any] = {
        name: parameters[name]
        for name, codes in CHOICES.items()
        if parameters.get(name) in codes
    }
    dataset = parameters.get("dataset", "")
    return ProjectFilters(
        q=" ".join(parameters.get("q", "").replace("\x00", "").split())[:LONGEST_TEXT],
        dataset=dataset if is_identifier(dataset) else "",
        page=page_number(parameters.get("page", 1)),
        **choices,
    )


def is_identifier(text: str) -> bool:
    """Whether this is a UUID."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class ProjectSummary:
    """A project in a list, with the name of the organisation that leads it and its first picture."""

    project: Project
    organisation: Organisation | None
    picture: ProjectPicture | None = None


async def list_projects(
    session: AsyncSession, filters: ProjectFilters
) -> tuple[ProjectFilters, Page[ProjectSummary]]:
    """One page of the projects that everybody sees, in the order of `NEWEST_FIRST`; past the last page, the last one."""
    conditions = [*PUBLIC_CONDITIONS, *_conditions(filters)]
    total = (
        await session.scalar(
            select(func.count()).select_from(Project).where(*conditions)
        )
        or 0
    )
    last = max(1, -(-total // filters.size))
    filters = replace(filters, page=min(filters.page, last))
    ordered = select_with_organisation().where(*conditions).order_by(*NEWEST_FIRST)
    rows = await session.execute(
        ordered.limit(filters.size).offset((filters.page - 1) * filters.size)
    )
    return filters, Page(
        await add_pictures(session, rows.all()), total, filters.page, filters.size
    )


def select_with_organisation() -> Select[Project, Organisation]:
    """Projects and the organisation that leads each, if one does."""
    same = (Organisation.tenant_id == Project.tenant_id) & (
        Organisation.id == Project.organisation_id
    )
    return select(Project, Organisation).outerjoin(Organisation, same)


def _conditions(filters: ProjectFilters) -> list[ColumnElement[bool]]:
    columns = (Project.title, Project.summary, Project.words)
    conditions: list[ColumnElement[bool]] = [
        or_(
            *(column.icontains(word, autoescape=True) for column in columns),
            has_translation_with(Project.translations, word),
        )
        for word in filters.q.split()
    ]
    conditions.append(
        Project.state == filters.state
        if filters.state
        else Project.state != ProjectState.ARCHIVED
    )
    value_by_column = {Project.purpose: filters.purpose, Project.scale: filters.scale}
    conditions += [
        column == value for column, value in value_by_column.items() if value
    ]
    several = {Project.audience: filters.audience, Project.support: filters.support}
    conditions += [any_(column) == value for column, value in several.items() if value]
    if filters.dataset:
        using = select(ProjectDataset.project_id).where(
            ProjectDataset.dataset_id == UUID(filters.dataset)
        )
        conditions.append(Project.id.in_(using))
    return conditions


async def add_pictures(
    session: AsyncSession, rows: Sequence[Any]
) -> list[ProjectSummary]:
    """The lines of some rows, with the first picture of each; without its bytes."""
    ids = [row.Project.id for row in rows]
    ordered = (
        select(ProjectPicture)
        .where(ProjectPicture.project_id.in_(ids))
        .order_by(ProjectPicture.position.desc())
    )
    if ids:
        first = {
            picture.project_id: picture for picture in await session.scalars(ordered)
        }
    else:
        first = {}
    return [
        ProjectSummary(row.Project, row.Organisation, first.get(row.Project.id))
        for row in rows
    ]


@dataclass(frozen=True)
class UsedDataset:
    """A dataset that a project uses, as a list shows it."""

    id: UUID
    slug: str
    title: str
    titles: dict[str, str]
    synopsis: dict[str, str]
    theme: str
    access: str
    gone: bool
    producer: str
    steward_slug: str = ""
    """Of the organisation whose people act for it."""
    thanked: bool = False
    """Whether the producer thanks for the use."""


async def list_used_datasets(session: AsyncSession, project: UUID) -> list[UsedDataset]:
    """The datasets that a project uses, by title; withdrawn ones too, whose address says so."""
    dataset_ids = select(ProjectDataset.dataset_id).where(
        ProjectDataset.project_id == project
    )
    owner = (Organisation.tenant_id == Dataset.tenant_id) & (
        Organisation.id == Dataset.organisation_id
    )
    columns = (
        Dataset.id,
        Dataset.slug,
        Dataset.title,
        Dataset.titles,
        Dataset.synopsis,
        Dataset.theme,
        Dataset.access,
        Organisation.name,
        Steward.slug.label("steward_slug"),
        ProjectDataset.thanked,
    )
    use = (ProjectDataset.tenant_id == Dataset.tenant_id) & (
        ProjectDataset.dataset_id == Dataset.id
    )
    dataset_query = (
        select(*columns)
        .join(Organisation, owner)
        .join(Steward, IS_STEWARD)
        .join(ProjectDataset, use)
        .where(ProjectDataset.project_id == project, DATASET_SHOWN)
    )
    used = [
        UsedDataset(
            row.id,
            row.slug,
            row.title,
            row.titles,
            row.synopsis,
            row.theme,
            row.access,
            gone=False,
            producer=row.name,
            steward_slug=row.steward_slug,
            thanked=row.thanked,
        )
        for row in await session.execute(dataset_query)
    ]
    former = (Organisation.tenant_id == Withdrawal.tenant_id) & (
        Organisation.id == Withdrawal.organisation_id
    )
    left = select(Withdrawal.id, Withdrawal.title, Organisation.name).join(
        Organisation, former
    )
    used += [
        UsedDataset(row.id, "", row.title, {}, {}, "", "", gone=True, producer=row.name)
        for row in await session.execute(left.where(Withdrawal.id.in_(dataset_ids)))
    ]
    return sorted(used, key=lambda dataset: (dataset.title.casefold(), dataset.id))


async def list_pictures(
    session: AsyncSession, project: UUID
) -> Sequence[ProjectPicture]:
    """The pictures of a project in their order, without their bytes."""
    query = (
        select(ProjectPicture)
        .where(ProjectPicture.project_id == project)
        .order_by(ProjectPicture.position)
    )
    return (await session.scalars(query)).all()


async def list_addresses(
    session: AsyncSession,
) -> Sequence[tuple[str, datetime | None]]:
    """The list and the newest projects that everybody sees, for search engines."""
    rows = (
        select(Project.id, Project.changed_at)
        .where(*PUBLIC_CONDITIONS)
        .order_by(*NEWEST_FIRST)
    )
    result = await session.execute(rows.limit(MOST_MAPPED))
    return [(PATH, None), *((f"{PATH}/{row.id}", row.changed_at) for row in result)]
