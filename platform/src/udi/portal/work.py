"""Composition root of the portal's worker: every job of every domain.

Apart from the web workers' (`app`), which so have nothing of it in memory.
"""

from collections.abc import Mapping

from udi.kit import sessions
from udi.kit.jobs import Handler, Worker, run_until_stopped
from udi.kit.sealed_column_tasks import reseal_for_ever
from udi.portal.access import jobs as access_jobs
from udi.portal.access.sweeping import sweep_for_ever
from udi.portal.catalogue.links.rounds import Rounds
from udi.portal.catalogue.links.telling import link_jobs
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.dataspace import jobs as dataspace_jobs
from udi.portal.dataspace.messages import OUTGOING
from udi.portal.dataspace.models import Connector
from udi.portal.identity.models import TABLES
from udi.portal.identity.watch import watcher
from udi.portal.nodes import jobs as nodes_jobs
from udi.portal.nodes.rooms import rooms
from udi.portal.nodes.sources import OUTGOING as SOURCES_OUTGOING
from udi.portal.nodes.sources.worker import read_for_ever
from udi.portal.notifications import jobs as notifications_jobs
from udi.portal.notifications.digests import digest_for_ever
from udi.portal.notifications.models import Webhook
from udi.portal.notifications.webhooks.spreading import spread_for_ever
from udi.portal.organisations.joining import jobs as joining_jobs
from udi.portal.organisations.members import jobs as members_jobs
from udi.portal.projects import jobs as projects_jobs
from udi.portal.projects.calls import jobs as calls_jobs
from udi.portal.projects.data_requests import jobs as data_request_jobs
from udi.portal.projects.suggestions import jobs as suggestion_jobs
from udi.portal.site import build_site
from udi.settings import Settings
from udi.ui.site import Site

SEALED = (TABLES.web_session, Webhook, Connector)
"""Tables with secrets of others."""


def jobs(site: Site) -> Mapping[str, Handler]:
    """What the portal's worker does, by name."""
    domains = (
        nodes_jobs.jobs,
        rooms,
        link_jobs,
        notifications_jobs.jobs,
        joining_jobs.jobs,
        members_jobs.jobs,
        projects_jobs.jobs,
        calls_jobs.jobs,
        data_request_jobs.jobs,
        suggestion_jobs.jobs,
        access_jobs.jobs,
        dataspace_jobs.jobs,
    )
    return {name: handler for domain in domains for name, handler in domain(site).items()}


async def work(settings: Settings) -> None:
    """Send reports, digests and webhooks, keep indexes, look at links, read sources, forget sessions; until cancelled."""
    site = build_site(settings, pages=False)
    feed = SearchFeed(site.database, site.registry, settings)
    try:
        await run_until_stopped(
            Worker(site.database, jobs(site), give_way=feed.settle),
            feed.run(),
            Rounds(site).run(),
            digest_for_ever(site),
            spread_for_ever(site),
            read_for_ever(site),
            data_request_jobs.look_for_ever(site),
            suggestion_jobs.look_for_ever(site),
            sweep_for_ever(site),
            sessions.sweep(site.database, site.registry, TABLES),
            reseal_for_ever(site.database, site.registry, SEALED),
            watcher(site).run(),
        )
    finally:
        for name in ("webhooks", SOURCES_OUTGOING, OUTGOING):
            await site.parts[name].close()
        await site.outgoing.close()
        await site.database.close()
