"""What the API says of services of catalogues of others."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar.params import PathParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from udi.kit.paging import PAGE_SIZE, Page
from udi.portal.catalogue.data_services.descriptions import read_description
from udi.portal.catalogue.data_services.queries import ServedDataset, ServiceFilters
from udi.portal.catalogue.links.status import LinkStatus
from udi.portal.catalogue.schemas import BASE, ProducerName
from udi.portal.catalogue.services.models import CatalogueService
from udi.protocol.licences import LICENCES
from udi.ui.openapi.parameters import PageNumber, page_size

PATH = f"{BASE}/services"


def _meta(description: str, **limits: Any) -> Meta:
    return Meta(description=description, **limits)


ServiceId = Annotated[UUID, _meta("Identifier of the service, for good.")]
ServicePath = Annotated[UUID, PathParameter(description="Identifier of the service.")]
Titles = Annotated[dict[str, str], _meta("Title by language, the main one first.")]
Endpoint = Annotated[
    str, _meta("The address that programs call; empty where its source says none.")
]
Format = Annotated[
    str, _meta("Its kind: WMS, WFS, API…; empty where nobody says.", examples=["WMS"])
]
Address = Annotated[str, Meta(extra_json_schema={"format": "uri"})]


class ServiceItem(Struct, frozen=True, kw_only=True):
    """A service in a list."""

    id: ServiceId
    title: Titles
    endpoint: Endpoint
    format: Format
    producer: ProducerName
    url: Annotated[str, _meta("Path of the service in this API.")]
    page: Annotated[Address, _meta("Address of the page for people.")]

    @classmethod
    def of(cls, service: CatalogueService, origin: str) -> "ServiceItem":
        """A row, on the portal at `origin`."""
        owner = service.organisation
        return cls(
            id=service.id,
            title=service.titles,
            endpoint=service.endpoint,
            format=service.format,
            producer=ProducerName(slug=owner.slug, name=owner.name),
            url=f"{PATH}/{service.id}",
            page=f"{origin}/services/{service.id}",
        )


class ServicePage(Struct, frozen=True, kw_only=True):
    """One page of the services of catalogues of others, by title."""

    total: Annotated[int, Meta(ge=0, description="How many there are.")]
    page: Annotated[int, Meta(ge=1)]
    items: list[ServiceItem]
    next: Annotated[str, _meta("Path of the next page; empty on the last.")]

    @classmethod
    def of(
        cls, page: Page[CatalogueService], filters: ServiceFilters, origin: str
    ) -> "ServicePage":
        """A page of rows."""
        values = {
            "q": filters.q,
            "producer": filters.producer,
            "page": str(page.number + 1),
            "size": str(page.size),
        }
        query = urlencode({name: value for name, value in values.items() if value})
        return cls(
            total=page.total,
            page=page.number,
            items=[ServiceItem.of(service, origin) for service in page.items],
            next=f"{PATH}?{query}" if page.number < page.last else "",
        )


class ServiceListParameters(Struct, kw_only=True):
    """The query of the list of services."""

    q: (
        Annotated[
            str,
            _meta(
                "Words that the title, the kind or the producer has.", max_length=100
            ),
        ]
        | UnsetType
    ) = UNSET
    producer: Annotated[str, _meta("Readable name of a producer.")] | UnsetType = UNSET
    page: PageNumber = 1
    size: Annotated[int, page_size("Services a page.")] = PAGE_SIZE


class ServedDatasetItem(Struct, frozen=True, kw_only=True):
    """A dataset that a service serves."""

    id: UUID
    title: str
    url: Annotated[str, _meta("Path of the dataset in this API.")]


class ServiceContactDetail(Struct, frozen=True, kw_only=True):
    """Whom to write to, as the source says."""

    name: str
    email: str
    url: str


class ServiceLicence(Struct, frozen=True, kw_only=True):
    """Under which licence the service is; `code` is empty for one that is none of ours."""

    code: str
    name: dict[str, str]
    url: str


class ServiceStatus(Struct, frozen=True, kw_only=True):
    """How the address of the service stands, as the portal last saw."""

    state: str
    since: Annotated[datetime, Meta(tz=True)]
    last_reachable: Annotated[datetime, Meta(tz=True)] | None

    @classmethod
    def of(cls, status: LinkStatus | None) -> "ServiceStatus | None":
        """What is said of it; nothing before it was looked at."""
        if status is None:
            return None
        return cls(
            state=status.state.value,
            since=status.since,
            last_reachable=status.last_reachable,
        )


class ServiceDetail(Struct, frozen=True, kw_only=True):
    """A service of a catalogue of others: a `dcat:DataService`."""

    id: ServiceId
    identifier: Annotated[str, _meta("As its source writes it.")]
    title: Titles
    description: Annotated[dict[str, str], _meta("Text by language.")]
    keywords: list[str]
    endpoint: Endpoint
    endpoint_description: Annotated[
        str, _meta("Its machine-readable description; empty where there is none.")
    ]
    format: Format
    standards: Annotated[list[str], _meta("Addresses of standards that it keeps.")]
    documentation: Annotated[list[str], _meta("Addresses of pages about it.")]
    landing_page: Annotated[str, _meta("Its page at the source; empty without one.")]
    licence: ServiceLicence | None
    access: Annotated[
        str,
        _meta("Code of the EU’s table of access rights; empty where nobody says."),
    ]
    contacts: list[ServiceContactDetail]
    producer: ProducerName
    datasets: Annotated[list[ServedDatasetItem], _meta("What it serves.")]
    availability: ServiceStatus | None
    page: Annotated[Address, _meta("Address of the page for people.")]

    @classmethod
    def of(
        cls,
        service: CatalogueService,
        datasets: list[ServedDataset],
        status: LinkStatus | None,
        origin: str,
    ) -> "ServiceDetail":
        """A row with what it serves and how its address stands."""
        description = read_description(service)
        owner = service.organisation
        same = ("keywords", "endpoint_description", "standards", "documentation")
        return cls(
            **{name: getattr(description, name) for name in same},
            id=service.id,
            identifier=service.identifier,
            title=service.titles,
            description=description.text,
            endpoint=service.endpoint,
            format=service.format,
            landing_page=description.landing_page,
            licence=_licence_of(service),
            access=description.access,
            contacts=[
                ServiceContactDetail(
                    name=contact.name, email=contact.email, url=contact.url
                )
                for contact in description.contacts
            ],
            producer=ProducerName(slug=owner.slug, name=owner.name),
            datasets=[
                ServedDatasetItem(
                    id=dataset.id,
                    title=dataset.title,
                    url=f"{BASE}/datasets/{dataset.id}",
                )
                for dataset in datasets
            ],
            availability=ServiceStatus.of(status),
            page=f"{origin}/services/{service.id}",
        )


def _licence_of(service: CatalogueService) -> ServiceLicence | None:
    description = read_description(service)
    known = LICENCES.get(description.licence)
    if known is not None:
        return ServiceLicence(code=known.code, name=known.name, url=known.url)
    name = description.licence_name or description.licence_url
    if not name:
        return None
    names = {next(iter(service.titles)): name}
    return ServiceLicence(code="", name=names, url=description.licence_url)
