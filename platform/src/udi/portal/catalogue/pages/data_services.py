"""Services of catalogues of others, for people: the list, and the page of each."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_410_GONE

from udi.kit.paging import PAGE_SIZE, page_number
from udi.portal.catalogue.data_services.descriptions import (
    CatalogueServiceDescription,
    read_description,
)
from udi.portal.catalogue.data_services.queries import (
    ServiceFilters,
    UnknownServiceError,
    find_service_status,
    get_service,
    list_served_datasets,
    list_services,
)
from udi.portal.catalogue.open.dcat import send_service
from udi.portal.catalogue.open.representations import (
    RDF,
    negotiate_representation,
    split_identifier,
)
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.protocol.licences import LICENCES
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Session
from udi.ui.locale import localise
from udi.ui.site import render

PATH = "/services"
LONGEST_TEXT = 100


def read_filters(parameters: Mapping[str, str]) -> ServiceFilters:
    """The filters of an address."""
    words = " ".join(parameters.get("q", "").replace("\x00", "").split())
    producer = parameters.get("producer", "").replace("\x00", "")
    return ServiceFilters(words[:LONGEST_TEXT], producer[:LONGEST_TEXT])


def address_of(filters: ServiceFilters, page: int) -> str:
    """The address of a page of the list."""
    values = {
        "q": filters.q,
        "producer": filters.producer,
        "page": str(page) if page > 1 else "",
    }
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{PATH}?{query}" if query else PATH


@get(PATH)
async def show_services(request: AnyRequest, session: Session) -> Response[str]:
    """Every service, by title; those whose title, kind or producer has the words, where some are given."""
    parameters = dict(read_pairs(request))
    filters = read_filters(parameters)
    page = await list_services(
        session, filters, page=page_number(parameters.get("page", 1)), size=PAGE_SIZE
    )
    return render(
        request,
        "catalogue/services.html",
        page=page,
        filters=filters,
        texts={service.id: read_description(service).text for service in page.items},
        page_url=lambda number: address_of(filters, number),
    )


@get(f"{PATH}/{{name:str}}")
async def show_service(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    name: FromPath[str],
) -> Response[Any]:
    """What a service is, where to call it, and the data that it serves; 410 once it left its catalogue.

    RDF for who asks for it or adds an extension.
    """
    service_id, form = split_identifier(name)
    if service_id is None:
        raise UnknownServiceError
    if form := form or negotiate_representation(request):
        return await send_service(request, territory, service_id, form)
    service = await get_service(session, service_id)
    is_gone = service.withdrawn_at is not None
    description = read_description(service)
    page = render(
        request,
        "catalogue/service.html",
        status=HTTP_410_GONE if is_gone else HTTP_200_OK,
        service=service,
        description=description,
        licence=_name_licence(description, request.scope["state"]["locale"]),
        link_status=await find_service_status(session, service),
        datasets=await list_served_datasets(session, service.id),
        forms=[(form, form.address(f"{PATH}/{service.id}")) for form in RDF],
    )
    page.headers["Vary"] = "Accept, Accept-Language, Cookie"
    return page


def _name_licence(
    description: CatalogueServiceDescription, locale: str
) -> dict[str, Any]:
    """The name of a licence and the address of its text; empty where the source says none."""
    known = LICENCES.get(description.licence)
    if known is not None:
        return {"name": localise(known.name, locale), "url": known.url}
    name = description.licence_name or description.licence_url
    return {"name": name, "url": description.licence_url} if name else {}


routes = [show_services, show_service]
