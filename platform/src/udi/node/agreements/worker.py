"""What the worker does for this domain."""

from collections.abc import Awaitable, Sequence

from udi.kit.jobs import Handlers
from udi.kit.schedules import Schedules
from udi.kit.service_registry import ServiceKey
from udi.node.agreements import portal_sync, use_reports
from udi.node.datasets.exchange.portal import PORTAL_CLIENT, PORTAL_KEYS
from udi.ui.site import Site

AGREEMENT_SYNC = ServiceKey[portal_sync.AgreementSync](
    "synchronisation of agreements", "agreements"
)


def provide_worker_services(site: Site) -> None:
    """What asks portals for agreements."""
    services = site.services
    sync = portal_sync.AgreementSync(
        site.database, services[PORTAL_CLIENT], services[PORTAL_KEYS]
    )
    services.provide(AGREEMENT_SYNC, sync)


def task_handlers(site: Site) -> Handlers:
    """Ask for agreements, for readers who wait."""
    return portal_sync.task_handlers(site.registry, site.services[AGREEMENT_SYNC])


def list_schedules(site: Site) -> Schedules:
    """Report uses, and delete old ones."""
    database = site.database
    registry = site.registry
    return [
        portal_sync.schedule_use_deletion(database, registry),
        use_reports.schedule_use_reports(
            database, registry, site.services[PORTAL_CLIENT]
        ),
    ]


def list_companions(site: Site) -> Sequence[Awaitable[None]]:
    """Keep agreements as the portals have them: seconds count, and fewer while a portal does not answer."""
    return [portal_sync.sync_periodically(site.services[AGREEMENT_SYNC], site.registry)]
