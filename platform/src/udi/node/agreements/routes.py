"""The addresses of this domain, and what only web workers have of it."""

from udi.node.agreements import api, consent_pages, pages
from udi.node.agreements.metrics import measure_agreements
from udi.ui.dependencies import Routes
from udi.ui.metrics import MEASURES
from udi.ui.site import Site


def list_routes(_site: Site) -> Routes:
    """The addresses."""
    return [*api.routes, *pages.routes, *consent_pages.routes]


def provide_web_services(site: Site) -> None:
    """Measures."""
    site.services.contribute(MEASURES, measure_agreements)
