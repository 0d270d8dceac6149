"""The addresses of this domain, and what only web workers have of it."""

from udi.portal.catalogue.dataset_page.reuses import USES
from udi.portal.catalogue.open.crawlers import SITEMAP
from udi.portal.identity.pages import SUGGESTING
from udi.portal.projects import api, listing, pages
from udi.portal.projects.calls.routes import routes as call_routes
from udi.portal.projects.data_requests import api as data_request_api
from udi.portal.projects.data_requests import decision_pages
from udi.portal.projects.data_requests import pages as data_request_pages
from udi.portal.projects.suggestions import api as suggestions_api
from udi.portal.projects.suggestions import pages as suggestion_pages
from udi.portal.projects.suggestions.queries import shows_suggestions
from udi.portal.projects.suggestions.tokens import HOME as SUGGESTIONS
from udi.portal.projects.team import team_api
from udi.portal.projects.uses import USES_OF_DATASET
from udi.ui.dependencies import Routes
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import Site


def list_routes(_site: Site) -> Routes:
    """The addresses of projects, calls, data requests and suggestions."""
    return [
        *pages.routes,
        *api.routes,
        *team_api.routes,
        *call_routes,
        *data_request_pages.routes,
        *decision_pages.routes,
        *data_request_api.routes,
        *suggestion_pages.routes,
        *suggestions_api.routes,
    ]


def provide_web_services(site: Site) -> None:
    """What the catalogue and «my space» show of projects, and where pages lead."""
    services = site.services
    services.provide(USES, USES_OF_DATASET)
    services.provide(SUGGESTING, shows_suggestions)
    services.contribute(SITEMAP, listing.list_addresses)
    services.contribute(
        PAGE_ADDRESSES,
        ("projects", listing.PATH),
        ("data_requests", data_request_pages.HOME),
        ("suggestions", SUGGESTIONS),
    )
