"""What the worker does for this domain."""

from udi.kit.jobs import Handlers
from udi.portal.organisations.joining import tasks as joining_tasks
from udi.portal.organisations.members import tasks as member_tasks
from udi.portal.organisations.team import tasks as team_tasks
from udi.ui.site import Site


def task_handlers(site: Site) -> Handlers:
    """What is queued of organisations that join, of their members, and of the territory's team."""
    return {
        **joining_tasks.task_handlers(site),
        **member_tasks.task_handlers(site),
        **team_tasks.task_handlers(site),
    }
