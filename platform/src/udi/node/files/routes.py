"""The addresses of this domain, and what only web workers have of it."""

from udi.node.files.delivery import base_map, downloads
from udi.node.files.restricted import NotGrantedError, RestrictedError, on_restricted
from udi.ui.dependencies import Routes
from udi.ui.site import REFUSALS, Site


def list_routes(_site: Site) -> Routes:
    """The addresses of files, and of the base map that maps lie on."""
    return [*downloads.routes, *base_map.routes]


def provide_web_services(site: Site) -> None:
    """How a refusal to read restricted data is answered."""
    site.services.contribute(
        REFUSALS, (RestrictedError, on_restricted), (NotGrantedError, on_restricted)
    )
