"""What this domain provides to the others."""

from udi.ui.maps.grounds import GROUNDS, GroundDrawer
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """What maps stand on."""
    database = site.database.clone()
    site.services.provide(GROUNDS, GroundDrawer(database), close=database.close)
