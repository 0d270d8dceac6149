"""The addresses of this domain, and what only web workers have of it."""

from udi.portal.catalogue.dataset_page.answered_faults import ANSWERED_FAULTS
from udi.portal.fault_reports import answer_pages, api, pages
from udi.portal.fault_reports.queries import ANSWERED_FAULTS_OF_DATASET
from udi.ui.dependencies import Routes
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import Site


def list_routes(_site: Site) -> Routes:
    """The addresses of reports of faults."""
    return [*pages.routes, *answer_pages.routes, *api.routes]


def provide_web_services(site: Site) -> None:
    """What the page of a dataset says of faults, and where pages lead."""
    site.services.provide(ANSWERED_FAULTS, ANSWERED_FAULTS_OF_DATASET)
    site.services.contribute(PAGE_ADDRESSES, ("fault_reports", pages.HOME))
