"""What an archive holds of the catalogue that clients of RUDI keep."""

from udi.kit.rows import ArchivedTable
from udi.node.manager.models import CatalogueObject

CARRIED = (ArchivedTable(CatalogueObject, address_columns=frozenset({"document"})),)
LEFT_OUT = ()
