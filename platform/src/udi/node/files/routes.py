"""The addresses of this domain, and what only web workers have of it."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from udi.node.files import downloads
from udi.node.files.restricted import (
    NotGrantedError,
    RestrictedError,
    on_restricted,
)
from udi.ui.site import REFUSALS, Site


def list_routes(_site: Site) -> Sequence[ControllerRouterHandler]:
    """The addresses of files."""
    return downloads.routes


def provide_web_services(site: Site) -> None:
    """How a refusal to read restricted data is answered."""
    site.services.contribute(
        REFUSALS, (RestrictedError, on_restricted), (NotGrantedError, on_restricted)
    )
