"""What this domain provides to the others, and contributes to them."""

from udi.kit.keys import SIGNER, Signer
from udi.ui.maps.grounds import GROUNDS, GroundDrawer
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """The key with which the portal signs, and what maps stand on."""
    keys = site.settings.get_secret_path("signing_keys")
    site.services.provide(SIGNER, Signer.from_file(keys))
    database = site.database.clone()
    site.services.provide(GROUNDS, GroundDrawer(database), close=database.close)
