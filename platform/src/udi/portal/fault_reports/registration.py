"""What this domain contributes to the others."""

from udi.portal.fault_reports.actions import move_reports
from udi.portal.fault_reports.inbox import list_waiting_reports
from udi.portal.identity.inbox import INBOX
from udi.portal.nodes.sources.matches.uses import DATASET_USES
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """What waits for people, and what goes on with another dataset."""
    site.services.contribute(INBOX, list_waiting_reports)
    site.services.contribute(DATASET_USES, move_reports)
