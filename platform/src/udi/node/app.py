"""Composition root of the node's web workers: every address of every domain."""

from typing import Any

from litestar import Litestar, Router

from udi.kit import logs
from udi.kit.errors import UdiError
from udi.node.agreements import api as agreements_api
from udi.node.agreements import pages as agreements_pages
from udi.node.datasets import api as datasets_api
from udi.node.datasets import pages as datasets_pages
from udi.node.datasets.exchange.spaces import routes as room_routes
from udi.node.datasets.intake import routes as intake_routes
from udi.node.datasets.pages import catalogue
from udi.node.files import downloads as files_pages
from udi.node.files.restricted import (
    NotGrantedError,
    RestrictedError,
    on_restricted,
)
from udi.node.manager import api as manager_api
from udi.node.manager import storage as manager_storage
from udi.node.manager.access import on_refusal
from udi.node.site import build_site
from udi.node.spaces import pages as spaces_pages
from udi.node.spaces.redirects import redirect_moved
from udi.node.tables import api as tables_api
from udi.node.tables import features as features_api
from udi.settings import get_settings
from udi.ui import login
from udi.ui.site import Site, create_app, freeze_loaded_objects


def create(site: Site | None = None) -> Litestar:
    """The ASGI application; without a site, that of a web worker, which the server gave its own logging."""
    if site is None:
        settings = get_settings()
        logs.configure(settings.log_format)
        return freeze_loaded_objects(create(build_site(settings)))
    handlers = [
        *login.routes,
        *(catalogue.front if site.settings.own_node else spaces_pages.routes),
        *datasets_pages.routes,
        *files_pages.routes,
        *datasets_api.routes,
        *room_routes,
        *intake_routes.routes,
        *tables_api.routes,
        *features_api.routes,
        *agreements_api.routes,
        *agreements_pages.routes,
    ]
    refusals: Any = {RestrictedError: on_restricted, NotGrantedError: on_restricted}
    routed = Router(
        "/",
        route_handlers=handlers,
        before_request=redirect_moved,
        exception_handlers=refusals,
    )
    for_rudi = Router(
        "/",
        route_handlers=[*manager_api.routes, *manager_storage.routes],
        before_request=redirect_moved,
        exception_handlers={**refusals, UdiError: on_refusal},
    )
    return create_app(site, [routed, for_rudi])
