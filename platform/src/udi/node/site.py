"""What the node is made of, for its web workers (`app`) and its worker (`work`): only these three know every domain."""

from pathlib import Path
from typing import Any

from litestar import Request
from litestar.datastructures import State

from udi import protocol
from udi.kit import sessions
from udi.kit.call_process import CallProcess, DelegatedClient
from udi.kit.db import Database
from udi.kit.http import OutgoingClient
from udi.kit.identity import Actor
from udi.kit.keyring import KeyringFile
from udi.kit.oidc import IdentityService, territory_client
from udi.kit.rates import RateLimiter
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.node.agreements.freshness import AgreementFreshness
from udi.node.agreements.gate import AgreementGate
from udi.node.datasets.exchange.portal import PortalKeys
from udi.node.datasets.metrics import measure_outbox
from udi.node.datasets.versions.preparation import preload_imports
from udi.node.datasets.versions.tables import DatasetTableCache
from udi.node.files.memory import MemoryFolder
from udi.node.files.restricted import DERIVE, GATE
from udi.node.files.sealing_store import SealingStore
from udi.node.files.store import ObjectStore
from udi.node.files.upload_stream import UploadBuffers
from udi.node.identity.actions import replace_memberships
from udi.node.identity.models import TABLES
from udi.node.spaces.limits import SpaceLimiter
from udi.node.spaces.use_counts import UseCounter
from udi.node.tables import api as tables_api
from udi.node.tables.derived_files import DerivedFiles
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
    """The node's parts, for web workers or (without `pages`) for the worker."""
    database = Database(settings, "node", pages=pages)
    hosts = settings.private_hosts
    outgoing = DelegatedClient(hosts, CallProcess()) if pages else OutgoingClient(hosts)
    return Site(
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
        parts=_parts(settings, database, outgoing),
    )


def _parts(
    settings: Settings, database: Database, outgoing: OutgoingClient
) -> dict[str, Any]:
    """What the domains share in one process."""
    service = IdentityService(settings)
    file_keys = KeyringFile(settings)
    objects = SealingStore.from_settings(settings, database, file_keys)
    return {
        "urls": {"my_space": "/"},
        "sessions": sessions.Sessions(
            database,
            TABLES,
            service,
            lambda territory: territory_client(settings, "node", territory),
            replace_memberships,
            settings.second_factor,
        ),
        "objects": objects,
        "file_keys": file_keys,
        "buffers": UploadBuffers(),
        READERS: FileReaderPool(preload_imports, schemas=settings.schemas),
        "uses": UseCounter(database),
        "limits": SpaceLimiter(database, settings),
        "portal_keys": PortalKeys(outgoing),
        "measures": (measure_outbox,),
        GATE: AgreementGate(database, AgreementFreshness(database)),
        **_table_parts(settings, database, objects),
    }


def _table_parts(
    settings: Settings, database: Database, objects: ObjectStore
) -> dict[str, Any]:
    """What finds tables and answers about them, through one pool of children."""
    folder = settings.state / "tables"
    memory = MemoryFolder.of(settings)
    memory.is_available()
    pool = QueryPool(PoolLimits(places=(str(folder), str(memory.folder))))
    exports = ExportWriter(settings.state / "exports")
    tables = DatasetTableCache(database, objects, folder)
    views = TableViews(exports)
    return {
        FIND_TABLE: tables,
        VIEWS: views,
        DERIVE: DerivedFiles(tables.of_file, views, exports),
        POOL: pool,
        tables_api.ANSWERS: RowPageReader(pool),
        SHOWING: OverviewReader(pool),
        tables_api.EXPORTS: exports,
        RATES: RateLimiter("tables"),
    }
