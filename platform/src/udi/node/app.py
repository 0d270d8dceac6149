"""Composition root of the node: the only module that knows every domain."""

from pathlib import Path
from typing import Any
from uuid import UUID

from litestar import Litestar, Request, Router
from litestar.datastructures import State

from udi import protocol
from udi.kit import logs, sessions
from udi.kit.db import Database
from udi.kit.errors import UdiError
from udi.kit.http import Outgoing
from udi.kit.identity import Actor
from udi.kit.jobs import Spent, Worker, run_until_stopped
from udi.kit.oidc import IdentityService, territory_client
from udi.kit.rates import Rates
from udi.kit.tenancy import Territory
from udi.kit.territories import Registry
from udi.node.agreements import api as agreements_api
from udi.node.agreements import asking
from udi.node.agreements import pages as agreements_pages
from udi.node.agreements.gate import AgreementGate
from udi.node.agreements.waiting import Waiting
from udi.node.datasets import api as datasets_api
from udi.node.datasets import care as care_jobs
from udi.node.datasets import erasure, removal
from udi.node.datasets import jobs as datasets_jobs
from udi.node.datasets import pages as datasets_pages
from udi.node.datasets import renewal as figures_jobs
from udi.node.datasets.actions.figures import Publisher
from udi.node.datasets.fetching import fetch_for_ever
from udi.node.datasets.intake import jobs as intake_jobs
from udi.node.datasets.intake import routes as intake_routes
from udi.node.datasets.intake.refresh import look_for_ever
from udi.node.datasets.leaving import archives
from udi.node.datasets.leaving.build import Builder
from udi.node.datasets.measures import measure_outbox
from udi.node.datasets.pages import catalogue
from udi.node.datasets.portal import PortalClient, PortalKeys
from udi.node.datasets.preparing import warm
from udi.node.datasets.reminders import remind_for_ever
from udi.node.datasets.rooms import routes as room_routes
from udi.node.datasets.tables import Tables
from udi.node.datasets.tidying import clear_left, tidy_for_ever
from udi.node.files import pages as files_pages
from udi.node.files.incoming import Buffers
from udi.node.files.restricted import DERIVE, GATE, NotGrantedError, RestrictedError, on_restricted
from udi.node.files.ring import RingFile
from udi.node.files.sealing import SealingStore
from udi.node.files.snapshot import snapshot_for_ever
from udi.node.files.store import ObjectStore
from udi.node.files.sweep import sweep_for_ever
from udi.node.identity.actions import keep_memberships
from udi.node.identity.models import TABLES
from udi.node.manager import api as manager_api
from udi.node.manager import storage as manager_storage
from udi.node.manager.access import on_refusal
from udi.node.spaces import pages as spaces_pages
from udi.node.spaces.costs import note_job
from udi.node.spaces.counting import Uses
from udi.node.spaces.limits import Limits
from udi.node.spaces.moved import redirect_moved
from udi.node.tables import api as tables_api
from udi.node.tables import features as features_api
from udi.node.tables.answers import Answers
from udi.node.tables.asking import RATES
from udi.node.tables.derived import DerivedFiles
from udi.node.tables.exports import Exports
from udi.node.tables.pool import POOL, Pool, PoolLimits
from udi.node.tables.readers import READERS, Readers
from udi.node.tables.shown import SHOWING, Showing
from udi.node.tables.table import FIND_TABLE
from udi.node.tables.views import VIEWS, Views
from udi.node.territories.models import Tenant
from udi.settings import Settings, get_settings
from udi.ui import login
from udi.ui.site import Site, create_app, settle

HERE = Path(__file__).parent
DOMAINS = ("spaces", "datasets", "tables", "agreements")
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
    if site.settings.own_node:
        return [
            (say("Data"), "/"),
            (say("Publish"), publish if actor else "/login"),
            (say("The portal"), territory.links["portal"]),
        ]
    return [(say("Data"), f"{territory.links['portal']}/data"), (say("Publish"), publish)]


def build_site(settings: Settings, *, pages: bool = True) -> Site:
    """The node's parts, for web workers or (without `pages`) for the worker."""
    database = Database(settings, "node", pages=pages)
    outgoing = Outgoing(settings.private_hosts)
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
        confined=True,
        parts=_parts(settings, database, outgoing),
    )


def _parts(settings: Settings, database: Database, outgoing: Outgoing) -> dict[str, Any]:
    """What the domains share in one process."""
    service, file_keys = IdentityService(settings), RingFile(settings)
    objects = SealingStore.over(settings, database, file_keys)
    return {
        "urls": {"my_space": "/"},
        "sessions": sessions.Sessions(
            database,
            TABLES,
            service,
            lambda territory: territory_client(settings, "node", territory),
            keep_memberships,
        ),
        "objects": objects,
        "file_keys": file_keys,
        "buffers": Buffers(),
        READERS: Readers(warm, schemas=settings.schemas),
        "uses": Uses(database),
        "limits": Limits(database, settings),
        "portal_keys": PortalKeys(outgoing),
        "measures": (measure_outbox,),
        GATE: AgreementGate(database, Waiting(database)),
        **_table_parts(settings, database, objects),
    }


def _table_parts(settings: Settings, database: Database, objects: ObjectStore) -> dict[str, Any]:
    """What finds tables and answers about them, through one pool of children."""
    folder = settings.state / "tables"
    pool, exports = Pool(PoolLimits(places=(str(folder),))), Exports(settings.state / "exports")
    tables, views = Tables(database, objects, folder), Views(exports)
    return {
        FIND_TABLE: tables,
        VIEWS: views,
        DERIVE: DerivedFiles(tables.of_file, views, exports),
        POOL: pool,
        tables_api.ANSWERS: Answers(pool),
        SHOWING: Showing(pool),
        tables_api.EXPORTS: exports,
        RATES: Rates("tables"),
    }


def create(site: Site | None = None) -> Litestar:
    """The ASGI application; without a site, that of a web worker, which the server gave its own logging."""
    if site is None:
        settings = get_settings()
        logs.configure(settings.log_format)
        return settle(create(build_site(settings)))
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
    closed = (
        site.parts["sessions"].service,
        site.parts["uses"],
        site.parts[GATE],
        site.parts[READERS],
        site.parts[tables_api.ANSWERS],
        site.parts[tables_api.EXPORTS],
    )
    refusals: Any = {RestrictedError: on_restricted, NotGrantedError: on_restricted}
    routed = Router("/", route_handlers=handlers, before_request=redirect_moved, exception_handlers=refusals)
    for_rudi = Router(
        "/",
        route_handlers=[*manager_api.routes, *manager_storage.routes],
        before_request=redirect_moved,
        exception_handlers={**refusals, UdiError: on_refusal},
    )
    return create_app(site, [routed, for_rudi], on_shutdown=[part.close for part in closed])


def note_spent(database: Database) -> Spent:
    """What notes the seconds of each heavy job for its space."""

    async def note(tenant: UUID, space: UUID, seconds: float) -> None:
        async with database.session(tenant, role="worker") as session:
            await note_job(session, space, seconds)

    return note


async def work(settings: Settings) -> None:
    """Tell the portals, remind, publish figures, renew datasets, pack archives, erase, sweep, forget; until cancelled."""
    site = build_site(settings, pages=False)
    portal = PortalClient(settings, site.outgoing)
    asker = asking.Asker(site.database, portal, site.parts["portal_keys"])
    tables, exports = site.parts[FIND_TABLE], site.parts[tables_api.EXPORTS]
    publisher = Publisher(site.database, site.parts["objects"], site.pages.gettext)
    handlers = {
        **datasets_jobs.jobs(
            site.database, site.registry, portal, site.parts["objects"], settings.clamd_socket, settings.schemas
        ),
        **figures_jobs.jobs(site.registry, publisher),
        **intake_jobs.jobs(site),
        **care_jobs.jobs(site),
        **erasure.jobs(site.database, site.parts["objects"], [tables.forget]),
        **removal.jobs(site.database, site.parts["objects"], [tables.forget]),
        **asking.jobs(site.registry, asker),
        **archives.jobs(site.database, site.registry, Builder(site.parts["objects"], site.pages)),
    }
    try:
        await run_until_stopped(
            Worker(site.database, handlers, spent=note_spent(site.database)),
            figures_jobs.renew_for_ever(site.registry, publisher),
            remind_for_ever(site),
            snapshot_for_ever(site.database, site.registry, site.parts["objects"]),
            archives.expire_for_ever(site.database, site.registry, site.parts["objects"]),
            tidy_for_ever(tables.make_room, exports.clear, clear_left),
            sweep_for_ever(site.database, site.registry, site.parts["objects"]),
            look_for_ever(site),
            asking.ask_for_ever(asker, site.registry),
            asking.forget_for_ever(site.database, site.registry),
            sessions.sweep(site.database, site.registry, TABLES),
            *([fetch_for_ever(site.database, site.registry, portal)] if settings.own_node else []),
        )
    finally:
        await site.parts[READERS].close()
        await site.outgoing.close()
        await site.database.close()
