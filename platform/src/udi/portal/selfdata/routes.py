"""The addresses of this domain, and what only web workers have of it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.catalogue.open.crawlers import SITEMAP
from udi.portal.organisations.queries import list_claimed_producers
from udi.portal.selfdata import (
    api,
    ask_pages,
    entry_pages,
    help_pages,
    my_data,
    pages,
    paper,
)
from udi.portal.selfdata.choice import PATH
from udi.portal.selfdata.punctuality import api as punctuality_api
from udi.portal.selfdata.punctuality import pages as punctuality_pages
from udi.portal.selfdata.recipients import pages as recipient_pages
from udi.portal.selfdata.recipients import report_api as recipient_report_api
from udi.portal.selfdata.requests import pages as request_pages
from udi.portal.selfdata.requests import report_api
from udi.ui.dependencies import AnyRequest, Routes
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import NAVIGATION, Site


def list_routes(_site: Site) -> Routes:
    """The addresses of registers, of who reads them, and of requests about one's own data."""
    return [
        *pages.routes,
        *entry_pages.routes,
        *api.routes,
        *my_data.routes,
        *ask_pages.routes,
        *request_pages.routes,
        *report_api.routes,
        *punctuality_pages.routes,
        *punctuality_api.routes,
        *paper.routes,
        *help_pages.routes,
        *recipient_pages.routes,
        *recipient_report_api.routes,
    ]


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
    producers = await list_claimed_producers(session)
    return [
        (PATH, None),
        (my_data.RIGHTS, None),
        (paper.PATH, None),
        (help_pages.PATH, None),
        *((f"{PATH}/producers/{producer.slug}", None) for producer in producers),
    ]


def provide_web_services(site: Site) -> None:
    """Where pages lead to who holds which personal data."""
    services = site.services
    services.contribute(NAVIGATION, list_navigation)
    services.contribute(SITEMAP, list_addresses)
    services.contribute(
        PAGE_ADDRESSES,
        ("my_data", PATH),
        ("my_data_rights", my_data.RIGHTS),
        ("subject-requests", punctuality_pages.TEAM_PATH),
    )
