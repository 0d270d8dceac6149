"""The mails about requests for data: to producers and the team in the territory's first language, to people in theirs."""

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.projects.data_requests.models import DataRequest
from udi.ui.emails import EmailRecipient
from udi.ui.site import Site

FOR_PRODUCER = ("sent", "due")
FOR_TEAM = ("escalated",)
RECEIPT = "receipt"


def write_email(
    site: Site,
    territory: Territory,
    request: DataRequest,
    what: str,
    recipient: EmailRecipient,
    *,
    whom: str,
    producer: str = "",
) -> Email:
    """The mail that an event calls for; `whom` tells mails about one event to several apart."""
    return site.emails.render(
        territory,
        f"projects/emails/data-request-{what}.jinja",
        recipient,
        key=f"data-request-{request.id}-{what}-{request.revision}-{whom}",
        title=request.title,
        producer=producer,
        day=request.promised_on or request.due_on,
        answer=request.answer,
        address=f"{territory.origin}/data-requests/{request.merged_into or request.id}",
    )
