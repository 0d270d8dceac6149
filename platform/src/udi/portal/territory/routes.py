"""The addresses of this domain, and what only web workers have of it."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from udi.portal.territory.assessments import ASSESSMENTS, Assessments
from udi.portal.territory.figures import pages as figure_pages
from udi.portal.territory.journal import pages as journal_pages
from udi.portal.territory.producers import pages as producer_pages
from udi.portal.territory.site import look, settings, texts
from udi.portal.territory.site import pages as site_pages
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import Site


def list_routes(_site: Site) -> Sequence[ControllerRouterHandler]:
    """The addresses."""
    return [
        *figure_pages.routes,
        *producer_pages.routes,
        *journal_pages.routes,
        *site_pages.routes,
        *look.routes,
        *settings.routes,
        *texts.routes,
    ]


def provide_web_services(site: Site) -> None:
    """What is read of descriptions, and where the tabs of the team's pages lead."""
    site.services.provide(ASSESSMENTS, Assessments())
    site.services.contribute(
        PAGE_ADDRESSES,
        ("territory", figure_pages.PATH),
        ("territory-producers", producer_pages.PATH),
        ("journal", journal_pages.PATH),
        ("site", site_pages.PATH),
    )
