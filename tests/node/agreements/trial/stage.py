"""The real node with three published files, the portal that grants, and a clock that the trial moves."""

import uuid
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests import stage as territories
from tests import visitors
from tests.node.agreements.granting import Granting
from tests.node.agreements.trial.sources import SOURCES, Kind, Source
from tests.node.producer import SLUG, Producer
from tests.service_overrides import ServiceOverrides, overridden_services
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.keyring import FILE_KEYS
from udi.kit.rates import RateLimiter
from udi.kit.tenancy import Territory
from udi.node.agreements import gate as gate_module
from udi.node.agreements import queries as agreement_queries
from udi.node.agreements.gate import AgreementGate
from udi.node.agreements.portal_sync import AgreementSync
from udi.node.datasets.exchange.portal import PORTAL_KEYS, PortalClient, PortalKeys
from udi.node.datasets.queries import find_dataset
from udi.node.files import restricted
from udi.node.files.delivery.signed_urls import sign_path
from udi.node.files.restricted import DERIVE, GATE
from udi.node.spaces.actions import apply_space, set_limits
from udi.node.tables import api as tables_api
from udi.node.tables.derived_files import DerivedFiles
from udi.node.tables.finder import FIND_TABLE
from udi.node.tables.requests import RATES
from udi.node.tables.views import VIEWS, TableViews
from udi.node.territories.models import Tenant
from udi.tabular.exports.exports import ExportWriter
from udi.tabular.overviews.overview import SHOWING, OverviewReader
from udi.tabular.queries.pool import POOL, PoolLimits, QueryPool
from udi.tabular.queries.row_pages import RowPageReader
from udi.ui.site import Site

PATIENCE = 300.0
"""Seconds that a question about a table may wait and last: the machine may be busy."""
KINDS = {
    Kind.TEXT: {"text", "code"},
    Kind.NUMBER: {"number", "integer", "latitude", "longitude"},
    Kind.BOOLEAN: {"boolean"},
    Kind.DATE: {"date"},
}
"""What the node may call a column of each kind."""


@dataclass(frozen=True)
class Publication:
    """A published dataset and the identifiers by which it is reached."""

    source: Source
    dataset: str
    file: str
    media: str


@dataclass
class Clock:
    """The present, as whoever checks agreements sees it; None: that of the machine."""

    moment: datetime | None = None

    def read(self) -> datetime:
        """The present instant."""
        return self.moment or now()


@dataclass
class Stage:
    """All that a trial needs."""

    app: Litestar
    site: Site
    territory: Territory
    portal: Granting
    asker: AgreementSync
    client: httpx.AsyncClient
    clock: Clock = field(default_factory=Clock)
    published: dict[str, Publication] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    """For each file, a good secret of an agreement about another file."""

    @property
    def gate(self) -> AgreementGate:
        """Whoever checks each reading."""
        agreement_gate: AgreementGate = self.site.services[GATE]
        return agreement_gate

    def sign(self, path: str) -> str:
        """An address that opens for five minutes, as the page of the files signs it."""
        return sign_path(self.site.services[FILE_KEYS](), self.territory.id, path)


@asynccontextmanager
async def open_stage(
    app: Litestar, site: Site, databases: tuple[Database, Database]
) -> AsyncIterator[Stage]:
    """A territory whose node has the files, restricted, and whose portal signs."""
    settings = site.settings
    node_database = databases[1]
    territory = await territories.add_territory(databases, settings, "trial")
    portal = Granting(territory.slug, audience=territory.links["node"])
    secret = settings.secrets_folder / f"node_credential_{territory.slug}"
    secret.write_text("credential of the test")
    async with node_database.platform_session(role="owner") as session:
        row: Any = await session.get(Tenant, territory.id)
        row.links = {**row.links, "portal": portal.origin}
    overrides = ExitStack()
    _replace_services(site, overrides.enter_context(overridden_services(site.services)))
    at_node = next(
        listed_territory
        for listed_territory in await site.registry.list()
        if listed_territory.id == territory.id
    )
    asker = AgreementSync(
        site.database, PortalClient(settings, site.outgoing), site.services[PORTAL_KEYS]
    )
    try:
        async with visitors.browse(app, territory) as client:
            client.headers["accept"] = "*/*"
            stage = Stage(app, site, at_node, portal, asker, client)
            await _publish_all(stage, node_database)
            yield stage
    finally:
        await site.services[GATE].close()
        await site.services[POOL].close()
        overrides.close()
        portal.stop()
        secret.unlink()
        await territories.remove_territory(databases, territory.id)


def _replace_services(site: Site, services: ServiceOverrides) -> None:
    """What answers about tables, as the node composes it, but with time: nothing here is about being slow."""
    folder = site.settings.state / "tables"
    pool = QueryPool(
        PoolLimits(places=(str(folder),), patience=PATIENCE, seconds=PATIENCE)
    )
    exports = ExportWriter(
        site.settings.state / "exports", seconds=PATIENCE, patience=PATIENCE
    )
    views = TableViews(exports)
    tables = site.services[FIND_TABLE]
    services |= {
        POOL: pool,
        VIEWS: views,
        DERIVE: DerivedFiles(tables.of_file, views, exports),
        SHOWING: OverviewReader(pool),
        RATES: RateLimiter("tables", limit=10**9),
        tables_api.ANSWERS: RowPageReader(pool),
        tables_api.EXPORTS: exports,
        PORTAL_KEYS: PortalKeys(site.outgoing),
    }


async def _publish_all(stage: Stage, database: Database) -> None:
    territory = stage.territory
    async with database.session(territory.id, role="owner") as session:
        await apply_space(
            session,
            slug=SLUG,
            organisation_id=uuid.uuid4(),
            name="Mairie de Kerlévan",
            email="mairie@kerlevan.example",
            quota_bytes=10**9,
        )
        await set_limits(session, SLUG, requests_per_minute=10**6)
    publisher = visitors.make_person(territory, memberships={SLUG: ["publishers"]})
    async with visitors.browse(stage.app, territory, publisher) as browser:
        producer = Producer(browser)
        for name, source in SOURCES.items():
            draft = await producer.draft(source.content, source.file_name)
            dataset = await producer.publish(
                draft, access="restricted", reason="Vérifié"
            )
            stage.published[name] = await _publication(
                database, territory, source, dataset
            )
    await stage.asker.sync(territory)
    for name, publication in stage.published.items():
        await _require_kinds(stage, publication)
        others = [other for other in stage.published if other != name]
        grant = stage.portal.grant(stage.published[others[0]].dataset)
        answer = await stage.portal.push(stage.client, grant)
        assert answer.status_code == 200, answer.text
        stage.secrets[name] = grant.secret


async def _publication(
    database: Database, territory: Territory, source: Source, dataset_id: str
) -> Publication:
    async with database.session(territory.id, role="worker") as session:
        dataset = await find_dataset(session, uuid.UUID(dataset_id))
        assert dataset is not None
        dataset.media_id = uuid.uuid4()
        return Publication(
            source, dataset_id, str(dataset.latest.file_id), str(dataset.media_id)
        )


async def _require_kinds(stage: Stage, publication: Publication) -> None:
    """The node read the columns as the model takes them."""
    if not publication.source.columns:
        return
    answer = await stage.client.get(f"/api/resources/{publication.dataset}/profile/")
    columns = answer.json()["profile"]["columns"]
    assert tuple(columns) == publication.source.names
    for column in publication.source.columns:
        assert columns[column.name]["format"] in KINDS[column.kind], column


def move_clock(patch: pytest.MonkeyPatch, clock: Clock) -> None:
    """Let whoever checks agreements read this clock."""
    for module in (gate_module, agreement_queries, restricted):
        patch.setattr(module, "now", clock.read)
