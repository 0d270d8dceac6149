"""The document for programs, and the page that is drawn from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from litestar import Response, Router, get
from litestar.openapi.spec import Tag

from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import Territory
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes
from udi.ui.openapi.document import ADDRESS, PAGE, ApiDocuments, Document
from udi.ui.openapi.view import OperationDescription, list_operations

LONGEST_VALUE = 500
API_DOCUMENTS = ServiceKey[ApiDocuments]("API documents", "ui")


@dataclass(frozen=True)
class ApiPage:
    """How a program presents its API."""

    template: str
    summary: str
    first: Tag
    """The part that the page begins with."""


@dataclass(frozen=True)
class Trial:
    """An operation with the values that somebody typed: the address that it makes."""

    operation: str
    values: dict[str, str]
    address: str
    """Empty while a part of the path is missing."""


def api_routes(page: ApiPage) -> Routes:
    """`/api` and `/api/openapi.json` of a program."""

    @get(ADDRESS)
    async def read_document(
        request: AnyRequest, territory: CurrentTerritory
    ) -> Response[dict[str, Any]]:
        """The OpenAPI document, in the reader's language."""
        headers = {
            "Content-Language": request.scope["state"]["locale"],
            "Cache-Control": "private, max-age=3600",
            "Vary": "Accept-Language, Cookie",
        }
        return Response(
            find_document(request, territory, page),
            media_type="application/json",
            headers=headers,
        )

    @get(PAGE)
    async def show_api(
        request: AnyRequest, territory: CurrentTerritory
    ) -> Response[str]:
        """How to use the API with a program: the operations of one part (`about`), or an introduction."""
        site = request.app.state.site
        document = find_document(request, territory, page)
        tags = document["tags"]
        names = [tag["name"] for tag in tags]
        requested = request.query_params.get("about", "")
        about = requested if requested in names else ""
        if about:
            translate = site.pages.translator(request)
            operations = list_operations(document, about, translate)
        else:
            operations = []
        rendered: Response[str] = site.pages.render(
            request,
            page.template,
            origin=document["servers"][0]["url"],
            address=ADDRESS,
            tags=tags,
            about=about,
            operations=operations,
            trial=read_trial(request, operations),
        )
        return rendered

    return [
        Router(
            "/", route_handlers=[read_document], middleware=[CrossOriginMiddleware()]
        ),
        show_api,
    ]


def find_document(request: AnyRequest, territory: Territory, page: ApiPage) -> Document:
    """The document of a program, as a territory gives it in the reader's language."""
    site = request.app.state.site
    documents: ApiDocuments | None = site.services.find(API_DOCUMENTS)
    if documents is None:
        documents = ApiDocuments(
            request.app, page.summary, page.first, site.pages.gettext
        )
        site.services.provide(API_DOCUMENTS, documents)
    language = request.scope["state"]["locale"]
    return documents.read(territory, language, territory.links[site.program])


def read_trial(
    request: AnyRequest, operations: Sequence[OperationDescription]
) -> Trial | None:
    """What somebody typed to try an operation; None where nobody did."""
    form_values = dict(request.query_params)
    name = form_values.get("try", "")
    operation = next((one for one in operations if one.name == name), None)
    if operation is None:
        return None
    values = {
        parameter.name: form_values.get(parameter.name, "")[:LONGEST_VALUE]
        for parameter in operation.parameters
    }
    return Trial(name, values, write_address(operation, values))


def write_address(operation: OperationDescription, values: dict[str, str]) -> str:
    """The path and query of an operation with these values; empty while a part of the path has none."""
    path = operation.path
    pairs: list[tuple[str, str]] = []
    for parameter in operation.parameters:
        value = values.get(parameter.name, "").strip()
        if parameter.place == "path":
            if not value:
                return ""
            path = path.replace(f"{{{parameter.name}}}", quote(value, safe=""))
        elif value and parameter.place == "query":
            parts = value.split(",") if parameter.is_list else [value]
            pairs += [(parameter.name, part.strip()) for part in parts]
    return f"{path}?{urlencode(pairs)}" if pairs else path
