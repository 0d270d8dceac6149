"""What the worker does for this domain."""

from udi.kit.jobs import Handlers
from udi.kit.schedules import Schedules
from udi.portal.consents.changes import task_handlers as change_handlers
from udi.portal.consents.deadlines import schedule_ends
from udi.portal.consents.delivery import task_handlers as delivery_handlers
from udi.portal.consents.reminders import schedule_reminders
from udi.portal.consents.reminders import task_handlers as reminder_handlers
from udi.ui.site import Site


def task_handlers(site: Site) -> Handlers:
    """Tell nodes and projects, end what rests on a wrong notice, and remind people."""
    return {
        **delivery_handlers(site),
        **reminder_handlers(site),
        **change_handlers(site),
    }


def list_schedules(site: Site) -> Schedules:
    """End what is over, and say before that it ends."""
    return [schedule_ends(site), schedule_reminders(site)]
