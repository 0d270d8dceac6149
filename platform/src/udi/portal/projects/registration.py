"""What this domain provides to the others, and contributes to them."""

from udi.portal.identity.departures import DEPARTURES
from udi.portal.projects.actions.team import cancel_invitations
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """What ends when somebody leaves."""
    site.services.contribute(DEPARTURES, cancel_invitations)
