"""What this domain provides to the others, and contributes to them."""

from udi.kit.sealed_column_tasks import SEALED_TABLES
from udi.node.datasets.exchange.portal import PORTAL_KEYS, PortalKeys
from udi.node.datasets.renewal.models import DatasetSource
from udi.node.datasets.versions.preparation import preload_imports
from udi.node.datasets.versions.tables import DATASET_TABLES, DatasetTableCache
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.restricted import DERIVE
from udi.node.tables.api import EXPORTS
from udi.node.tables.derived_files import DERIVED_FILES, DerivedFiles
from udi.node.tables.finder import FIND_TABLE
from udi.node.tables.views import VIEWS
from udi.tabular.queries.readers import READERS, FileReaderPool
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """What reads files, finds tables, derives files of them, and knows the keys of portals."""
    services = site.services
    readers = FileReaderPool(preload_imports, schemas=site.settings.schemas)
    services.provide(READERS, readers, close=readers.close)
    services.provide(PORTAL_KEYS, PortalKeys(site.outgoing))
    folder = site.settings.state / "tables"
    tables = DatasetTableCache(
        site.database, services[OBJECTS], folder, services[EXPORTS]
    )
    services.provide(DATASET_TABLES, tables)
    services.provide(FIND_TABLE, tables)
    derived_files = DerivedFiles(tables.of_file, services[VIEWS], services[EXPORTS])
    services.provide(DERIVED_FILES, derived_files)
    services.provide(DERIVE, derived_files)
    services.contribute(SEALED_TABLES, DatasetSource)
