"""What an archive holds of the organisations."""

from udi.kit.rows import ArchivedTable
from udi.portal.organisations.models import FormerSlug, Organisation

CARRIED = (ArchivedTable(Organisation), ArchivedTable(FormerSlug))
LEFT_OUT = ()
