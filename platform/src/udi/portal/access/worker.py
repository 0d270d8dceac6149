"""What the worker does for this domain."""

from udi.kit.schedules import Schedules
from udi.portal.access.deadlines import schedule_deadlines
from udi.ui.site import Site


def list_schedules(site: Site) -> Schedules:
    """Look at deadlines."""
    return [schedule_deadlines(site)]
