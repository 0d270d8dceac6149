"""The addresses of this domain, and what only web workers have of it."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from udi.node.agreements import api, pages
from udi.ui.site import Site


def list_routes(_site: Site) -> Sequence[ControllerRouterHandler]:
    """The addresses."""
    return [*api.routes, *pages.routes]
