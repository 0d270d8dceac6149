"""What this domain provides to the others, and contributes to them."""

from udi.kit.rates import RateLimiter
from udi.node.files.storage.memory import MemoryFolder
from udi.node.tables.api import ANSWERS, EXPORTS
from udi.node.tables.requests import RATES
from udi.node.tables.views import VIEWS, TableViews
from udi.tabular.exports.exports import ExportWriter
from udi.tabular.overviews.overview import SHOWING, OverviewReader
from udi.tabular.queries.pool import POOL, PoolLimits, QueryPool
from udi.tabular.queries.row_pages import RowPageReader
from udi.ui.picture_files import PICTURES, PictureFiles
from udi.ui.site import Site


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
