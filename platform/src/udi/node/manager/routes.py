"""The addresses of this domain, and what only web workers have of it."""

from litestar import Router

from udi.kit.errors import UdiError
from udi.node.manager import api, storage
from udi.node.manager.access import on_refusal
from udi.ui.dependencies import Routes
from udi.ui.site import Site


def list_routes(_site: Site) -> Routes:
    """The addresses of RUDI's producer node, which refuse as its client expects."""
    return [
        Router(
            "/",
            route_handlers=[*api.routes, *storage.routes],
            exception_handlers={UdiError: on_refusal},
        )
    ]
