"""The mail that invites somebody into the territory's team."""

from zlib import crc32

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.organisations.models import MembershipEntry
from udi.ui.emails import EmailRecipient
from udi.ui.site import Site

PATH = "/territory/team/invitations"


def write_invitation(
    site: Site, territory: Territory, invitation: MembershipEntry, inviter: str
) -> Email:
    """The mail of an invitation; `inviter` is a name, empty where the operator invites."""
    version = crc32(str(invitation.expires_at).encode())
    return site.emails.render(
        territory,
        "organisations/emails/team-invited.jinja",
        EmailRecipient(invitation.email, invitation.language),
        key=f"team-{invitation.id}-{version:08x}",
        inviter=inviter,
        day=invitation.expires_at,
        address=f"{territory.origin}{PATH}/{invitation.id}",
    )
