"""What the worker does for this domain."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.jobs import Handlers
from udi.kit.schedules import Schedule, run_sessions
from udi.kit.tenancy import Territory
from udi.portal.selfdata.punctuality.publication import publish_figures
from udi.portal.selfdata.recipients.webhooks import task_handlers as recipient_handlers
from udi.portal.selfdata.requests.clock import apply_time
from udi.portal.selfdata.requests.tasks import task_handlers as request_handlers
from udi.ui.site import Site


def task_handlers(site: Site) -> Handlers:
    """Mail people, and tell programs of projects."""
    return {**request_handlers(site), **recipient_handlers(site)}


def list_schedules(site: Site) -> Sequence[Schedule]:
    """Look at what is due each hour; publish figures once a day, so that their moment tells of no request."""

    async def apply(session: AsyncSession, territory: Territory) -> None:
        await apply_time(session, territory, now())

    async def publish(session: AsyncSession, territory: Territory) -> None:
        await publish_figures(session, territory, now())

    return [
        Schedule(
            "apply_subject_request_time",
            "23 * * * *",
            run_sessions(site.database, site.registry, apply),
        ),
        Schedule(
            "publish_punctuality",
            "41 2 * * *",
            run_sessions(site.database, site.registry, publish),
        ),
    ]
