"""What this domain provides to the others, and contributes to them."""

from udi.node.spaces.limits import SPACE_LIMITER, SpaceLimiter
from udi.node.spaces.use_counts import USE_COUNTER, UseCounter
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """What counts the uses of spaces, and bounds them."""
    uses = UseCounter(site.database)
    site.services.provide(USE_COUNTER, uses, close=uses.close)
    site.services.provide(SPACE_LIMITER, SpaceLimiter(site.database, site.settings))
