"""What this domain provides to the others, and contributes to them."""

from udi.portal.identity.deletion.handovers import HANDOVERS
from udi.portal.identity.departures import DEPARTURES
from udi.portal.identity.inbox import INBOX
from udi.portal.organisations import inbox
from udi.portal.organisations.members.departures import cancel_invitations
from udi.portal.organisations.members.handovers import list_handovers
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """What ends when somebody leaves, and what waits for people."""
    site.services.contribute(DEPARTURES, cancel_invitations)
    site.services.contribute(HANDOVERS, list_handovers)
    site.services.contribute(
        INBOX,
        inbox.list_waiting_applications,
        inbox.list_waiting_members,
        inbox.list_waiting_invitations,
    )
