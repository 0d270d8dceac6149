"""The addresses of this domain, and what only web workers have of it."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from udi.ui import login
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import Site


def list_routes(_site: Site) -> Sequence[ControllerRouterHandler]:
    """The addresses of the login."""
    return login.routes


def provide_web_services(site: Site) -> None:
    """Where pages lead to somebody's own."""
    site.services.contribute(PAGE_ADDRESSES, ("my_space", "/"))
