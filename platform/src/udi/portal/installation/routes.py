"""The addresses of this domain."""

from litestar import Router
from litestar.di import Provide

from udi.portal.installation import (
    list_pages,
    login_pages,
    start_pages,
    territory_pages,
)
from udi.portal.installation.access import (
    provide_installation_session,
    provide_operator,
)
from udi.ui.dependencies import Routes
from udi.ui.site import Site


def list_routes(_site: Site) -> Routes:
    """The addresses, each for operators alone."""
    return [
        Router(
            "/",
            route_handlers=[
                *list_pages.routes,
                *start_pages.routes,
                *territory_pages.routes,
                *login_pages.routes,
            ],
            dependencies={
                "operator": Provide(provide_operator),
                "installation_session": Provide(provide_installation_session),
            },
        )
    ]
