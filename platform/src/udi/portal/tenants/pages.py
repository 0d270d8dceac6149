"""The installation's own host: which territories it serves. And the logo of a territory."""

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.portal.tenants.models import Tenant
from udi.ui import theme
from udi.ui.site import render, site_of

AnyRequest = Request[Any, Any, State]


async def show_territories(request: AnyRequest) -> Response[str]:
    """The list of territories, on the installation's own host."""
    territories = await site_of(request).registry.list()
    searchable = any(
        territory.search.get("shared") is True for territory in territories
    )
    return render(
        request,
        "tenants/territories.html",
        territories=territories,
        searchable=searchable,
    )


@get("/territories.css")
async def show_territories_css(request: AnyRequest) -> Response[str]:
    """The colours of each territory, for their list."""
    territories = await site_of(request).registry.list()
    css = theme.neutral_style_sheet(
        {territory.slug: territory.theme for territory in territories}
    )
    return Response(
        css, media_type="text/css", headers={"Cache-Control": "public, max-age=300"}
    )


@get("/logo.svg")
async def show_logo(
    session: NamedDependency[AsyncSession], territory: NamedDependency[Territory]
) -> Response[bytes]:
    """The territory's logo, where it has one."""
    content = await session.scalar(select(Tenant.logo).where(Tenant.id == territory.id))
    if content is None:
        raise NotFoundError
    return Response(
        content,
        media_type="image/svg+xml",
        headers={"Cache-Control": "public, max-age=3600"},
    )


routes = [show_territories_css, show_logo]
