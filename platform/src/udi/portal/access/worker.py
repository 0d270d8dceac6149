"""What the worker does for this domain."""

from collections.abc import Awaitable, Sequence

from udi.portal.access.deadlines import run_deadline_checks
from udi.ui.site import Site


def list_companions(site: Site) -> Sequence[Awaitable[None]]:
    """Look at deadlines."""
    return [run_deadline_checks(site)]
