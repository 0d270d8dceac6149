"""What this domain provides to the others, and contributes to them."""

from udi.kit.keys import SIGNER, Signer
from udi.ui.site import Site


def provide_services(site: Site) -> None:
    """The key with which the portal signs."""
    keys = site.settings.get_secret_path("signing_keys")
    site.services.provide(SIGNER, Signer.from_file(keys))
