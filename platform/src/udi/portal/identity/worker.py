"""What the worker does for this domain."""

from collections.abc import Awaitable, Sequence

from udi.kit import sessions
from udi.portal.identity.account_watcher import create_watcher
from udi.portal.identity.models import TABLES
from udi.ui.site import Site


def list_companions(site: Site) -> Sequence[Awaitable[None]]:
    """Forget sessions that ended, and compare accounts with the identity service."""
    return [
        sessions.delete_expired_periodically(site.database, site.registry, TABLES),
        create_watcher(site).run(),
    ]
