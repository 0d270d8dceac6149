"""What the worker does for this domain."""

from collections.abc import Sequence

from udi.kit.schedules import Schedule
from udi.kit.sessions import schedule_expiry
from udi.portal.identity.account_watcher import CRON, create_watcher
from udi.portal.identity.models import TABLES
from udi.ui.site import Site


def list_schedules(site: Site) -> Sequence[Schedule]:
    """Forget sessions that ended, and compare accounts with the identity service."""
    return [
        schedule_expiry(site.database, site.registry, TABLES),
        Schedule("compare_accounts", CRON, create_watcher(site).run),
    ]
