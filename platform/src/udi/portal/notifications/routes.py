"""The addresses of this domain, and what only web workers have of it."""

from udi.portal.notifications import api, pages
from udi.portal.notifications.webhooks import pages as webhook_pages
from udi.ui.dependencies import Routes
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import Site


def list_routes(_site: Site) -> Routes:
    """The addresses."""
    return [*api.routes, *pages.routes, *webhook_pages.routes]


def provide_web_services(site: Site) -> None:
    """Where pages lead to what somebody follows."""
    site.services.contribute(PAGE_ADDRESSES, ("following", "/following"))
