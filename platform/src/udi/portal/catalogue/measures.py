"""How fresh the search index of this machine is, for the metrics."""

from udi.portal.catalogue.search.feed import cursor_age
from udi.ui.metrics import Family, Sample
from udi.ui.site import Site


async def measure_index(site: Site) -> list[Family]:
    """Nothing where no index was ever made."""
    age = cursor_age(site.settings)
    samples = [] if age is None else [Sample({}, age)]
    return [Family("udi_search_index_age_seconds", "gauge", "Since the search index was last true.", samples)]
