"""What an archive holds of registers: all of it."""

from udi.kit.rows import ArchivedTable
from udi.portal.selfdata.models import ProcessingEntry, ProcessingStatement

CARRIED = (ArchivedTable(ProcessingStatement), ArchivedTable(ProcessingEntry))
LEFT_OUT = ()
