"""The addresses of this domain, and what only web workers have of it."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from udi.portal.dataspace import api, pages
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import Site


def list_routes(_site: Site) -> Sequence[ControllerRouterHandler]:
    """The addresses."""
    return [*api.routes, *pages.routes]


def provide_web_services(site: Site) -> None:
    """Where pages lead."""
    site.services.contribute(PAGE_ADDRESSES, ("data_spaces", "/projects"))
