"""The mails about one's own requests: a number and a link. Who was asked, what and how it stands is behind the login."""

from uuid import UUID

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.ui.emails import EmailRecipient
from udi.ui.site import Site

NEWS = "news"
REMINDER = "reminder"


def write_email(
    site: Site,
    territory: Territory,
    what: str,
    recipient: EmailRecipient,
    *,
    request_id: UUID,
    number: str,
    occasion: str,
) -> Email:
    """That something is new, or is still to be done; `occasion` tells one from another."""
    return site.emails.render(
        territory,
        f"selfdata/emails/request-{what}.jinja",
        recipient,
        key=f"subject-request-{request_id}-{what}-{occasion}",
        number=number,
        address=f"{territory.origin}/my-data/requests",
    )
