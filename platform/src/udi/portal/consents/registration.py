"""What this domain contributes to the others."""

from udi.portal.access.agreements.node_messages import (
    RECEIVED_CHANGES,
    SIGNED_CHANGES,
)
from udi.portal.consents.departures import lock_lent, stop_lending
from udi.portal.consents.documents import list_changed_consents, record_receipt
from udi.portal.consents.inbox import list_waiting_notices
from udi.portal.identity.departures import DEPARTURE_LOCKS, DEPARTURES
from udi.portal.identity.inbox import INBOX
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """What waits for people, what ends when they leave, and what nodes are told."""
    services = site.services
    services.contribute(INBOX, list_waiting_notices)
    services.contribute(DEPARTURES, stop_lending)
    services.contribute(DEPARTURE_LOCKS, lock_lent)
    services.contribute(SIGNED_CHANGES, list_changed_consents)
    services.contribute(RECEIVED_CHANGES, record_receipt)
