"""The addresses of this domain, and what only web workers have of it."""

from udi.portal.selfdata import api, entry_pages, pages
from udi.ui.dependencies import Routes
from udi.ui.site import Site


def list_routes(_site: Site) -> Routes:
    """The addresses of registers."""
    return [*pages.routes, *entry_pages.routes, *api.routes]


def provide_web_services(_site: Site) -> None:
    """Nothing beyond the addresses."""
