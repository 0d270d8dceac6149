"""What an archive holds of the node's events."""

from udi.kit.rows import ArchivedTable
from udi.node.audit.models import AuditEvent

CARRIED = (ArchivedTable(AuditEvent),)
LEFT_OUT = ()
