"""What this domain contributes to the others."""

from udi.portal.fault_reports.inbox import list_waiting_reports
from udi.portal.identity.inbox import INBOX
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """What waits for people."""
    site.services.contribute(INBOX, list_waiting_reports)
