"""What the archive of a territory holds of notices."""

from udi.kit.rows import ArchivedTable
from udi_notices.models import Notice

CARRIED = (ArchivedTable(Notice),)
LEFT_OUT = ()
