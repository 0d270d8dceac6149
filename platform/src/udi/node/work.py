"""Composition root of the node's worker: every job of every domain.

Apart from the web workers' (`app`), which so have nothing of it in memory.
"""

from uuid import UUID

from udi.kit import sessions
from udi.kit.db import Database
from udi.kit.jobs import Handler, Spent, Worker, run_until_stopped
from udi.kit.sealed_column_tasks import reseal_for_ever
from udi.node.agreements import asking, telling
from udi.node.datasets import care as care_jobs
from udi.node.datasets import erasure, removal
from udi.node.datasets import jobs as datasets_jobs
from udi.node.datasets import renewal as figures_jobs
from udi.node.datasets.accounts import AccountAsker
from udi.node.datasets.actions.figures import Publisher
from udi.node.datasets.fetching import fetch_for_ever
from udi.node.datasets.further import visit_for_ever
from udi.node.datasets.intake import jobs as intake_jobs
from udi.node.datasets.intake.refresh import look_for_ever
from udi.node.datasets.leaving import archives
from udi.node.datasets.leaving.build import Builder
from udi.node.datasets.portal import PortalClient
from udi.node.datasets.reminders import remind_for_ever
from udi.node.datasets.sealed_cells import forget_cells_for_ever
from udi.node.datasets.tidying import clear_left, tidy_for_ever
from udi.node.files.snapshot import snapshot_for_ever
from udi.node.files.sweep import sweep_for_ever
from udi.node.identity.models import TABLES
from udi.node.site import build_site
from udi.node.spaces.costs import note_job
from udi.node.tables import api as tables_api
from udi.node.tables.readers import READERS
from udi.node.tables.table import FIND_TABLE
from udi.settings import Settings
from udi.ui.site import Site

SEALED = (TABLES.web_session,)
"""Tables with secrets of others."""
OWN = (fetch_for_ever, visit_for_ever)
"""What the worker of a producer's own node does besides."""


def note_spent(database: Database) -> Spent:
    """What notes the seconds of each heavy job for its space."""

    async def note(tenant: UUID, space: UUID, seconds: float) -> None:
        async with database.session(tenant, role="worker") as session:
            await note_job(session, space, seconds)

    return note


def jobs(site: Site, portal: PortalClient, publisher: Publisher, asker: asking.Asker) -> dict[str, Handler]:
    """What the node's worker does, by name."""
    database, registry, objects = site.database, site.registry, site.parts["objects"]
    settings, forget = site.settings, [site.parts[FIND_TABLE].forget]
    return {
        **datasets_jobs.jobs(database, registry, portal, objects, settings.clamd_socket, settings.schemas),
        **figures_jobs.jobs(registry, publisher),
        **intake_jobs.jobs(site),
        **care_jobs.jobs(site),
        **erasure.jobs(database, objects, forget),
        **removal.jobs(database, objects, forget),
        **asking.jobs(registry, asker),
        **archives.jobs(database, registry, Builder(objects, site.pages)),
    }


async def work(settings: Settings) -> None:
    """Tell the portals, remind, publish figures, renew datasets, pack archives, erase, sweep, forget; until cancelled."""
    site = build_site(settings, pages=False)
    database, registry, objects = site.database, site.registry, site.parts["objects"]
    portal = PortalClient(settings, site.outgoing)
    asker = asking.Asker(database, portal, site.parts["portal_keys"])
    tables, exports = site.parts[FIND_TABLE], site.parts[tables_api.EXPORTS]
    publisher = Publisher(database, objects, site.pages.gettext)
    try:
        await run_until_stopped(
            Worker(database, jobs(site, portal, publisher, asker), spent=note_spent(database)),
            figures_jobs.renew_for_ever(registry, publisher),
            remind_for_ever(site),
            snapshot_for_ever(database, registry, objects),
            archives.expire_for_ever(database, registry, objects),
            tidy_for_ever(tables.make_room, exports.clear, clear_left),
            forget_cells_for_ever(database, registry, tables),
            sweep_for_ever(database, registry, objects),
            look_for_ever(site),
            asking.ask_for_ever(asker, registry),
            asking.forget_for_ever(database, registry),
            telling.tell_for_ever(database, registry, portal),
            sessions.sweep(database, registry, TABLES),
            reseal_for_ever(database, registry, SEALED),
            AccountAsker(database, registry, portal, settings.issuer).run(),
            *([speak(database, registry, portal) for speak in OWN] if settings.own_node else []),
        )
    finally:
        await site.parts[READERS].close()
        await site.outgoing.close()
        await database.close()
