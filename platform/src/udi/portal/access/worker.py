"""What the worker does for this domain."""

from collections.abc import Sequence

from udi.kit.schedules import Schedule
from udi.portal.access.deadlines import schedule_deadlines
from udi.ui.site import Site


def list_schedules(site: Site) -> Sequence[Schedule]:
    """Look at deadlines."""
    return [schedule_deadlines(site)]
