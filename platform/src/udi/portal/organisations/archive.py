"""What an archive holds of the organisations, of those who ask to publish, and of who comes into an organisation."""

from udi.kit.rows import ArchivedTable
from udi.portal.organisations.joining import archive as joining
from udi.portal.organisations.models import FormerSlug, Organisation

CARRIED = (
    ArchivedTable(Organisation),
    ArchivedTable(FormerSlug),
    *joining.CARRIED,
)
LEFT_OUT = ()
