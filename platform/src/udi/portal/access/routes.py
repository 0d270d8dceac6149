"""The addresses of access, and what only web workers have of it."""

from udi.portal.access.access_summary import summarise_access
from udi.portal.access.agreements import (
    api,
    credentials_api,
    key_api,
    own_api,
    project_pages,
)
from udi.portal.access.agreements import pages as agreements
from udi.portal.access.agreements.encryption import find_encryption_key
from udi.portal.access.policies import api as policies_api
from udi.portal.access.policies import odrl_pages
from udi.portal.access.policies import pages as policies
from udi.portal.access.requests import api as requests_api
from udi.portal.access.requests import (
    case_pages,
    document_api,
    renewal_api,
    renewal_pages,
)
from udi.portal.access.requests import pages as requests
from udi.portal.catalogue.dataset_page.access_sections import SUMMARISE_ACCESS
from udi.portal.nodes.encryption import FIND_KEY
from udi.ui.dependencies import Routes
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import Site

routes: Routes = [
    *policies.routes,
    *odrl_pages.routes,
    *policies_api.routes,
    *requests.routes,
    *case_pages.routes,
    *renewal_pages.routes,
    *requests_api.routes,
    *agreements.routes,
    *api.routes,
    *own_api.routes,
    *credentials_api.routes,
    *key_api.routes,
    *document_api.routes,
    *renewal_api.routes,
    *project_pages.routes,
]


def list_routes(_site: Site) -> Routes:
    """The addresses."""
    return routes


def provide_web_services(site: Site) -> None:
    """What the catalogue and nodes ask of access, and where pages lead."""
    services = site.services
    services.provide(SUMMARISE_ACCESS, summarise_access)
    services.provide(FIND_KEY, find_encryption_key)
    services.contribute(
        PAGE_ADDRESSES, ("access", "/access-requests"), ("agreements", "/agreements")
    )
