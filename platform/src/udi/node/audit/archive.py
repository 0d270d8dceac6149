"""What an archive holds of the node's events."""

from udi.kit.rows import Carried
from udi.node.audit.models import AuditEvent

CARRIED = (Carried(AuditEvent),)
LEFT_OUT = ()
