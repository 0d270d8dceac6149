"""The addresses of this domain, and what only web workers have of it."""

from udi.ui import login, own_data_pages
from udi.ui.dependencies import Routes
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import Site


def list_routes(_site: Site) -> Routes:
    """The addresses of the login, and of what the node knows of somebody."""
    return [*login.routes, *own_data_pages.routes]


def provide_web_services(site: Site) -> None:
    """Where pages lead to somebody's own."""
    site.services.contribute(PAGE_ADDRESSES, ("my_space", "/"))
