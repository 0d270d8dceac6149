"""An installation that runs as a process of its own is read by another: by each form of its catalogue, whole, and followed."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tests import cluster, stage
from tests.contract.harvests.whole import (
    Expected,
    Holder,
    Workspace,
    check_following,
    check_two_readings,
)
from tests.depth import examples
from tests.journeys.installation import Installation
from tests.portal.catalogue.corpus import TABLE, Catalogue, open_catalogue
from tests.portal.nodes.sources.conftest import Open
from tests.visitors import freshen
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.tenants.models import Tenant
from udi.protocol.access import AccessRights
from udi.protocol.record import restore_record
from udi.protocol.structures import Record
from udi.settings import Settings

MANY = examples(13, 65)
PAGE = examples(4, 20)
PATIENCE = 60
CHANGED = 3
REMOVED = 6
BOX = {
    "west_longitude": -3.5,
    "south_latitude": 48.0,
    "east_longitude": -3.0,
    "north_latitude": 48.5,
}
SPREAD = {"start_date": "2019-01-01T00:00:00Z", "end_date": "2020-12-31T00:00:00Z"}


def title(number: int) -> str:
    """What dataset `number` is called."""
    return f"{TABLE[number % len(TABLE)][0]}, {number}"


async def records_of(database: Database, territory: Territory) -> dict[str, Record]:
    """What a territory shows, by title."""
    async with database.session(territory.id) as session:
        datasets = await session.scalars(
            select(Dataset).where(Dataset.state == DatasetState.PUBLISHED)
        )
        return {dataset.title: restore_record(dataset.record) for dataset in datasets}


@dataclass
class Theirs:
    """The other installation, and what is published there."""

    catalogue: Catalogue
    settings: Settings
    ids: dict[int, str] = field(default_factory=dict)

    @property
    def territory(self) -> Territory:
        return self.catalogue.territory

    async def put(self, number: int, **changes: Any) -> Record:
        """Publish dataset `number`, or change it."""
        identifier = self.ids.setdefault(number, str(uuid.uuid4()))
        if number % 3 == 0:
            more = {"geography": {"bounding_box": BOX}, "temporal_spread": SPREAD}
        else:
            more = {}
        about = {
            "global_id": identifier,
            "resource_title": title(number),
            **more,
            **changes,
        }
        return await self.catalogue.add(number % len(TABLE), **about)

    async def index(self) -> None:
        """Let its search see what changed, as its worker does."""
        registry = TerritoryRegistry(
            self.catalogue.database,
            Tenant,
            lambda host: self.settings.origin("portal", host),
        )
        freshen(registry)
        await SearchFeed(self.catalogue.database, registry, self.settings).run_once()

    async def wait_until_known(self) -> None:
        """Wait until its portal knows the territory: its web worker reads the register every other second, and the
        territory of the test before, alone there, answers to any host meanwhile.
        """
        address = f"http://127.0.0.1:{self.settings.port(0)}/catalog.ttl"
        deadline = time.monotonic() + PATIENCE
        async with httpx.AsyncClient(
            headers={"Host": self.territory.hosts[0]}, timeout=PATIENCE
        ) as client:
            while self.territory.origin not in (
                content := (await client.get(address)).text
            ):
                assert time.monotonic() < deadline, content
                await asyncio.sleep(0.1)

    def holder(self) -> Holder:
        """Who publishes there."""
        new = f"{title(CHANGED)}, corrigé"

        async def change() -> None:
            await self.put(CHANGED, resource_title=new)
            await self.index()

        async def remove() -> None:
            await self.catalogue.withdraw(
                (await records_of(self.catalogue.database, self.territory))[
                    title(REMOVED)
                ]
            )
            await self.index()

        async def restore() -> None:
            await self.put(REMOVED)
            await self.index()

        return Holder(change, remove, restore, (title(CHANGED), new), title(REMOVED))


@pytest.fixture(scope="module")
async def served(
    postgres: str, run_folder: Any, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Settings, Database]]:
    """A portal of another installation, as a process, with databases of its own.

    It has one web worker: of several, each learns of a territory at a moment of its own.
    """
    await cluster.copy_databases(postgres, "theirs")
    settings = cluster.run_settings(
        run_folder, "theirs", base_port=cluster.free_ports(8)
    )
    portal_settings = settings.model_copy(update={"web_workers": 1})
    installation = Installation(portal_settings, tmp_path_factory.mktemp("theirs"), {})
    database = Database(portal_settings, "portal")
    installation.start("serve", "portal")
    try:
        await asyncio.to_thread(installation.wait, "portal")
        yield portal_settings, database
    finally:
        installation.stop("serve-portal")
        await database.close()


@pytest.fixture
async def theirs(served: tuple[Settings, Database]) -> AsyncIterator[Theirs]:
    """A territory of it, with a catalogue of several pages."""
    settings, database = served
    territory = await stage.add_territory((database,), settings, "theirs")
    catalogue = await open_catalogue(database, territory)
    theirs = Theirs(catalogue, settings)
    for number in range(MANY):
        await theirs.put(number)
    await theirs.index()
    await theirs.wait_until_known()
    yield theirs
    await stage.remove_territory((database,), territory.id)


def content_of(record: Record) -> dict[str, Any]:
    """What every form of our catalogue can say of a dataset, without the order that none has.

    Restricted data have no licence for everybody: in its place are the terms of their own portal.
    """
    open_ = record.access is AccessRights.PUBLIC
    return {
        "summary": dict(record.summary), "keywords": set(record.keywords), "languages": set(record.languages),
        "access": record.access, "licence": (record.licence.standard_licence or record.licence.link) if open_ else None, "updated": record.dates.updated,
        "contacts": {(contact.name, contact.email) for contact in record.contacts}, "files": len(record.media),
        "media": {(medium.url, medium.media_type, medium.size) for medium in record.media} if open_ else set(),
        "box": record.geography and record.geography.box, "period": record.period,
    }  # fmt: skip


@dataclass(frozen=True)
class Form:
    """Where a form of our catalogue is, what it is recognised as, its pages, and what it cannot say."""

    path: str
    format: str
    pages: int = MANY // PAGE + 1
    lost: frozenset[str] = frozenset()


FORMS = {
    "DCAT-AP, Turtle": Form(f"/catalog.ttl?page_size={PAGE}", "rdf-turtle"),
    "DCAT-AP, RDF/XML": Form(f"/catalog.rdf?page_size={PAGE}", "rdf-xml"),
    "DCAT-AP, JSON-LD": Form(f"/catalog.jsonld?page_size={PAGE}", "json-ld"),
    "DCAT-AP, N-Triples": Form(f"/catalog.nt?page_size={PAGE}", "rdf-turtle"),
    "home page": Form("/", "rdf-turtle", pages=examples(2, 3)),
    # Notes are in one language, and a theme is a group, whose name is kept as a keyword.
    "CKAN's API": Form(
        f"/api/3/action/package_search?rows={PAGE}",
        "ckan",
        lost=frozenset({"summary", "keywords"}),
    ),
    # The core of a record has one language, no size of a file, no access to data; `updated` is that of the record.
    "OGC API Records": Form(
        f"/ogc/collections/datasets/items?limit={PAGE}",
        "ogc-records",
        lost=frozenset({"summary", "access", "licence", "updated", "files", "media"}),
    ),
}


NEAR = {
    "DCAT-AP, RDF/XML",
    "DCAT-AP, JSON-LD",
    "DCAT-AP, N-Triples",
    "OGC API Records",
    "home page",
}
"""Read like another form, but for their syntax or where they are found: by a run of everything."""


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(form, marks=[pytest.mark.thorough] if form in NEAR else [])
        for form in FORMS
    ],
)
async def test_our_own_portal_is_read_whole(
    theirs: Theirs, open_source: Open, workspace: Workspace, form: str
) -> None:
    reading = await open_source(f"{theirs.territory.origin}{FORMS[form].path}")

    await check_two_readings(
        workspace,
        reading,
        f"UDI, {form}",
        Expected(FORMS[form].format, MANY, FORMS[form].pages),
    )
    original = await records_of(theirs.catalogue.database, theirs.territory)
    harvested = await records_of(reading.database, reading.territory)
    assert harvested.keys() == original.keys()
    facts = {
        title: (content_of(record), content_of(harvested[title]))
        for title, record in original.items()
    }
    assert {
        name for was, is_ in facts.values() for name in was if was[name] != is_[name]
    } == FORMS[form].lost
    await check_following(workspace, reading, theirs.holder())
