"""The addresses of this domain, and what only web workers have of it."""

from udi.portal.catalogue.dataset_page.origins import FIND_ORIGIN, FIND_PRODUCER_ORIGINS
from udi.portal.nodes import (
    accounts,
    api,
    batch,
    invitations,
    node_inboxes,
    pages,
    places,
    trials,
    uses,
)
from udi.portal.nodes.map_services import pages as map_service_pages
from udi.portal.nodes.map_services.descriptions import MAP_SERVICES, MapServiceReader
from udi.portal.nodes.metrics import measure_key, measure_reports
from udi.portal.nodes.sources import (
    OUTGOING,
    feeds,
    filter_api,
    filter_pages,
    origins,
    report,
)
from udi.portal.nodes.sources import api as sources_api
from udi.portal.nodes.sources import pages as sources_pages
from udi.portal.nodes.sources.losses import api as losses_api
from udi.portal.nodes.sources.losses import pages as losses_pages
from udi.portal.nodes.sources.matches import api as match_api
from udi.portal.nodes.sources.matches import pages as match_pages
from udi.portal.nodes.sources.metrics import measure_sources
from udi.portal.nodes.sources.publishers import api as publisher_api
from udi.portal.nodes.sources.publishers import pages as publisher_pages
from udi.portal.nodes.sources.trial_limits import TRIAL_LIMITS, TrialLimits
from udi.ui.dependencies import Routes
from udi.ui.metrics import MEASURES
from udi.ui.own_data_pages import OTHER_PLACES
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import Site


def list_routes(_site: Site) -> Routes:
    """The addresses of nodes and of sources."""
    return [
        *api.routes,
        *accounts.routes,
        *node_inboxes.routes,
        *uses.routes,
        *batch.routes,
        *pages.routes,
        *invitations.routes,
        *map_service_pages.routes,
        *trials.routes,
        *publisher_pages.routes,
        *filter_pages.routes,
        *match_pages.routes,
        *sources_pages.routes,
        *sources_api.routes,
        *publisher_api.routes,
        *filter_api.routes,
        *match_api.routes,
        *losses_pages.routes,
        *losses_api.routes,
        *report.routes,
        *feeds.routes,
        *origins.routes,
    ]


def provide_web_services(site: Site) -> None:
    """Where a dataset was read, what bounds trials, measures, where else people are known, and where pages lead."""
    services = site.services
    services.provide(FIND_ORIGIN, origins.find_origin)
    services.provide(FIND_PRODUCER_ORIGINS, origins.find_producer_origins)
    services.provide(TRIAL_LIMITS, TrialLimits(site.settings.source_hosts))
    services.provide(OTHER_PLACES, places.list_places)
    map_services = MapServiceReader(services[OUTGOING])
    services.provide(MAP_SERVICES, map_services, close=map_services.close)
    services.contribute(MEASURES, measure_reports, measure_key, measure_sources)
    services.contribute(PAGE_ADDRESSES, ("nodes", "/nodes"), ("sources", trials.HOME))
