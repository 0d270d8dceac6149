"""Composition root of the node's worker: every job of every domain.

Apart from the web workers' (`app`), which so have nothing of it in memory.
"""

from uuid import UUID

from udi.kit import sessions
from udi.kit.db import Database
from udi.kit.jobs import Handler, HeavyJobListener, Worker, run_until_stopped
from udi.kit.sealed_column_tasks import reseal_periodically
from udi.node.agreements import portal_sync, use_reports
from udi.node.datasets import tasks as datasets_jobs
from udi.node.datasets.actions.figures import FiguresPublisher
from udi.node.datasets.exchange.accounts import AccountSync
from udi.node.datasets.exchange.portal import PORTAL_KEYS, PortalClient
from udi.node.datasets.exchange.portal_reports import fetch_reports_periodically
from udi.node.datasets.exchange.portal_sync import synchronise_portals_periodically
from udi.node.datasets.intake import tasks as intake_jobs
from udi.node.datasets.intake.refresh import queue_checks_periodically
from udi.node.datasets.space_export import tasks
from udi.node.datasets.space_export.builder import ArchiveBuilder
from udi.node.datasets.upkeep import erasure_tasks, removal_tasks
from udi.node.datasets.upkeep import figures_tasks as figures_jobs
from udi.node.datasets.upkeep import producer_tasks as care_jobs
from udi.node.datasets.upkeep.cleanup import clean_up_periodically, remove_leftovers
from udi.node.datasets.upkeep.reminders import queue_reminders_periodically
from udi.node.datasets.versions.sealed_cells import forget_cells_periodically
from udi.node.datasets.versions.tables import DATASET_TABLES
from udi.node.files.sealing_store import OBJECTS
from udi.node.files.storage_snapshot import take_snapshots_periodically
from udi.node.files.sweep import sweep_periodically
from udi.node.identity.models import TABLES
from udi.node.site import build_site
from udi.node.spaces.costs import note_job
from udi.node.tables import api as tables_api
from udi.settings import Settings
from udi.ui.site import Site

SEALED = (TABLES.web_session,)
"""Tables with secrets of others."""
OWN = (fetch_reports_periodically, synchronise_portals_periodically)
"""What the worker of a producer's own node does besides."""


def record_job_seconds(database: Database) -> HeavyJobListener:
    """What notes the seconds of each heavy job for its space."""

    async def note(tenant: UUID, space: UUID, seconds: float) -> None:
        async with database.session(tenant, role="worker") as session:
            await note_job(session, space, seconds)

    return note


def task_handlers(
    site: Site,
    portal: PortalClient,
    publisher: FiguresPublisher,
    asker: portal_sync.AgreementSync,
) -> dict[str, Handler]:
    """What the node's worker does, by name."""
    database = site.database
    registry = site.registry
    objects = site.services[OBJECTS]
    settings = site.settings
    forget = [site.services[DATASET_TABLES].forget_dataset]
    return {
        **datasets_jobs.task_handlers(
            database, registry, portal, objects, settings.clamd_socket, settings.schemas
        ),
        **figures_jobs.task_handlers(registry, publisher),
        **intake_jobs.task_handlers(site),
        **care_jobs.task_handlers(site),
        **erasure_tasks.task_handlers(database, objects, forget),
        **removal_tasks.task_handlers(database, objects, forget),
        **portal_sync.task_handlers(registry, asker),
        **tasks.task_handlers(database, registry, ArchiveBuilder(objects, site.pages)),
    }


async def work(settings: Settings) -> None:
    """Tell the portals, remind, publish figures, renew datasets, pack archives, erase, sweep, forget; until cancelled."""
    site = build_site(settings, pages=False)
    database = site.database
    registry = site.registry
    objects = site.services[OBJECTS]
    portal = PortalClient(settings, site.outgoing)
    asker = portal_sync.AgreementSync(database, portal, site.services[PORTAL_KEYS])
    tables = site.services[DATASET_TABLES]
    exports = site.services[tables_api.EXPORTS]
    publisher = FiguresPublisher(database, objects, site.pages.gettext)
    try:
        await run_until_stopped(
            Worker(
                database,
                task_handlers(site, portal, publisher, asker),
                spent=record_job_seconds(database),
            ),
            figures_jobs.renew_figures_periodically(registry, publisher),
            queue_reminders_periodically(site),
            take_snapshots_periodically(database, registry, objects),
            tasks.delete_expired_archives_periodically(database, registry, objects),
            clean_up_periodically(
                tables.remove_old_copies, exports.clear, remove_leftovers
            ),
            forget_cells_periodically(database, registry, tables),
            sweep_periodically(database, registry, objects),
            queue_checks_periodically(site),
            portal_sync.sync_periodically(asker, registry),
            portal_sync.delete_old_uses_periodically(database, registry),
            use_reports.report_uses_periodically(database, registry, portal),
            sessions.delete_expired_periodically(database, registry, TABLES),
            reseal_periodically(database, registry, SEALED),
            AccountSync(database, registry, portal, settings.issuer).run(),
            *(
                [speak(database, registry, portal) for speak in OWN]
                if settings.own_node
                else []
            ),
        )
    finally:
        await site.services.close()
        await site.outgoing.close()
        await database.close()
