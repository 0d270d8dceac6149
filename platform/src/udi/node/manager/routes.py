"""The addresses of this domain, and what only web workers have of it."""

from collections.abc import Sequence

from litestar import Router
from litestar.types import ControllerRouterHandler

from udi.kit.errors import UdiError
from udi.node.manager import api, storage
from udi.node.manager.access import on_refusal
from udi.ui.site import Site


def list_routes(_site: Site) -> Sequence[ControllerRouterHandler]:
    """The addresses of RUDI's producer node, which refuse as its client expects."""
    return [
        Router(
            "/",
            route_handlers=[*api.routes, *storage.routes],
            exception_handlers={UdiError: on_refusal},
        )
    ]
