"""What the worker does for this domain."""

from collections.abc import Awaitable, Sequence

from udi.kit.jobs import Handlers
from udi.portal.nodes import tasks
from udi.portal.nodes.sources.matches import uses
from udi.portal.nodes.sources.worker import harvest_periodically
from udi.portal.nodes.spaces import space_task_handlers
from udi.ui.site import Site


def task_handlers(site: Site) -> Handlers:
    """Send reports, and tell nodes of their spaces."""
    return {
        **tasks.task_handlers(site),
        **space_task_handlers(site),
        **uses.task_handlers(site),
    }


def list_companions(site: Site) -> Sequence[Awaitable[None]]:
    """Read sources."""
    return [harvest_periodically(site)]
