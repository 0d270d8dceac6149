"""What this domain contributes to the others."""

from udi.portal.access import inbox
from udi.portal.access.handovers import list_handovers
from udi.portal.identity.deletion.handovers import HANDOVERS
from udi.portal.identity.inbox import INBOX
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """What waits for people, and what must be handed over."""
    site.services.contribute(HANDOVERS, list_handovers)
    site.services.contribute(
        INBOX, inbox.list_waiting_requests, inbox.list_ending_agreements
    )
