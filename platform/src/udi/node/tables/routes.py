"""The addresses of this domain, and what only web workers have of it."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from udi.node.tables import api, features
from udi.ui.site import Site


def list_routes(_site: Site) -> Sequence[ControllerRouterHandler]:
    """The addresses of tables and of their places."""
    return [*api.routes, *features.routes]
