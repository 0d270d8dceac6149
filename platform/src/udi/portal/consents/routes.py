"""The addresses of this domain, and what only web workers have of it."""

from udi.portal.consents import api, withdrawal_api
from udi.portal.consents.pages import consent_pages, frames, notice_pages, own_pages
from udi.ui.dependencies import Routes
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import Site


def list_routes(_site: Site) -> Routes:
    """The addresses of notices, of the question, of what a person lends."""
    return [
        *notice_pages.routes,
        *consent_pages.routes,
        *own_pages.routes,
        *frames.routes,
        *api.routes,
        *withdrawal_api.routes,
    ]


def provide_web_services(site: Site) -> None:
    """Where pages lead to what a person lends."""
    site.services.contribute(PAGE_ADDRESSES, ("my_data_consents", own_pages.CONSENTS))
