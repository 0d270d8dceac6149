"""What this domain provides to the others, and contributes to them."""

from udi.portal.catalogue.feeds.topics import catalogue_topics
from udi.portal.catalogue.search.index import SEARCH_INDEXES, SearchIndexes
from udi.portal.notifications.topics import TOPICS
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """The search indexes, and what of the catalogue can be followed."""
    indexes = SearchIndexes(site.settings.index_folder)
    site.services.provide(SEARCH_INDEXES, indexes)
    site.services.contribute(TOPICS, catalogue_topics(indexes))
