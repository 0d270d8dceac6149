"""The web workers of the node."""

from litestar import Litestar

from udi.kit import logs
from udi.node.site import build_site
from udi.settings import get_settings
from udi.ui.site import Site, create_app


def create(site: Site | None = None) -> Litestar:
    """The ASGI application; without a site, that of a web worker, which the server gave its own logging."""
    if site is None:
        settings = get_settings()
        logs.configure_program(settings, "udi-node")
        return create(build_site(settings))
    return create_app(site)
