"""What the worker does for this domain."""

from udi.kit.jobs import Handlers
from udi.kit.schedules import Schedules
from udi.portal.projects import tasks
from udi.portal.projects.actions import harvested_reuses
from udi.portal.projects.calls import tasks as call_tasks
from udi.portal.projects.data_requests import tasks as data_request_tasks
from udi.portal.projects.suggestions import tasks as suggestion_tasks
from udi.ui.site import Site


def task_handlers(site: Site) -> Handlers:
    """What is queued of projects, reuses of catalogues of others, calls, data requests and suggestions."""
    return {
        **tasks.task_handlers(site),
        **harvested_reuses.task_handlers(site),
        **call_tasks.task_handlers(site),
        **data_request_tasks.task_handlers(site),
        **suggestion_tasks.task_handlers(site),
    }


def list_schedules(site: Site) -> Schedules:
    """Look at delays of data requests, and suggest."""
    return [
        data_request_tasks.schedule_delay_checks(site),
        suggestion_tasks.schedule_digests(site),
    ]
