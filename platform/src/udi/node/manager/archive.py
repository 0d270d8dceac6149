"""What an archive holds of the catalogue that clients of RUDI keep."""

from udi.kit.rows import Carried
from udi.node.manager.models import CatalogueObject

CARRIED = (Carried(CatalogueObject, addressed=frozenset({"document"})),)
LEFT_OUT = ()
