"""The addresses of this domain, and what only web workers have of it."""

from udi.portal.identity import api, inbox_pages, me, pages
from udi.portal.identity.credentials import token_pages
from udi.portal.identity.deletion import pages as deletion_pages
from udi.ui import login, own_data_pages
from udi.ui.dependencies import Routes
from udi.ui.header_count import COUNT_FOR_HEADER
from udi.ui.inbox_counts import HeaderCounter
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import Site


def list_routes(_site: Site) -> Routes:
    """The addresses, with those of the login."""
    return [
        *login.routes,
        *api.routes,
        *pages.routes,
        *token_pages.routes,
        *inbox_pages.routes,
        *me.routes,
        *own_data_pages.routes,
        *deletion_pages.routes,
    ]


def provide_web_services(site: Site) -> None:
    """Where pages lead to somebody's own, and the count of what waits for them."""
    site.services.provide(
        COUNT_FOR_HEADER, HeaderCounter(inbox_pages.count_waiting_for).count
    )
    site.services.contribute(
        PAGE_ADDRESSES,
        ("my_space", "/my-space"),
        ("inbox", inbox_pages.INBOX_PATH),
    )
