"""What the worker does for this domain."""

from collections.abc import Awaitable, Sequence

from udi.kit.jobs import Handlers
from udi.kit.schedules import Schedule, Schedules
from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import Territory
from udi.node.datasets import tasks
from udi.node.datasets.actions.figures import FiguresPublisher
from udi.node.datasets.exchange.accounts import CRON, AccountSync
from udi.node.datasets.exchange.inbox import schedule_inbox
from udi.node.datasets.exchange.portal import PORTAL_CLIENT, PortalClient
from udi.node.datasets.exchange.portal_reports import schedule_report_fetches
from udi.node.datasets.exchange.portal_sync import synchronise_portals_periodically
from udi.node.datasets.exchange.uses import schedule_uses
from udi.node.datasets.intake import tasks as intake_tasks
from udi.node.datasets.intake.refresh import schedule_source_checks
from udi.node.datasets.space_export import tasks as export_tasks
from udi.node.datasets.space_export.builder import ArchiveBuilder
from udi.node.datasets.space_export.tasks import schedule_archive_deletion
from udi.node.datasets.upkeep import (
    erasure_tasks,
    figures_tasks,
    producer_tasks,
    removal_tasks,
)
from udi.node.datasets.upkeep.cleanup import remove_leftovers, schedule_cleanup
from udi.node.datasets.upkeep.figures_tasks import schedule_figures
from udi.node.datasets.upkeep.reminders import schedule_reminders
from udi.node.datasets.versions.sealed_cells import schedule_cell_removal
from udi.node.datasets.versions.tables import DATASET_TABLES
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.tables.api import EXPORTS
from udi.ui.person_erasure import FORMER_MEMBER
from udi.ui.personal_rows import read_register
from udi.ui.site import Site

FIGURES_PUBLISHER = ServiceKey[FiguresPublisher]("publisher of figures", "datasets")


def provide_worker_services(site: Site) -> None:
    """The client of portals, and what publishes figures."""
    services = site.services
    services.provide(PORTAL_CLIENT, PortalClient(site.settings, site.outgoing))
    services.provide(
        FIGURES_PUBLISHER,
        FiguresPublisher(site.database, services[OBJECTS], site.pages.gettext),
    )


def task_handlers(site: Site) -> Handlers:
    """Push, fetch, erase, pack archives, publish figures."""
    database = site.database
    registry = site.registry
    objects = site.services[OBJECTS]
    portal = site.services[PORTAL_CLIENT]
    settings = site.settings
    forget = [site.services[DATASET_TABLES].forget_dataset]
    builder = ArchiveBuilder(objects, site.pages)
    return {
        **tasks.task_handlers(
            database, registry, portal, objects, settings.clamd_socket, settings.schemas
        ),
        **figures_tasks.task_handlers(registry, site.services[FIGURES_PUBLISHER]),
        **intake_tasks.task_handlers(site),
        **producer_tasks.task_handlers(site),
        **erasure_tasks.task_handlers(database, objects, forget),
        **removal_tasks.task_handlers(database, objects, forget),
        **export_tasks.task_handlers(database, registry, builder),
    }


def list_schedules(site: Site) -> Schedules:
    """Remind, publish figures, renew datasets, tidy up, compare accounts, tell what waits and uses; an own node fetches reports besides."""
    database = site.database
    registry = site.registry
    objects = site.services[OBJECTS]
    tables = site.services[DATASET_TABLES]
    portal = site.services[PORTAL_CLIENT]
    accounts = create_account_sync(site)
    schedules = [
        schedule_figures(registry, site.services[FIGURES_PUBLISHER]),
        schedule_reminders(site),
        schedule_archive_deletion(database, registry, objects),
        schedule_cleanup(
            tables.remove_old_copies, site.services[EXPORTS].clear, remove_leftovers
        ),
        schedule_cell_removal(database, registry, tables),
        schedule_source_checks(site),
        Schedule("compare_accounts", CRON, accounts.run),
        schedule_inbox(database, registry, portal, site.settings, site.services),
        schedule_uses(database, registry, portal),
    ]
    if site.settings.own_node:
        schedules.append(schedule_report_fetches(database, registry, portal))
    return schedules


def create_account_sync(site: Site) -> AccountSync:
    """What asks the portal about the accounts of people."""

    def name_former(territory: Territory) -> str:
        return site.pages.gettext(territory.languages[0], FORMER_MEMBER)

    return AccountSync(
        site.database,
        site.registry,
        site.services[PORTAL_CLIENT],
        site.settings.issuer,
        read_register(site.domains),
        name_former,
    )


def list_companions(site: Site) -> Sequence[Awaitable[None]]:
    """An own node speaks with each further portal apart, so that none waits for another."""
    if site.settings.own_node:
        portal = site.services[PORTAL_CLIENT]
        return [synchronise_portals_periodically(site.database, site.registry, portal)]
    return []
