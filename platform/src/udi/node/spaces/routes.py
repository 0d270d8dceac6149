"""The addresses of this domain, and what only web workers have of it."""

from udi.node.spaces import pages
from udi.node.spaces.redirects import redirect_moved
from udi.ui.dependencies import Routes
from udi.ui.site import BEFORE_REQUEST, Site


def list_routes(site: Site) -> Routes:
    """The front page, which a producer's own node has of its datasets instead."""
    if site.settings.own_node:
        return []
    return pages.routes


def provide_web_services(site: Site) -> None:
    """What moved is answered by its new address."""
    site.services.contribute(BEFORE_REQUEST, redirect_moved)
