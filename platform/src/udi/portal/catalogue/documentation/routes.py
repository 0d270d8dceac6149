"""The document for programs, and the page that is drawn from it."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler

from udi.kit.tenancy import Territory
from udi.portal.catalogue.documentation.document import ADDRESS, build_document
from udi.portal.catalogue.documentation.operations import CHAPTERS
from udi.portal.catalogue.documentation.view import list_operations
from udi.portal.catalogue.schemas import BASE
from udi.ui.cross_origin import CrossOriginMiddleware
from udi.ui.site import render, site_of

APART = {"team": "teams", "invitation": "teams", "pictures": "teams"}
"""What stands below the addresses of a domain, and is much: a part of its own, so that each stays light."""
OF_CATALOGUE = ("datasets", "producers")
MINE = ("me", "following")


def _document(
    request: Request[Any, Any, State], territory: Territory
) -> dict[str, Any]:
    site = site_of(request)
    return build_document(
        territory,
        site.pages.translator(request),
        request.scope["state"]["locale"],
        site.services.contributions(CHAPTERS),
    )


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
    return Response(
        _document(request, territory), media_type="application/json", headers=headers
    )


@get("/api")
async def show_api(
    request: Request[Any, Any, State], territory: NamedDependency[Territory]
) -> Response[str]:
    """How to read the catalogue with a program; what other domains add, each on a page of its own (`about`)."""
    document = _document(request, territory)
    parts = dict.fromkeys(part for path in document["paths"] if (part := part_of(path)))
    requested_part = request.query_params.get("about", "")
    about = requested_part if requested_part in parts else ""
    part_paths = {
        path: methods
        for path, methods in document["paths"].items()
        if part_of(path) == about
    }
    operations = list_operations(
        {**document, "paths": part_paths}, site_of(request).pages.translator(request)
    )
    facts: dict[str, Any] = {
        "origin": territory.origin,
        "operations": operations,
        "address": ADDRESS,
    }
    return render(
        request, "catalogue/api.html", parts=list(parts), about=about, **facts
    )


def part_of(path: str) -> str:
    """The name under which the page shows an address; empty for those of the catalogue."""
    name, *below = path.removeprefix(f"{BASE}/").split("/")
    if inside := set(below) & set(APART):
        return APART[inside.pop()]
    if name in MINE:
        return MINE[0]
    if name in OF_CATALOGUE:
        return ""
    return name


routes: Sequence[ControllerRouterHandler] = [
    Router("/", route_handlers=[read_document], middleware=[CrossOriginMiddleware()]),
    show_api,
]
