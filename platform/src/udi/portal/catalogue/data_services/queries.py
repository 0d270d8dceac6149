"""Reading of services: the list, one with the datasets that it serves, and those that serve a dataset."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from udi.kit.errors import NotFoundError
from udi.kit.paging import Page
from udi.portal.catalogue.links.status import LinkStatus, read_link_status
from udi.portal.catalogue.models import Dataset, Link
from udi.portal.catalogue.queries import IS_PUBLISHED
from udi.portal.catalogue.related_rows import RelatedRows
from udi.portal.catalogue.services.models import (
    CatalogueService,
    CatalogueServiceDataset,
)
from udi.portal.organisations.models import Organisation

MOST_LISTED = 1000
"""Services that a catalogue in DCAT names, and datasets that a service does."""
MOST_NAMED = 20
"""Services that the page of a dataset names."""
IS_IN_CATALOGUE = CatalogueService.withdrawn_at.is_(None)


class UnknownServiceError(NotFoundError):
    """The territory has no service of this identifier."""


@dataclass(frozen=True)
class ServiceFilters:
    """Which services: those whose title has all the words, those of a producer."""

    q: str = ""
    producer: str = ""


@dataclass(frozen=True)
class ServiceName:
    """A service as the page of a dataset names it."""

    id: UUID
    titles: dict[str, str]
    format: str
    organisation_id: UUID
    organisation: str
    """The name of who publishes it."""


def _relate_services() -> RelatedRows[list[ServiceName]]:
    services = (
        select(
            CatalogueService.id,
            CatalogueService.titles,
            CatalogueService.format,
            CatalogueService.organisation_id,
            Organisation.name,
        )
        .join(
            CatalogueServiceDataset,
            (CatalogueServiceDataset.tenant_id == CatalogueService.tenant_id)
            & (CatalogueServiceDataset.service_id == CatalogueService.id),
        )
        .join(
            Organisation,
            (Organisation.tenant_id == CatalogueService.tenant_id)
            & (Organisation.id == CatalogueService.organisation_id),
        )
        .where(
            CatalogueServiceDataset.dataset_id == literal_column("$1::uuid"),
            IS_IN_CATALOGUE,
        )
        .order_by(CatalogueService.title, CatalogueService.id)
        .limit(MOST_NAMED)
    )
    return RelatedRows(
        str(services.compile(compile_kwargs={"literal_binds": True})),
        lambda rows: [ServiceName(*row) for row in rows],
    )


SERVICES_OF_DATASET = _relate_services()
"""The services that serve a dataset, by title."""


@dataclass(frozen=True)
class ServedDataset:
    """A dataset that a service serves."""

    id: UUID
    title: str
    titles: dict[str, str]
    synopsis: dict[str, str]
    producer: str


@dataclass(frozen=True)
class ServiceWithDatasets:
    """A service with the identifiers of the datasets that it serves."""

    service: CatalogueService
    datasets: Sequence[UUID]


async def list_services(
    session: AsyncSession, filters: ServiceFilters, *, page: int, size: int
) -> Page[CatalogueService]:
    """One page of them, by title; past the last page, the last one."""
    conditions = _conditions(filters)
    joined = (
        select(CatalogueService)
        .join(CatalogueService.organisation)
        .options(contains_eager(CatalogueService.organisation))
        .where(*conditions)
    )
    counted = (
        select(func.count())
        .select_from(CatalogueService)
        .join(CatalogueService.organisation)
        .where(*conditions)
    )
    total = await session.scalar(counted) or 0
    number = min(page, max(1, -(-total // size)))
    ordered = joined.order_by(CatalogueService.title, CatalogueService.id)
    rows = await session.scalars(ordered.limit(size).offset((number - 1) * size))
    return Page(list(rows), total, number, size)


def _conditions(filters: ServiceFilters) -> list[ColumnElement[bool]]:
    columns = (CatalogueService.title, CatalogueService.format, Organisation.name)
    conditions: list[ColumnElement[bool]] = [
        IS_IN_CATALOGUE,
        *(
            or_(*(column.icontains(word, autoescape=True) for column in columns))
            for word in filters.q.split()
        ),
    ]
    if filters.producer:
        conditions.append(Organisation.slug == filters.producer)
    return conditions


async def get_service(session: AsyncSession, id_: UUID) -> CatalogueService:
    """A service of this identifier, withdrawn ones too.

    Raises:
        NotFoundError: the territory has none.
    """
    query = (
        select(CatalogueService)
        .join(CatalogueService.organisation)
        .options(contains_eager(CatalogueService.organisation))
        .where(CatalogueService.id == id_)
    )
    service = await session.scalar(query)
    if service is None:
        raise UnknownServiceError
    return service


async def list_served_datasets(
    session: AsyncSession, service: UUID
) -> list[ServedDataset]:
    """The published datasets that a service serves, by title."""
    query = (
        select(
            Dataset.id,
            Dataset.title,
            Dataset.titles,
            Dataset.synopsis,
            Organisation.name,
        )
        .join(
            CatalogueServiceDataset,
            (CatalogueServiceDataset.tenant_id == Dataset.tenant_id)
            & (CatalogueServiceDataset.dataset_id == Dataset.id),
        )
        .join(
            Organisation,
            (Organisation.tenant_id == Dataset.tenant_id)
            & (Organisation.id == Dataset.organisation_id),
        )
        .where(CatalogueServiceDataset.service_id == service, IS_PUBLISHED)
        .order_by(Dataset.title, Dataset.id)
        .limit(MOST_LISTED)
    )
    return [ServedDataset(*row) for row in await session.execute(query)]


async def find_service_status(
    session: AsyncSession, service: CatalogueService
) -> LinkStatus | None:
    """How the address of a service stands; None before it was looked at."""
    link = await session.scalar(select(Link).where(Link.url == service.endpoint))
    return read_link_status(link) if link else None


async def list_catalogue_services(
    session: AsyncSession,
    *,
    producer: UUID | None = None,
    since: datetime | None = None,
) -> list[ServiceWithDatasets]:
    """Services for a catalogue in DCAT, in the order of their identifiers."""
    conditions: list[ColumnElement[bool]] = [IS_IN_CATALOGUE]
    if producer is not None:
        conditions.append(CatalogueService.organisation_id == producer)
    if since is not None:
        conditions.append(CatalogueService.changed_at >= since)
    query = (
        select(CatalogueService)
        .join(CatalogueService.organisation)
        .options(contains_eager(CatalogueService.organisation))
        .where(*conditions)
        .order_by(CatalogueService.id)
        .limit(MOST_LISTED)
    )
    services = list(await session.scalars(query))
    served = await _list_served(session, [service.id for service in services])
    return [
        ServiceWithDatasets(service, served.get(service.id, [])) for service in services
    ]


async def list_served_ids(session: AsyncSession, service: UUID) -> list[UUID]:
    """The identifiers of the published datasets that a service serves, in order."""
    return (await _list_served(session, [service])).get(service, [])


async def _list_served(
    session: AsyncSession, services: Collection[UUID]
) -> dict[UUID, list[UUID]]:
    if not services:
        return {}
    link = CatalogueServiceDataset
    query = (
        select(link.service_id, link.dataset_id)
        .join(
            Dataset,
            (Dataset.tenant_id == link.tenant_id) & (Dataset.id == link.dataset_id),
        )
        .where(link.service_id.in_(services), IS_PUBLISHED)
        .order_by(link.service_id, link.dataset_id)
    )
    served: dict[UUID, list[UUID]] = {}
    for service_id, dataset_id in await session.execute(query):
        datasets = served.setdefault(service_id, [])
        if len(datasets) < MOST_LISTED:
            datasets.append(dataset_id)
    return served
