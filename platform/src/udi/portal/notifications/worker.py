"""What the worker does for this domain."""

from collections.abc import Awaitable, Sequence

from udi.portal.notifications.digests import queue_digests_periodically
from udi.portal.notifications.webhooks.dispatch import dispatch_changes_periodically
from udi.ui.site import Site


def list_companions(site: Site) -> Sequence[Awaitable[None]]:
    """Queue digests, and send what changed to webhooks."""
    return [queue_digests_periodically(site), dispatch_changes_periodically(site)]
