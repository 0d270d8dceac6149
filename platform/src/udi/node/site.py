"""What the node is made of, for its web workers (`app`) and its worker (`work`): only these three know every domain."""

from pathlib import Path
from typing import Any

from litestar import Request
from litestar.datastructures import State

from udi import protocol
from udi.kit.call_process import CallProcess, DelegatedClient
from udi.kit.db import Database
from udi.kit.http import OutgoingClient
from udi.kit.identity import Actor
from udi.kit.keyring import FILE_KEYS, KeyringFile
from udi.kit.oidc import IdentityService, territory_client
from udi.kit.rates import RateLimiter
from udi.kit.sessions import SESSIONS, Sessions
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.node.agreements.freshness import AgreementFreshness
from udi.node.agreements.gate import AGREEMENT_GATE, AgreementGate
from udi.node.datasets.exchange.portal import PORTAL_KEYS, PortalKeys
from udi.node.datasets.metrics import measure_outbox
from udi.node.datasets.versions.preparation import preload_imports
from udi.node.datasets.versions.tables import DATASET_TABLES, DatasetTableCache
from udi.node.files.memory import MemoryFolder
from udi.node.files.restricted import DERIVE, GATE
from udi.node.files.sealing_store import OBJECTS, SealingStore
from udi.node.files.upload_stream import UPLOAD_BUFFERS, UploadBuffers
from udi.node.identity.actions import replace_memberships
from udi.node.identity.models import TABLES
from udi.node.spaces.limits import SPACE_LIMITER, SpaceLimiter
from udi.node.spaces.use_counts import USE_COUNTER, UseCounter
from udi.node.tables import api as tables_api
from udi.node.tables.derived_files import DERIVED_FILES, DerivedFiles
from udi.node.tables.finder import FIND_TABLE
from udi.node.tables.requests import RATES
from udi.node.tables.views import VIEWS, TableViews
from udi.node.territories.models import Tenant
from udi.settings import Settings
from udi.tabular.exports.exports import ExportWriter
from udi.tabular.overviews.overview import SHOWING, OverviewReader
from udi.tabular.queries.pool import POOL, PoolLimits, QueryPool
from udi.tabular.queries.readers import READERS, FileReaderPool
from udi.tabular.queries.row_pages import RowPageReader
from udi.ui import login
from udi.ui.metrics import MEASURES
from udi.ui.pages import PAGE_ADDRESSES
from udi.ui.site import Site

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
    say = site.pages.translator(request)
    if actor:
        spaces = [slug for slug in sorted(actor.memberships) if actor.may_publish(slug)]
    else:
        spaces = []
    publish = f"/spaces/{spaces[0]}" if len(spaces) == 1 else "/"
    if site.settings.own_node:
        return [
            (say("Data"), "/"),
            (say("Publish"), publish if actor else "/login"),
            (say("The portal"), territory.links["portal"]),
        ]
    return [
        (say("Data"), f"{territory.links['portal']}/data"),
        (say("Publish"), publish),
    ]


def build_site(settings: Settings, *, pages: bool = True) -> Site:
    """What the node is made of, for web workers or (without `pages`) for the worker."""
    database = Database(settings, "node", pages=pages)
    hosts = settings.private_hosts
    outgoing = DelegatedClient(hosts, CallProcess()) if pages else OutgoingClient(hosts)
    site = Site(
        program="node",
        settings=settings,
        database=database,
        registry=TerritoryRegistry(
            database, Tenant, lambda host: settings.origin("node", host)
        ),
        outgoing=outgoing,
        templates={name: HERE / name / "templates" for name in DOMAINS},
        locales=LOCALES,
        find_actor=login.find_actor,
        navigation=navigation,
        form_targets=(settings.keycloak_url,),
        confined=True,
    )
    _provide_sessions(site)
    _provide_files(site)
    _provide_tables(site)
    site.services.contribute(PAGE_ADDRESSES, ("my_space", "/"))
    site.services.contribute(MEASURES, measure_outbox)
    return site


def _provide_sessions(site: Site) -> None:
    settings = site.settings
    service = IdentityService(settings)
    site.services.provide(
        SESSIONS,
        Sessions(
            site.database,
            TABLES,
            service,
            lambda territory: territory_client(settings, "node", territory),
            replace_memberships,
            settings.second_factor,
        ),
        close=service.close,
    )


def _provide_files(site: Site) -> None:
    services = site.services
    file_keys = services.provide(FILE_KEYS, KeyringFile(site.settings))
    services.provide(
        OBJECTS, SealingStore.from_settings(site.settings, site.database, file_keys)
    )
    services.provide(UPLOAD_BUFFERS, UploadBuffers())
    readers = FileReaderPool(preload_imports, schemas=site.settings.schemas)
    services.provide(READERS, readers, close=readers.close)
    uses = UseCounter(site.database)
    services.provide(USE_COUNTER, uses, close=uses.close)
    services.provide(SPACE_LIMITER, SpaceLimiter(site.database, site.settings))
    services.provide(PORTAL_KEYS, PortalKeys(site.outgoing))
    gate = AgreementGate(site.database, AgreementFreshness(site.database))
    services.provide(AGREEMENT_GATE, gate, close=gate.close)
    services.provide(GATE, gate)


def _provide_tables(site: Site) -> None:
    """What finds tables and answers about them, through one pool of children."""
    services = site.services
    folder = site.settings.state / "tables"
    memory = MemoryFolder.of(site.settings)
    memory.is_available()
    pool = QueryPool(PoolLimits(places=(str(folder), str(memory.folder))))
    services.provide(POOL, pool, close=pool.close)
    services.provide(tables_api.ANSWERS, RowPageReader(pool))
    services.provide(SHOWING, OverviewReader(pool))
    exports = ExportWriter(site.settings.state / "exports")
    services.provide(tables_api.EXPORTS, exports, close=exports.close)
    tables = DatasetTableCache(site.database, services[OBJECTS], folder)
    services.provide(DATASET_TABLES, tables)
    services.provide(FIND_TABLE, tables)
    views = services.provide(VIEWS, TableViews(exports))
    derived_files = DerivedFiles(tables.of_file, views, exports)
    services.provide(DERIVED_FILES, derived_files)
    services.provide(DERIVE, derived_files)
    services.provide(RATES, RateLimiter("tables"))
