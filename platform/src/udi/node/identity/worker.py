"""What the worker does for this domain."""

from udi.kit.schedules import Schedules
from udi.kit.sessions import schedule_expiry
from udi.node.identity.models import TABLES
from udi.ui.site import Site


def list_schedules(site: Site) -> Schedules:
    """Forget sessions that ended."""
    return [schedule_expiry(site.database, site.registry, TABLES)]
