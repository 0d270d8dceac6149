"""What the worker does for this domain."""

from functools import partial

from udi.kit.schedules import Schedule, Schedules
from udi.kit.sessions import schedule_expiry
from udi.portal.identity.account_watcher import CRON, create_watcher
from udi.portal.identity.models import TABLES
from udi.portal.identity.provider_grants import review_recent
from udi.ui.site import Site


def list_schedules(site: Site) -> Schedules:
    """Forget sessions that ended, compare accounts with the identity service, review the groups that others give."""
    return [
        schedule_expiry(site.database, site.registry, TABLES),
        Schedule("compare_accounts", CRON, create_watcher(site).run),
        Schedule("review_groups", CRON, partial(review_recent, site)),
    ]
