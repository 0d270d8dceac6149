"""The home page of a territory; on the installation's own host, the territories."""

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.catalogue.cached_responses import (
    BuiltResponse,
    indexes_of,
    open_public_session,
    respond_from_cache,
)
from udi.portal.catalogue.pages.search import allow_script
from udi.portal.catalogue.queries import search_datasets
from udi.portal.catalogue.results import mark_titles
from udi.portal.catalogue.search.criteria import MODIFIED, Criteria
from udi.portal.tenants.pages import show_territories
from udi.protocol.themes import THEMES
from udi.ui.site import render

LATEST = 4


@get("/")
async def show_home(request: Request[Any, Any, State]) -> Response[Any]:
    """What there is, and where to go from here."""
    territory: Territory | None = request.scope["state"].get("territory")
    if territory is None:
        return await show_territories(request)

    async def make() -> BuiltResponse:
        async with open_public_session(request, territory) as session:
            return await _render(request, session, territory)

    return await respond_from_cache(request, territory, make)


async def _render(
    request: Request[Any, Any, State], session: AsyncSession, territory: Territory
) -> BuiltResponse:
    latest = Criteria(sort=MODIFIED, size=LATEST, facets=("producer",))
    page = await search_datasets(session, indexes_of(request), territory.id, latest)
    counted = page.facets.get("theme", {})
    home_page = render(
        request,
        "catalogue/home.html",
        page=page,
        answers=mark_titles(page),
        themes=[
            (theme, counted[code]) for code, theme in THEMES.items() if code in counted
        ],
        open_count=page.facets.get("access", {}).get("public", 0),
        producers=len(page.facets.get("producer", {})),
    )
    return allow_script(request, home_page), page.current


routes = [show_home]
