"""What an archive holds of the node's events."""

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.node.audit.models import AuditEvent, JournalLine

CARRIED = (ArchivedTable(AuditEvent),)
LEFT_OUT = (
    ExcludedTable(
        JournalLine,
        "numbers of what a collector reads: where the territory arrives, another chain begins",
    ),
)
