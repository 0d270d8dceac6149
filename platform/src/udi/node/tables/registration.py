"""What this domain provides to the others, and contributes to them."""

from udi.kit.rates import RateLimiter, TimeLimiter
from udi.node.files.storage.memory import MemoryFolder
from udi.node.tables.api import ANSWERS, EXPORTS
from udi.node.tables.requests import QUERY_TIMES, RATES, QueryTimes
from udi.node.tables.views import VIEWS, TableViews
from udi.tabular.exports.exports import ExportWriter
from udi.tabular.overviews.overview import SHOWING, OverviewReader
from udi.tabular.queries.pool import POOL, PoolLimits, QueryPool
from udi.tabular.queries.query_budget import QUERY_TIME
from udi.tabular.queries.row_pages import RowPageReader
from udi.ui.picture_files import PICTURES, PictureFiles
from udi.ui.site import Site

PEOPLE_TIMES = 5
"""How many times the query time of a passer-by those have who show who they are."""


def provide_services(site: Site) -> None:
    """What answers about tables, through one pool of children."""
    services = site.services
    memory = MemoryFolder.of(site.settings)
    memory.is_available()
    tables = site.settings.state / "tables"
    pool = QueryPool(PoolLimits(places=(str(tables), str(memory.folder))))
    services.provide(POOL, pool, close=pool.close)
    services.provide(ANSWERS, RowPageReader(pool))
    showing = OverviewReader(pool)
    services.provide(SHOWING, showing, close=showing.close)
    services.provide(PICTURES, PictureFiles())
    exports = ExportWriter(site.settings.state / "exports")
    services.provide(EXPORTS, exports, close=exports.close)
    services.provide(VIEWS, TableViews(exports))
    services.provide(RATES, RateLimiter("tables"))
    seconds = site.settings.query_seconds_per_minute
    times = QueryTimes(
        TimeLimiter(QUERY_TIME, seconds),
        TimeLimiter(QUERY_TIME, seconds * PEOPLE_TIMES),
    )
    services.provide(QUERY_TIMES, times)
