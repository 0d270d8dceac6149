"""The addresses of this domain, and what only web workers have of it."""

from udi.kit.rates import RateLimiter
from udi.portal.tenants import pages
from udi.portal.tenants.budgets import count_write
from udi.ui.backups import measure_backups
from udi.ui.dependencies import Routes
from udi.ui.metrics import MEASURES
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.rate_limits import API_RATES, ApiRateLimiters
from udi.ui.site import GUARDS, Site

PEOPLE_TIMES = 5
"""How many times what a passer-by may ask of the API a person may, who shows a token."""


def list_routes(_site: Site) -> Routes:
    """The addresses."""
    return pages.routes


def provide_web_services(site: Site) -> None:
    """What bounds the requests of a reader and the writes of a territory."""
    per_minute = site.settings.api_requests_per_minute
    rates = ApiRateLimiters(
        RateLimiter("api", per_minute), RateLimiter("api", per_minute * PEOPLE_TIMES)
    )
    site.services.provide(API_RATES, rates)
    site.services.contribute(GUARDS, count_write)
    site.services.contribute(MEASURES, measure_backups)
    site.services.contribute(
        PAGE_ADDRESSES, ("charter", "/charter"), ("legal", "/legal")
    )
