"""The document for programs, and the page that is drawn from it."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler

from udi.kit.tenancy import Territory
from udi.portal.catalogue.documentation.document import ADDRESS, build_document
from udi.portal.catalogue.documentation.view import list_operations
from udi.ui.cross_origin import OpenToAll
from udi.ui.site import render, site_of


def _document(request: Request[Any, Any, State], territory: Territory) -> dict[str, Any]:
    site, language = site_of(request), request.scope["state"]["locale"]
    return build_document(territory, site.pages.speaker(request), language, site.parts.get("operations", ()))


@get(ADDRESS)
async def read_document(
    request: Request[Any, Any, State], territory: NamedDependency[Territory]
) -> Response[dict[str, Any]]:
    """The OpenAPI document, in the reader's language."""
    headers = {
        "Content-Language": request.scope["state"]["locale"],
        "Cache-Control": "private, max-age=3600",
        "Vary": "Accept-Language, Cookie",
    }
    return Response(_document(request, territory), media_type="application/json", headers=headers)


@get("/api")
async def show_api(request: Request[Any, Any, State], territory: NamedDependency[Territory]) -> Response[str]:
    """How to read the catalogue with a program."""
    document = _document(request, territory)
    say = site_of(request).pages.speaker(request)
    operations = list_operations(document, say)
    return render(request, "catalogue/api.html", origin=territory.origin, operations=operations, address=ADDRESS)


routes: Sequence[ControllerRouterHandler] = [
    Router("/", route_handlers=[read_document], middleware=[OpenToAll()]),
    show_api,
]
