"""What the worker does for this domain."""

from collections.abc import Awaitable, Sequence

from udi.kit.jobs import BEFORE_JOB
from udi.kit.schedules import Schedule, Schedules
from udi.kit.service_registry import ServiceKey
from udi.portal.catalogue.links.rounds import LinkChecker
from udi.portal.catalogue.search.feed import SearchFeed
from udi.ui.site import Site

SEARCH_FEED = ServiceKey[SearchFeed]("search feed", "catalogue")


def provide_worker_services(site: Site) -> None:
    """What keeps the search indexes, for which jobs wait."""
    feed = SearchFeed(site.database, site.registry, site.settings)
    site.services.provide(SEARCH_FEED, feed)
    site.services.provide(BEFORE_JOB, feed.wait_until_settled)


def list_schedules(site: Site) -> Schedules:
    """Look at links, where the installation looks at them."""
    if site.settings.link_looks_per_hour:
        return [Schedule("check_links", "* * * * *", LinkChecker(site).run)]
    return []


def list_companions(site: Site) -> Sequence[Awaitable[None]]:
    """Keep the search indexes of this machine, which follow the database."""
    return [site.services[SEARCH_FEED].run()]
