"""The mails about members: an invitation, a request to the administrators, the answer to it."""

from zlib import crc32

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.organisations.members.transitions import MembershipStage
from udi.portal.organisations.models import MembershipEntry, Organisation
from udi.ui.emails import EmailRecipient
from udi.ui.site import Site

TEMPLATES = {
    MembershipStage.INVITED: "invited",
    MembershipStage.REQUESTED: "requested",
    MembershipStage.JOINED: "accepted",
    MembershipStage.REFUSED: "refused",
}
LOGIN_AGAIN = "/login?again=true&back=/my-space"


def write_entry(
    site: Site,
    territory: Territory,
    entry: MembershipEntry,
    organisation: Organisation,
    recipient: EmailRecipient,
    *,
    person: str,
) -> Email:
    """The mail that the present stage calls for; `person` is the name of who asks or invites."""
    stage = MembershipStage(entry.stage)
    return site.emails.render(
        territory,
        f"organisations/emails/membership-{TEMPLATES[stage]}.jinja",
        recipient,
        key=f"entry-{entry.id}-{entry.stage}-{crc32(recipient.address.encode()):08x}",
        organisation=organisation.name,
        contact=organisation.email,
        person=person,
        words=entry.words,
        address=f"{territory.origin}{_path(stage, entry, organisation)}",
    )


def _path(
    stage: MembershipStage, entry: MembershipEntry, organisation: Organisation
) -> str:
    page = f"/my-space/organisations/{organisation.slug}"
    return {
        MembershipStage.INVITED: f"{page}/entries/{entry.id}",
        MembershipStage.REQUESTED: page,
        MembershipStage.JOINED: LOGIN_AGAIN,
        MembershipStage.REFUSED: "/my-space",
    }[stage]
