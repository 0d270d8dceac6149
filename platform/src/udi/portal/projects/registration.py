"""What this domain provides to the others, and contributes to them."""

from udi.portal.identity.departures import DEPARTURES
from udi.portal.identity.inbox import INBOX
from udi.portal.nodes.sources.matches.uses import DATASET_USES
from udi.portal.projects import inbox
from udi.portal.projects.actions.team import cancel_invitations
from udi.portal.projects.dataset_moves import move_dataset_uses
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """What ends when somebody leaves, what waits for people, and what goes on with another dataset."""
    site.services.contribute(DEPARTURES, cancel_invitations)
    site.services.contribute(DATASET_USES, move_dataset_uses)
    site.services.contribute(
        INBOX,
        inbox.list_waiting_invitations,
        inbox.list_waiting_data_requests,
        inbox.list_waiting_calls,
    )
