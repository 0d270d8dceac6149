"""The mail that invites somebody into the territory's team."""

from zlib import crc32

from udi.kit.emails import Email
from udi.kit.tenancy import Territory
from udi.portal.notifications.emails import translator
from udi.portal.organisations.models import MembershipEntry
from udi.portal.organisations.team.actions import INVITATION_DAYS
from udi.ui.locale import localise
from udi.ui.site import Site

PATH = "/territory/team/invitations"


def write_invitation(
    site: Site, territory: Territory, invitation: MembershipEntry, inviter: str
) -> Email:
    """The mail of an invitation; `inviter` is a name, empty where the operator invites."""
    language = invitation.language
    say = translator(site, language)
    where = localise(territory.name, language)
    if inviter:
        opening = say(
            "%(who)s invites you into the team that runs the data portal of %(where)s.",
            who=inviter,
            where=where,
        )
    else:
        opening = say(
            "You are invited into the team that runs the data portal of %(where)s.",
            where=where,
        )
    paragraphs = [
        say("Good morning,"),
        opening,
        say("The team welcomes producers, answers requests and looks after the site."),
        say(
            "Answer here; if you have no account yet, make one with this mail address: %(address)s",
            address=f"{territory.origin}{PATH}/{invitation.id}",
        ),
        say("The invitation is good for %(days)s days.", days=INVITATION_DAYS),
        say(
            "If you expect nothing of the kind, ignore this mail: nothing happens without your answer."
        ),
        where,
    ]
    version = crc32(str(invitation.expires_at).encode())
    return Email(
        to=invitation.email,
        subject=say("Join the team of %(where)s", where=where),
        text="\n\n".join(paragraphs) + "\n",
        language=language,
        id=f"team-{invitation.id}-{version:08x}",
        sender=site.settings.mail_sender or territory.contact,
        sender_name=where,
        reply_to=territory.contact,
    )
