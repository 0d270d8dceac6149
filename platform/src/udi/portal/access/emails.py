"""The mails of access: that something is to be read or done, and where. What people wrote stays behind the login."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zlib import crc32

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.ui.emails import EmailRecipient
from udi.ui.site import Site

RECEIPT = "receipt"
TEMPLATES = {
    "correct": "request-received",
    RECEIPT: "request-receipt",
    "answer": "answer-received",
    "accept": "offer-accepted",
    "withdraw": "request-withdrawn",
    "message": "message-received",
    "question": "question",
    "counter": "offer",
    "grant": "request-granted",
    "refuse": "request-refused",
    "lapse": "request-lapsed",
    "nudge": "reply-due",
    "due": "decision-due",
    "late": "decision-late",
    "suspended": "access-suspended",
    "resumed": "access-resumed",
    "revoked": "access-closed",
    "closed": "access-closed",
    "revoking": "access-closing",
    "given_up": "access-given-up",
    "ended": "agreement-ended",
    "ending": "agreement-ending",
}
"""The template of what happened to a request or an agreement."""


@dataclass(frozen=True)
class AccessEmailContext:
    """What a mail may say: titles, names of organisations, a day, an address of the portal. Nothing else goes in."""

    subject: UUID
    path: str
    dataset: str
    producer: str
    day: datetime


def identify_recipient(recipient: EmailRecipient) -> str:
    """A short name of an address, which does not tell it."""
    return f"{crc32(recipient.address.encode()):08x}"


def write_email(
    site: Site,
    territory: Territory,
    event: str,
    about: AccessEmailContext,
    recipient: EmailRecipient,
    *,
    occasion: str,
) -> Email:
    """One mail to one address; `occasion` tells one event from another of the same kind."""
    return site.emails.render(
        territory,
        f"access/emails/{TEMPLATES[event]}.jinja",
        recipient,
        key=f"access-{about.subject}-{event}-{occasion}-{identify_recipient(recipient)}",
        dataset=about.dataset,
        producer=about.producer,
        day=about.day,
        address=f"{territory.origin}{about.path}",
    )
