"""Composition root of the portal's web workers: every address of every domain."""

from litestar import Litestar

from udi.kit import logs
from udi.portal.access import routes as access_routes
from udi.portal.catalogue import api as catalogue_api
from udi.portal.catalogue import pages as catalogue_pages
from udi.portal.catalogue.documentation import routes as documentation
from udi.portal.catalogue.embed import frames as embed_frames
from udi.portal.catalogue.embed import oembed
from udi.portal.catalogue.links import pages as links_pages
from udi.portal.catalogue.open.routes import routes as open_routes
from udi.portal.dataspace import api as dataspace_api
from udi.portal.dataspace import pages as dataspace_pages
from udi.portal.identity import api as identity_api
from udi.portal.identity import me, token_pages
from udi.portal.identity import pages as identity_pages
from udi.portal.nodes import accounts as nodes_accounts
from udi.portal.nodes import api as nodes_api
from udi.portal.nodes import batch as nodes_batch
from udi.portal.nodes import invitations as nodes_joining
from udi.portal.nodes import pages as nodes_pages
from udi.portal.nodes import trials as nodes_trials
from udi.portal.nodes.sources import api as sources_api
from udi.portal.nodes.sources import feeds as sources_feeds
from udi.portal.nodes.sources import origins as sources_origins
from udi.portal.nodes.sources import pages as sources_pages
from udi.portal.nodes.sources import report as sources_report
from udi.portal.notifications import api as notifications_api
from udi.portal.notifications import pages as notifications_pages
from udi.portal.notifications.webhooks import pages as webhooks_pages
from udi.portal.organisations.joining import pages as joining_pages
from udi.portal.organisations.members import pages as members_pages
from udi.portal.organisations.team import pages as team_pages
from udi.portal.projects import api as projects_api
from udi.portal.projects import pages as projects_pages
from udi.portal.projects import team_api
from udi.portal.projects.calls.routes import routes as call_routes
from udi.portal.projects.data_requests import api as data_request_api
from udi.portal.projects.data_requests import decision_pages as data_request_decisions
from udi.portal.projects.data_requests import pages as data_request_pages
from udi.portal.projects.suggestions import pages as suggestion_pages
from udi.portal.site import build_site
from udi.portal.tenants import pages as tenants_pages
from udi.portal.tenants.budgets import count_write
from udi.settings import get_settings
from udi.ui import login
from udi.ui.head_requests import HeadMiddleware
from udi.ui.site import Site, create_app, freeze_loaded_objects

HANDLERS = [
    *tenants_pages.routes,
    *login.routes,
    *identity_api.routes,
    *identity_pages.routes,
    *token_pages.routes,
    *me.routes,
    *catalogue_pages.routes,
    *links_pages.routes,
    *catalogue_api.routes,
    *documentation.routes,
    *open_routes,
    *embed_frames.routes,
    *oembed.routes,
    *nodes_api.routes,
    *nodes_accounts.routes,
    *nodes_batch.routes,
    *nodes_pages.routes,
    *nodes_joining.routes,
    *nodes_trials.routes,
    *sources_pages.routes,
    *sources_api.routes,
    *sources_report.routes,
    *sources_feeds.routes,
    *sources_origins.routes,
    *notifications_api.routes,
    *notifications_pages.routes,
    *webhooks_pages.routes,
    *joining_pages.routes,
    *members_pages.routes,
    *team_pages.routes,
    *projects_pages.routes,
    *projects_api.routes,
    *team_api.routes,
    *call_routes,
    *data_request_pages.routes,
    *data_request_decisions.routes,
    *data_request_api.routes,
    *suggestion_pages.routes,
    *access_routes.routes,
    *dataspace_api.routes,
    *dataspace_pages.routes,
]


def create(site: Site | None = None) -> Litestar:
    """The ASGI application; without a site, that of a web worker, which the server gave its own logging."""
    if site is None:
        settings = get_settings()
        logs.configure(settings.log_format)
        return freeze_loaded_objects(create(build_site(settings)))
    app = create_app(site, HANDLERS, guards=[count_write])
    app.asgi_handler = HeadMiddleware(app.asgi_handler)
    return app
