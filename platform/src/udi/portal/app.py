"""Composition root of the portal: the only module that knows every domain."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from litestar import Litestar, Request
from litestar.datastructures import State

from udi import protocol
from udi.kit import logs, sessions
from udi.kit.db import Database
from udi.kit.http import Outgoing
from udi.kit.jobs import Handler, Worker, run_until_stopped
from udi.kit.keys import Signer
from udi.kit.oidc import IdentityService, territory_client
from udi.kit.rates import Rates
from udi.kit.tenancy import Territory
from udi.kit.territories import Registry
from udi.portal.access import jobs as access_jobs
from udi.portal.access import routes as access_routes
from udi.portal.access.documentation import more as access_documentation
from udi.portal.access.policies.opening import find_opening
from udi.portal.access.sweeping import sweep_for_ever
from udi.portal.catalogue import api as catalogue_api
from udi.portal.catalogue import pages as catalogue_pages
from udi.portal.catalogue.documentation import routes as documentation
from udi.portal.catalogue.embed import frames as embed_frames
from udi.portal.catalogue.embed import oembed
from udi.portal.catalogue.links import pages as links_pages
from udi.portal.catalogue.links.rounds import Rounds
from udi.portal.catalogue.links.telling import link_jobs
from udi.portal.catalogue.measures import measure_index, measure_links
from udi.portal.catalogue.open.routes import routes as open_routes
from udi.portal.catalogue.search.cache import AnswerCache
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.catalogue.search.index import SearchIndexes
from udi.portal.catalogue.topics import topics
from udi.portal.identity import actions as people
from udi.portal.identity import api as identity_api
from udi.portal.identity import me, token_pages
from udi.portal.identity import pages as identity_pages
from udi.portal.identity.models import TABLES
from udi.portal.nodes import api as nodes_api
from udi.portal.nodes import batch as nodes_batch
from udi.portal.nodes import jobs as nodes_jobs
from udi.portal.nodes import joining as nodes_joining
from udi.portal.nodes import pages as nodes_pages
from udi.portal.nodes import trials as nodes_trials
from udi.portal.nodes.measures import measure_key, measure_reports
from udi.portal.nodes.rooms import rooms
from udi.portal.nodes.sources import api as sources_api
from udi.portal.nodes.sources import pages as sources_pages
from udi.portal.nodes.sources.worker import read_for_ever
from udi.portal.notifications import api as notifications_api
from udi.portal.notifications import jobs as notifications_jobs
from udi.portal.notifications import pages as notifications_pages
from udi.portal.notifications.digests import digest_for_ever
from udi.portal.notifications.webhooks import pages as webhooks_pages
from udi.portal.notifications.webhooks.spreading import spread_for_ever
from udi.portal.organisations.joining import jobs as joining_jobs
from udi.portal.organisations.joining import pages as joining_pages
from udi.portal.organisations.members import jobs as members_jobs
from udi.portal.organisations.members import pages as members_pages
from udi.portal.organisations.queries import name_organisations
from udi.portal.projects import api as projects_api
from udi.portal.projects import jobs as projects_jobs
from udi.portal.projects import listing as project_lists
from udi.portal.projects import pages as projects_pages
from udi.portal.projects.calls import jobs as calls_jobs
from udi.portal.projects.calls.routes import routes as call_routes
from udi.portal.projects.documentation import more as projects_documentation
from udi.portal.projects.uses import find_uses
from udi.portal.tenants import pages as tenants_pages
from udi.portal.tenants.models import Tenant
from udi.settings import Settings, get_settings
from udi.ui import login
from udi.ui.backups import measure_backups
from udi.ui.heads import HeadAsGet
from udi.ui.readers import API_RATES, ApiRates
from udi.ui.site import Site, create_app, settle

HERE = Path(__file__).parent
DOMAINS = ("tenants", "identity", "notifications", "organisations", "catalogue", "nodes", "projects", "access")
LOCALES = [Path(protocol.__file__).parent / "locale", HERE / "locale", *(HERE / name / "locale" for name in DOMAINS)]
PEOPLE_TIMES = 5
"""How many times what a passer-by may ask of the API a person may, who shows a token."""
URLS = {
    "data": "/data",
    "producers": "/producers",
    "api": "/api",
    "charter": "/charter",
    "legal": "/legal",
    "my_space": "/my-space",
    "following": "/following",
    "nodes": "/nodes",
    "join": joining_pages.HOME,
    **access_routes.URLS,
    "projects": project_lists.PATH,
    "sources": nodes_trials.HOME,
}


HOOKS = {
    "uses": find_uses,
    "operations": [projects_documentation, access_documentation],
    "mapped": project_lists.list_addresses,
    "opening": find_opening,
}
"""What projects and access tell lower domains."""


def navigation(site: Site, request: Request[Any, Any, State]) -> list[tuple[str, str]]:
    """The main menu, which is the same for everyone; nothing on the installation's own host."""
    territory: Territory | None = request.scope["state"].get("territory")
    if territory is None:
        return []
    say = site.pages.speaker(request)
    return [
        (say("Data"), "/data"),
        (say("Projects"), project_lists.PATH),
        (say("Publish"), f"{territory.links['node']}/"),
        (say("Producers"), "/producers"),
    ]


def build_site(settings: Settings, *, pages: bool = True) -> Site:
    """The portal's parts, for web workers or (without `pages`) for the worker."""
    database = Database(settings, "portal", pages=pages)
    service, indexes = IdentityService(settings), SearchIndexes(settings.index_folder)
    return Site(
        program="portal",
        settings=settings,
        database=database,
        registry=Registry(database, Tenant, lambda host: settings.origin("portal", host)),
        outgoing=Outgoing(settings.private_hosts),
        templates={name: HERE / name / "templates" for name in DOMAINS},
        locales=LOCALES,
        find_actor=login.find_actor,
        navigation=navigation,
        form_targets=(settings.keycloak_url,),
        parts={
            "urls": URLS,
            "sessions": sessions.Sessions(
                database,
                TABLES,
                service,
                lambda territory: territory_client(settings, "portal", territory),
                people.keep_memberships,
            ),
            "signer": Signer.from_file(settings.find_secret("signing_keys")),
            "search": indexes,
            "topics": topics(indexes),
            # Anybody may name an address here: those that the operator opens to nodes are not open to it.
            "webhooks": Outgoing(),
            "trials": nodes_trials.Trials(),
            "answers": AnswerCache(settings.answer_cache),
            API_RATES: ApiRates(
                Rates("api", settings.api_requests_per_minute),
                Rates("api", settings.api_requests_per_minute * PEOPLE_TIMES),
            ),
            "name_organisations": name_organisations,
            **HOOKS,
            "measures": (measure_reports, measure_key, measure_index, measure_links, measure_backups),
        },
    )


def create(site: Site | None = None) -> Litestar:
    """The ASGI application; without a site, that of a web worker, which the server gave its own logging."""
    if site is None:
        settings = get_settings()
        logs.configure(settings.log_format)
        return settle(create(build_site(settings)))
    handlers = [
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
        *nodes_batch.routes,
        *nodes_pages.routes,
        *nodes_joining.routes,
        *nodes_trials.routes,
        *sources_pages.routes,
        *sources_api.routes,
        *notifications_api.routes,
        *notifications_pages.routes,
        *webhooks_pages.routes,
        *joining_pages.routes,
        *members_pages.routes,
        *access_routes.routes,
        *projects_pages.routes,
        *projects_api.routes,
        *call_routes,
    ]
    app = create_app(site, handlers, on_shutdown=[site.parts["sessions"].service.close, site.parts["webhooks"].close])
    app.asgi_handler = HeadAsGet(app.asgi_handler)
    return app


def jobs(site: Site) -> Mapping[str, Handler]:
    """What the portal's worker does, by name."""
    domains = (
        nodes_jobs.jobs,
        rooms,
        link_jobs,
        notifications_jobs.jobs,
        joining_jobs.jobs,
        members_jobs.jobs,
        access_jobs.jobs,
        projects_jobs.jobs,
        calls_jobs.jobs,
    )
    return {name: handler for domain in domains for name, handler in domain(site).items()}


async def work(settings: Settings) -> None:
    """Send reports, digests and webhooks, keep indexes, look at links, read sources, forget sessions; until cancelled."""
    site = build_site(settings, pages=False)
    feed = SearchFeed(site.database, site.registry, settings)
    try:
        await run_until_stopped(
            Worker(site.database, jobs(site)),
            feed.run(),
            Rounds(site).run(),
            digest_for_ever(site),
            spread_for_ever(site),
            read_for_ever(site),
            sweep_for_ever(site),
            sessions.sweep(site.database, site.registry, TABLES),
        )
    finally:
        await site.parts["webhooks"].close()
        await site.outgoing.close()
        await site.database.close()
