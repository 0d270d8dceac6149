"""What an archive holds of reports of faults."""

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.portal.fault_reports.models import FaultReport

CARRIED = (ArchivedTable(FaultReport),)
LEFT_OUT: tuple[ExcludedTable, ...] = ()
