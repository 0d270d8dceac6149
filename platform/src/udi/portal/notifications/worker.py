"""What the worker does for this domain."""

from udi.kit.schedules import Schedules
from udi.portal.notifications.digests import schedule_digests
from udi.portal.notifications.inbox_digests import schedule_inbox_mails
from udi.portal.notifications.webhooks.dispatch import schedule_dispatch
from udi.ui.site import Site


def list_schedules(site: Site) -> Schedules:
    """Queue digests and lists of what waits, and send what changed to webhooks."""
    return [
        schedule_digests(site),
        schedule_inbox_mails(site),
        schedule_dispatch(site),
    ]
