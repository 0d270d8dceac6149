"""The mails about faults: to producers and the team in the territory's first language, to who reported one in theirs.

None repeats what somebody wrote without an account: a form that is open to all may not write mails of theirs.
"""

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.fault_reports.queries import FaultReportCase
from udi.ui.emails import EmailRecipient
from udi.ui.site import Site


def write_email(
    site: Site,
    territory: Territory,
    case: FaultReportCase,
    what: str,
    recipient: EmailRecipient,
    address: str,
) -> Email:
    """The mail that an event calls for; `address` is the page of the report, for its reader."""
    report = case.report
    return site.emails.render(
        territory,
        f"fault_reports/emails/fault-report-{what}.jinja",
        recipient,
        key=f"fault-report-{report.id}-{what}-{report.revision}",
        title=case.dataset.title_in(recipient.language),
        kind=report.kind,
        state=report.state,
        day=report.due_on,
        answer=report.answer,
        version=report.version,
        producer=case.steward.name,
        address=f"{territory.origin}{address}",
    )
