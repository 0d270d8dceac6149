"""The addresses of this domain, and what only web workers have of it."""

from udi.node.subject_requests import (
    login_pages,
    paper_pages,
    person_pages,
    producer_pages,
)
from udi.ui.dependencies import Routes
from udi.ui.site import Site


def list_routes(site: Site) -> Routes:
    """The addresses; a producer's own node has no client for people who ask yet, and takes none."""
    if site.settings.own_node:
        return []
    return [
        *login_pages.routes,
        *person_pages.routes,
        *producer_pages.routes,
        *paper_pages.routes,
    ]
