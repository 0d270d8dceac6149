"""Composition root of the portal's worker: every job of every domain.

Apart from the web workers' (`app`), which so have nothing of it in memory.
"""

from collections.abc import Mapping

from udi.kit import sessions
from udi.kit.jobs import Handler, Worker, run_until_stopped
from udi.kit.sealed_column_tasks import reseal_periodically
from udi.portal.access import tasks as access_jobs
from udi.portal.access.deadlines import run_deadline_checks
from udi.portal.catalogue.links.notifications import link_task_handlers
from udi.portal.catalogue.links.rounds import LinkChecker
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.dataspace import tasks as dataspace_jobs
from udi.portal.dataspace.models import Connector
from udi.portal.identity.account_watcher import create_watcher
from udi.portal.identity.models import TABLES
from udi.portal.nodes import tasks as nodes_jobs
from udi.portal.nodes.sources.worker import harvest_periodically
from udi.portal.nodes.spaces import space_task_handlers
from udi.portal.notifications import tasks as notifications_jobs
from udi.portal.notifications.digests import queue_digests_periodically
from udi.portal.notifications.models import Webhook
from udi.portal.notifications.webhooks.dispatch import dispatch_changes_periodically
from udi.portal.organisations.joining import tasks as joining_jobs
from udi.portal.organisations.members import tasks as members_jobs
from udi.portal.organisations.team import tasks as team_jobs
from udi.portal.projects import tasks as projects_jobs
from udi.portal.projects.calls import tasks as calls_jobs
from udi.portal.projects.data_requests import tasks as data_request_jobs
from udi.portal.projects.suggestions import tasks as suggestion_jobs
from udi.portal.site import build_site
from udi.settings import Settings
from udi.ui.site import Site

SEALED = (TABLES.web_session, Webhook, Connector)
"""Tables with secrets of others."""


def task_handlers(site: Site) -> Mapping[str, Handler]:
    """What the portal's worker does, by name."""
    domains = (
        nodes_jobs.task_handlers,
        space_task_handlers,
        link_task_handlers,
        notifications_jobs.task_handlers,
        joining_jobs.task_handlers,
        members_jobs.task_handlers,
        team_jobs.task_handlers,
        projects_jobs.task_handlers,
        calls_jobs.task_handlers,
        data_request_jobs.task_handlers,
        suggestion_jobs.task_handlers,
        access_jobs.task_handlers,
        dataspace_jobs.task_handlers,
    )
    return {
        name: handler for domain in domains for name, handler in domain(site).items()
    }


async def work(settings: Settings) -> None:
    """Send reports, digests and webhooks, keep indexes, look at links, read sources, forget sessions; until cancelled."""
    site = build_site(settings, pages=False)
    feed = SearchFeed(site.database, site.registry, settings)
    try:
        await run_until_stopped(
            Worker(
                site.database, task_handlers(site), give_way=feed.wait_until_settled
            ),
            feed.run(),
            LinkChecker(site).run(),
            queue_digests_periodically(site),
            dispatch_changes_periodically(site),
            harvest_periodically(site),
            data_request_jobs.run_delay_checks(site),
            suggestion_jobs.run_digests(site),
            run_deadline_checks(site),
            sessions.delete_expired_periodically(site.database, site.registry, TABLES),
            reseal_periodically(site.database, site.registry, SEALED),
            create_watcher(site).run(),
        )
    finally:
        await site.services.close()
        await site.outgoing.close()
        await site.database.close()
