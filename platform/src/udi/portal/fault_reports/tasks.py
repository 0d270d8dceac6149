"""What the worker does for reports of faults: mails, the team told of what nobody answers, reporters erased."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.jobs import Handlers, Job
from udi.kit.schedules import Schedule, Schedules, run_sessions
from udi.kit.tenancy import Territory
from udi.portal.fault_reports.actions import (
    SEND_REPORT_EMAIL,
    erase_reporters,
    escalate_late_reports,
)
from udi.portal.fault_reports.emails import write_email
from udi.portal.fault_reports.queries import FaultReportCase, find_case
from udi.portal.fault_reports.tokens import follow_path
from udi.portal.fault_reports.transitions import ANSWERED, FaultReportState
from udi.ui.emails import EmailRecipient, person_recipient, team_recipient
from udi.ui.site import Site

TO_REPORTER = "answered"
TO_TEAM = "escalated"


def task_handlers(site: Site) -> Handlers:
    """The handlers, by name; those of a closed territory wait."""

    async def send(job: Job) -> None:
        territory = await site.registry.get_served(job.tenant)
        await send_notification(site, territory, job.payload)

    return {SEND_REPORT_EMAIL: send}


async def send_notification(
    site: Site, territory: Territory, payload: Mapping[str, str]
) -> None:
    """Tell one address of what happened to a report, unless it is past.

    Raises:
        EmailError: the relay did not take it; it is tried again.
    """
    what = payload["what"]
    async with site.database.session(territory.id, role="worker") as session:
        case = await find_case(session, UUID(payload["report"]))
    if case is None or not _is_due(case, what):
        return
    recipient = _find_recipient(territory, case, what)
    if recipient.address:
        page = f"/fault-reports/{case.report.id}"
        if what == TO_REPORTER and case.person is None:
            page = follow_path(site.settings, territory, case.report.id)
        mail = write_email(site, territory, case, what, recipient, page)
        await site.send_email(territory, mail)


def _is_due(case: FaultReportCase, what: str) -> bool:
    if what == TO_REPORTER:
        return case.report.state in ANSWERED
    return case.report.state == FaultReportState.SUBMITTED


def _find_recipient(
    territory: Territory, case: FaultReportCase, what: str
) -> EmailRecipient:
    """To whom; an empty address where nobody is to be told."""
    report = case.report
    if what == TO_TEAM:
        return team_recipient(territory)
    if what == TO_REPORTER and case.person:
        return person_recipient(territory, case.person, report.language)
    if what == TO_REPORTER:
        return EmailRecipient(report.email, report.language, report.name)
    return EmailRecipient(case.steward.email, territory.languages[0])


def list_schedules(site: Site) -> Schedules:
    """Look at every territory once an hour: what is late goes to the team, what is past its time is erased."""

    async def check(session: AsyncSession, _: Territory) -> None:
        await escalate_late_reports(session)
        await erase_reporters(session)

    run = run_sessions(site.database, site.registry, check)
    return [Schedule("check_fault_reports", "44 * * * *", run)]
