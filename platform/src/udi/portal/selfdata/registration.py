"""What this domain contributes to the others."""

from udi.portal.identity.departures import DEPARTURES
from udi.portal.identity.inbox import INBOX
from udi.portal.selfdata.inbox import list_unstated_registers
from udi.portal.selfdata.punctuality.inbox import list_late
from udi.portal.selfdata.recipients.queries import list_waiting_notices
from udi.portal.selfdata.requests.drafts import delete_drafts
from udi.portal.selfdata.requests.inbox import list_waiting_requests
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """What waits for people, and what ends when somebody leaves."""
    site.services.contribute(DEPARTURES, delete_drafts)
    site.services.contribute(
        INBOX,
        list_unstated_registers,
        list_waiting_requests,
        list_late,
        list_waiting_notices,
    )
