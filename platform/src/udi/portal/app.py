"""The web workers of the portal."""

from litestar import Litestar

from udi.kit import logs
from udi.portal.site import build_site
from udi.settings import get_settings
from udi.ui.head_requests import HeadMiddleware
from udi.ui.site import Site, create_app


def create(site: Site | None = None) -> Litestar:
    """The ASGI application; without a site, that of a web worker, which the server gave its own logging."""
    if site is None:
        settings = get_settings()
        logs.configure_program(settings, "udi-portal")
        return create(build_site(settings))
    app = create_app(site)
    app.asgi_handler = HeadMiddleware(app.asgi_handler)
    return app
