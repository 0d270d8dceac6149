"""Composition root of the node: the only module that knows every domain."""

from pathlib import Path
from typing import Any

from litestar import Litestar, Request
from litestar.datastructures import State

from udi import protocol
from udi.kit import logs, sessions
from udi.kit.db import Database
from udi.kit.http import Outgoing
from udi.kit.identity import Actor
from udi.kit.jobs import Worker, run_until_stopped
from udi.kit.oidc import IdentityService, territory_client
from udi.kit.tenancy import Territory
from udi.kit.territories import Registry
from udi.node.datasets import api as datasets_api
from udi.node.datasets import jobs as datasets_jobs
from udi.node.datasets import pages as datasets_pages
from udi.node.datasets.measures import measure_outbox
from udi.node.datasets.portal import PortalClient, PortalKeys
from udi.node.files import pages as files_pages
from udi.node.files.store import ObjectStore
from udi.node.files.sweep import sweep_for_ever
from udi.node.identity.models import TABLES
from udi.node.spaces import pages as spaces_pages
from udi.node.territories.models import Tenant
from udi.settings import Settings, get_settings
from udi.ui import login
from udi.ui.site import Site, create_app

HERE = Path(__file__).parent
DOMAINS = ("spaces", "datasets")
LOCALES = [Path(protocol.__file__).parent / "locale", HERE / "locale"]


def navigation(site: Site, request: Request[Any, Any, State]) -> list[tuple[str, str]]:
    """The main menu: the portal's data, and where one publishes."""
    state = request.scope["state"]
    territory: Territory | None = state.get("territory")
    actor: Actor | None = state.get("actor")
    if territory is None:
        return []
    say = site.pages.speaker(request)
    spaces = [slug for slug in sorted(actor.memberships) if actor.may_publish(slug)] if actor else []
    publish = f"/spaces/{spaces[0]}" if len(spaces) == 1 else "/"
    return [(say("Data"), f"{territory.links['portal']}/data"), (say("Publish"), publish)]


def build_site(settings: Settings, *, pages: bool = True) -> Site:
    """The node's parts, for web workers or (without `pages`) for the worker."""
    database = Database(settings, "node", pages=pages)
    outgoing = Outgoing(settings.private_hosts)
    service = IdentityService(settings)
    return Site(
        program="node",
        settings=settings,
        database=database,
        registry=Registry(database, Tenant, lambda host: settings.origin("node", host)),
        outgoing=outgoing,
        templates={name: HERE / name / "templates" for name in DOMAINS},
        locales=LOCALES,
        find_actor=login.find_actor,
        navigation=navigation,
        form_targets=(settings.keycloak_url,),
        parts={
            "urls": {"my_space": "/"},
            "sessions": sessions.Sessions(
                database, TABLES, service, lambda territory: territory_client(settings, "node", territory)
            ),
            "objects": ObjectStore.of(settings),
            "portal_keys": PortalKeys(outgoing),
            "measures": (measure_outbox,),
        },
    )


def create(site: Site | None = None) -> Litestar:
    """The ASGI application; without a site, that of a web worker, which the server gave its own logging."""
    if site is None:
        settings = get_settings()
        logs.configure(settings.log_format)
        site = build_site(settings)
    handlers = [
        *login.routes,
        *spaces_pages.routes,
        *datasets_pages.routes,
        *files_pages.routes,
        *datasets_api.routes,
    ]
    return create_app(site, handlers, on_shutdown=[site.parts["sessions"].service.close])


async def work(settings: Settings) -> None:
    """Tell the portals, sweep unfinished uploads, forget old sessions; until cancelled."""
    site = build_site(settings, pages=False)
    portal = PortalClient(settings, site.outgoing)
    try:
        await run_until_stopped(
            Worker(site.database, datasets_jobs.jobs(site.database, site.registry, portal)),
            sweep_for_ever(site.database, site.registry, site.parts["objects"]),
            sessions.sweep(site.database, site.registry, TABLES),
        )
    finally:
        await site.outgoing.close()
        await site.database.close()
