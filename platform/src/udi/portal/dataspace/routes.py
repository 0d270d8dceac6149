"""The addresses of this domain, and what only web workers have of it."""

from udi.portal.dataspace import api, connector_api, pages
from udi.ui.dependencies import Routes
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import Site


def list_routes(_site: Site) -> Routes:
    """The addresses."""
    return [*api.routes, *connector_api.routes, *pages.routes]


def provide_web_services(site: Site) -> None:
    """Where pages lead."""
    site.services.contribute(PAGE_ADDRESSES, ("data_spaces", "/projects"))
