"""What the worker does for this domain."""

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.schedules import Schedule, Schedules, run_sessions
from udi.kit.sessions import delete_expired_sessions
from udi.kit.tenancy import Territory
from udi.node.datasets.exchange.portal import PORTAL_CLIENT
from udi.node.subject_requests.deadlines.clock import schedule_clock
from udi.node.subject_requests.deadlines.reminders import schedule_reminders
from udi.node.subject_requests.models import TABLES
from udi.node.subject_requests.portal_sync.reports import schedule_reports
from udi.node.subject_requests.portal_sync.withdrawal_reports import (
    schedule_withdrawal_reports,
)
from udi.node.subject_requests.recipients import schedule_notice_reports
from udi.ui.site import Site


def list_schedules(site: Site) -> Schedules:
    """Report requests, have time do what is due, and forget sessions that ended."""
    database = site.database
    registry = site.registry

    async def delete_expired(session: AsyncSession, _: Territory) -> None:
        await delete_expired_sessions(session, TABLES)

    run = run_sessions(database, registry, delete_expired)
    return [
        schedule_reports(database, registry, site.services[PORTAL_CLIENT]),
        schedule_clock(database, registry),
        schedule_reminders(site),
        schedule_notice_reports(database, registry, site.services[PORTAL_CLIENT]),
        schedule_withdrawal_reports(database, registry, site.services[PORTAL_CLIENT]),
        Schedule("delete_expired_readings", "7-59/10 * * * *", run),
    ]
