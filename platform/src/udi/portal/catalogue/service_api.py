"""Services of catalogues of others, for programs."""

from typing import Any

from litestar import Response, Router, get
from litestar.serialization import encode_json
from msgspec import Struct

from udi.kit.errors import InvalidError, NotFoundError
from udi.kit.paging import MAX_PAGE_SIZE, PAGE_SIZE
from udi.portal.catalogue.data_services.queries import (
    ServiceFilters,
    UnknownServiceError,
    find_service_status,
    get_service,
    list_served_datasets,
    list_services,
)
from udi.portal.catalogue.data_services.schemas import (
    PATH,
    ServiceDetail,
    ServiceListParameters,
    ServicePage,
    ServicePath,
)
from udi.portal.catalogue.open.query_parameters import QueryParameters
from udi.portal.catalogue.open.responses import Document, Validators, send_document
from udi.portal.catalogue.parameters.query_string import read_pairs
from udi.portal.catalogue.schemas import CATALOGUE
from udi.portal.identity.credentials.bearers import PROGRAMS
from udi.portal.identity.operations import api_operation
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Session
from udi.ui.openapi.operations import ResponseLink

JSON = "application/json"


@get(
    "/",
    **api_operation(
        "listServices",
        tag=CATALOGUE,
        summary="List the services",
        description="Services of catalogues of others that are no dataset: maps and APIs, by title.",
        answer=ServicePage,
        errors=(InvalidError,),
        query=ServiceListParameters,
        links=(ResponseLink("readService", "service_id", "/items/0/id"),),
    ),
)
async def read_services(
    request: AnyRequest, session: Session, territory: CurrentTerritory
) -> Response[Any]:
    """One page of the services."""
    parameters = QueryParameters(read_pairs(request), ("q", "producer", "page", "size"))
    filters = ServiceFilters(
        q=parameters.read_text("q", longest=100),
        producer=parameters.read_text("producer", longest=100),
    )
    number = parameters.read_integer("page", 1, most=10_000)
    size = parameters.read_integer("size", PAGE_SIZE, most=MAX_PAGE_SIZE)
    parameters.check()
    page = await list_services(session, filters, page=number, size=size)
    return _send(request, ServicePage.of(page, filters, territory.origin))


@get(
    "/{service_id:uuid}",
    **api_operation(
        "readService",
        tag=CATALOGUE,
        summary="Read a service",
        description="A service with its address, its documentation, its licence and the datasets that it serves.",
        answer=ServiceDetail,
        errors=(NotFoundError,),
    ),
)
async def read_service(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    service_id: ServicePath,
) -> Response[Any]:
    """One service."""
    service = await get_service(session, service_id)
    if service.withdrawn_at is not None:
        raise UnknownServiceError
    datasets = await list_served_datasets(session, service.id)
    status = await find_service_status(session, service)
    return _send(request, ServiceDetail.of(service, datasets, status, territory.origin))


def _send(request: AnyRequest, content: Struct) -> Response[Any]:
    body = encode_json(content)
    return send_document(request, Document(JSON, lambda: body, Validators((body,)), {}))


routes: Routes = [
    Router(
        PATH,
        route_handlers=[read_services, read_service],
        middleware=[CrossOriginMiddleware()],
        guards=PROGRAMS,
    )
]
