"""The home page of a territory; on the installation's own host, the territories."""

from typing import Any

from litestar import Response, get
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import today
from udi.kit.tenancy import Territory
from udi.portal.catalogue.pages.search import allow_script
from udi.portal.catalogue.responses.cached_responses import (
    BuiltResponse,
    indexes_of,
    open_public_session,
    respond_from_cache,
)
from udi.portal.tenants.pages import show_territories
from udi.portal.territory.articles.published import PUBLISHED_SITES, PublishedSite
from udi.portal.territory.home.area_block import read_home_map
from udi.portal.territory.home.blocks import (
    HomeSources,
    fill_blocks,
    list_layout,
    read_catalogue,
    read_chosen,
)
from udi.portal.territory.home.civic_life import CIVIC_LIFE, CivicLife, read_civic_life
from udi.ui.dependencies import AnyRequest
from udi.ui.site import render, site_of


@get("/")
async def show_home(request: AnyRequest) -> Response[Any]:
    """What there is, and where to go from here."""
    territory: Territory | None = request.scope["state"].get("territory")
    if territory is None:
        return await show_territories(request)

    async def read_life() -> CivicLife:
        async with open_public_session(request, territory) as session:
            return await read_civic_life(session)

    life = await site_of(request).services[CIVIC_LIFE].find(territory.id, read_life)

    async def make() -> BuiltResponse:
        async with open_public_session(request, territory) as session:
            sites = site_of(request).services[PUBLISHED_SITES]
            site = await sites.read(session, territory)
            return await render_home(request, session, territory, site, life)

    return await respond_from_cache(request, territory, make, facts=(life,))


async def render_home(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    site: PublishedSite,
    life: CivicLife,
    *,
    preview: bool = False,
) -> BuiltResponse:
    """The page, and whether its rows are as new as the index; a `preview` says that it is not online."""
    layout = list_layout(territory)
    catalogue = await read_catalogue(session, indexes_of(request), territory)
    chosen = await read_chosen(session, layout)
    language = request.scope["state"]["locale"]
    day = today(territory.zone)
    home_map = await read_home_map(request, session, territory, layout)
    sources = HomeSources(catalogue, chosen, life, site, language, day, home_map)
    page = render(
        request,
        "territory/home.html",
        page=catalogue,
        blocks=fill_blocks(layout, sources),
        producers=len(catalogue.facets.get("producer", {})),
        site=site,
        preview=preview,
    )
    return allow_script(request, page), catalogue.current


routes = [show_home]
