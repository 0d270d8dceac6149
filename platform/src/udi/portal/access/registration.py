"""What this domain contributes to the others."""

from udi.portal.access import inbox
from udi.portal.access.bound_datasets import find_bound_datasets
from udi.portal.access.handovers import list_handovers
from udi.portal.identity.deletion.handovers import HANDOVERS
from udi.portal.identity.inbox import INBOX
from udi.portal.nodes.sources.matches.uses import BOUND_DATASETS
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """What waits for people, what must be handed over, and which datasets keep their page."""
    site.services.contribute(HANDOVERS, list_handovers)
    site.services.contribute(BOUND_DATASETS, find_bound_datasets)
    site.services.contribute(
        INBOX, inbox.list_waiting_requests, inbox.list_ending_agreements
    )
