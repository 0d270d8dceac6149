"""What this domain contributes to the others."""

from udi.portal.identity.inbox import INBOX
from udi.portal.selfdata.inbox import list_unstated_registers
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """What waits for people."""
    site.services.contribute(INBOX, list_unstated_registers)
