"""What the worker does for this domain."""

from collections.abc import Mapping
from functools import partial

from udi.kit.jobs import Handler
from udi.kit.schedules import Schedule, Schedules
from udi.kit.sessions import schedule_expiry
from udi.portal.identity.account_watcher import CRON, create_watcher
from udi.portal.identity.deletion import tasks as deletion_tasks
from udi.portal.identity.deletion import unused
from udi.portal.identity.identity_services import provider_grants
from udi.portal.identity.identity_services.provider_grants import review_recent
from udi.portal.identity.models import TABLES
from udi.ui.site import Site


def task_handlers(site: Site) -> Mapping[str, Handler]:
    """Review groups that others give, delete accounts."""
    return {**provider_grants.task_handlers(site), **deletion_tasks.task_handlers(site)}


def list_schedules(site: Site) -> Schedules:
    """Forget sessions that ended, compare accounts with the identity service, review groups that others give, and unused accounts."""
    return [
        schedule_expiry(site.database, site.registry, TABLES),
        Schedule("compare_accounts", CRON, create_watcher(site).run),
        Schedule("review_groups", CRON, partial(review_recent, site)),
        Schedule("review_unused_accounts", unused.CRON, unused.create_review(site).run),
    ]
