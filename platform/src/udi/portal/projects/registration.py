"""What this domain provides to the others, and contributes to them."""

from udi.portal.identity.departures import DEPARTURES
from udi.portal.identity.inbox import INBOX
from udi.portal.projects import inbox
from udi.portal.projects.actions.team import cancel_invitations
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """What ends when somebody leaves, and what waits for people."""
    site.services.contribute(DEPARTURES, cancel_invitations)
    site.services.contribute(
        INBOX,
        inbox.list_waiting_invitations,
        inbox.list_waiting_data_requests,
        inbox.list_waiting_calls,
    )
