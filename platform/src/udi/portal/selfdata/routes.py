"""The addresses of this domain, and what only web workers have of it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.catalogue.open.crawlers import SITEMAP
from udi.portal.organisations.queries import list_producers
from udi.portal.selfdata import api, entry_pages, my_data, pages
from udi.portal.selfdata.choice import PATH
from udi.ui.dependencies import AnyRequest, Routes
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import NAVIGATION, Site


def list_routes(_site: Site) -> Routes:
    """The addresses of registers, and of who reads them."""
    return [*pages.routes, *entry_pages.routes, *api.routes, *my_data.routes]


def list_navigation(site: Site, request: AnyRequest) -> list[tuple[str, str]]:
    """The entry of the main menu, where the territory has none of its own: there it chooses itself."""
    territory: Territory | None = request.scope["state"].get("territory")
    if territory is None or territory.site.get("menu"):
        return []
    say = site.pages.translator(request)
    return [(say("My data"), PATH)]


async def list_addresses(
    session: AsyncSession,
) -> Sequence[tuple[str, datetime | None]]:
    """The pages for search engines."""
    producers = await list_producers(session)
    return [
        (PATH, None),
        (my_data.RIGHTS, None),
        *((f"{PATH}/producers/{producer.slug}", None) for producer in producers),
    ]


def provide_web_services(site: Site) -> None:
    """Where pages lead to who holds which personal data."""
    services = site.services
    services.contribute(NAVIGATION, list_navigation)
    services.contribute(SITEMAP, list_addresses)
    services.contribute(
        PAGE_ADDRESSES, ("my_data", PATH), ("my_data_rights", my_data.RIGHTS)
    )
