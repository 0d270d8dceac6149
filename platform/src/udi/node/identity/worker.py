"""What the worker does for this domain."""

from collections.abc import Sequence

from udi.kit.schedules import Schedule
from udi.kit.sessions import schedule_expiry
from udi.node.identity.models import TABLES
from udi.ui.site import Site


def list_schedules(site: Site) -> Sequence[Schedule]:
    """Forget sessions that ended."""
    return [schedule_expiry(site.database, site.registry, TABLES)]
