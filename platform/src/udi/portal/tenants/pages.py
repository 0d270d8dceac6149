"""The installation's own host: which territories it serves. And the icon that a territory gave."""

from litestar import Response, get

from udi.kit.errors import NotFoundError
from udi.portal.tenants.logos import read_logo
from udi.portal.tenants.versions import read_published
from udi.ui import theme
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Session
from udi.ui.site import render, site_of


async def show_territories(request: AnyRequest) -> Response[str]:
    """The list of territories, on the installation's own host."""
    territories = await site_of(request).registry.list_served()
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
    territories = await site_of(request).registry.list_served()
    css = theme.neutral_style_sheet(
        {territory.slug: territory.theme for territory in territories}
    )
    return Response(
        css, media_type="text/css", headers={"Cache-Control": "public, max-age=300"}
    )


@get("/site-icon")
async def show_site_icon(session: Session) -> Response[bytes]:
    """The icon of the territory's own, where it has one."""
    for path in ("icon.svg", "icon.png"):
        content = await read_published(session, path)
        if content is not None:
            icon = read_logo(content)
            return Response(
                icon.content,
                media_type=icon.media_type,
                headers={"Cache-Control": "public, max-age=3600"},
            )
    raise NotFoundError


@get("/card.png")
async def show_card(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[bytes]:
    """The picture that other sites show where an address of the territory is shared: its logo, its name, its colours."""
    language = territory.languages[0]
    picture = await site_of(request).logo_pictures.find_card(territory, language)
    if not picture:
        raise NotFoundError
    return Response(
        picture,
        media_type="image/png",
        headers={
            "Cache-Control": "public, max-age=3600",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )


routes = [show_territories_css, show_site_icon, show_card]
