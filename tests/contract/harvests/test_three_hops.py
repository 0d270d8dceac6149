"""Three installations, two of which run as processes of their own: what one reads from others is read from it by the next, over HTTP.

Every field is equal from hop to hop, or on the lists of what is intended to differ (`tests.portal.nodes.harvest.federated`);
and who reads a catalogue that moves from one to another keeps its addresses.
"""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import cluster, stage
from tests.contract.harvests.test_ours import Theirs, records_of
from tests.journeys.installation import Installation
from tests.portal.catalogue.corpus import open_catalogue
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.harvest.federated import comparable, comparable_at_first
from tests.portal.nodes.sources.conftest import Open, Reading, team
from tests.portal.nodes.sources.test_identity import move
from tests.portal.nodes.sources.test_renames import accept
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.nodes.sources.actions import register_source
from udi.portal.nodes.sources.harvest_run import HarvestContext
from udi.portal.nodes.sources.source_client import SourceClient
from udi.portal.organisations.actions import apply_organisation
from udi.protocol.structures import Record
from udi.settings import Settings
from udi.ui.site import Site

pytestmark = [pytest.mark.programs, pytest.mark.thorough]
FILES = {
    "brescia-mobilita_catalog.rdf": "application/rdf+xml",
    "ckanext-dcat_ckan_full_dataset_dcat_ap.json": "application/json",
    "ckanext-dcat_dataset_health.ttl": "text/turtle",
    "dcat-ap-es_1.0.0_E_DCAT-AP-ES_Catalog_HVD_full.ttl": "text/turtle",
    "dcat-ap-es_1.0.0_E_DCAT-AP-ES_full_optional.ttl": "text/turtle",
    "open-canada_4e81a467-fc14-4fa0-a1d6-9d65336587c6.xml": "application/xml",
    "protezione-civile-it_catalog.rdf": "application/rdf+xml",
    "udata_catalog.xml": "application/rdf+xml",
}
"""Catalogues of others, which the first installation reads."""
HOPS = 2
FEWEST = 20
"""Records that those catalogues have at least."""


@dataclass
class Hop:
    """An installation as a process: its territory, and what reads for it."""

    settings: Settings
    database: Database
    territory: Territory
    site: Site
    reader: SourceClient

    async def open_source(self, address: str) -> Reading:
        """A source of a producer of this installation."""
        slug = f"town-{uuid.uuid4().hex[:6]}"
        producer = uuid.uuid4()
        async with self.database.session(self.territory.id) as session:
            organisation = await apply_organisation(
                session,
                id=producer,
                slug=slug,
                name=f"Ville {slug}",
                summary={},
                email=f"data@{slug}.example",
            )
            source = await register_source(
                session,
                team(self.territory),
                organisation,
                address=address,
                rhythm="daily",
                language="fr",
            )
        context = HarvestContext(
            self.database, self.reader, self.territory, self.site.pages.gettext
        )
        return Reading(context, self.database, self.territory, source.id, producer)

    async def records(self) -> dict[str, Record]:
        """What it shows, by title."""
        return await records_of(self.database, self.territory)


@asynccontextmanager
async def run_installation(
    postgres: str, run_folder: Path, folder: Path, name: str
) -> AsyncIterator[tuple[Settings, Database]]:
    """A portal as a process, with databases of its own."""
    await cluster.copy_databases(postgres, name)
    settings = cluster.run_settings(run_folder, name, base_port=cluster.free_ports(8))
    portal_settings = settings.model_copy(update={"web_workers": 1})
    installation = Installation(portal_settings, folder, {})
    database = Database(portal_settings, "portal")
    installation.start("serve", "portal")
    try:
        await asyncio.to_thread(installation.wait, "portal")
        yield portal_settings, database
    finally:
        installation.stop("serve-portal")
        await database.close()


@pytest.fixture(scope="module")
async def installations(
    postgres: str, run_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[tuple[Settings, Database]]]:
    """Two of them."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                run_installation(
                    postgres, run_folder, tmp_path_factory.mktemp(name), name
                )
            )
            for name in ("hop_one", "hop_two")
        ]


@pytest.fixture
async def hops(
    installations: list[tuple[Settings, Database]],
    portal_site: Site,
    reader: SourceClient,
) -> AsyncIterator[list[Hop]]:
    """A territory on each, known to its portal."""
    hops = []
    for number, (settings, database) in enumerate(installations):
        territory = await stage.add_territory((database,), settings, f"hop{number}")
        hops.append(Hop(settings, database, territory, portal_site, reader))
        catalogue = await open_catalogue(database, territory)
        await Theirs(catalogue, settings).wait_until_known()
    yield hops
    for hop in hops:
        await stage.remove_territory((hop.database,), hop.territory.id)


def list_differences(
    before: dict[str, Record],
    after: dict[str, Record],
    by_meaning: Callable[[Record], dict[str, Any]],
) -> dict[str, set[str]]:
    """The fields that two installations do not say alike, by the title of the record; those of the metadata by their names."""
    differences = {}
    for title, record in before.items():
        first, second = _fields(by_meaning(record)), _fields(by_meaning(after[title]))
        names = {name for name in first if first[name] != second[name]}
        if names:
            differences[title] = names
    return differences


def _fields(document: dict[str, Any]) -> dict[str, Any]:
    return {**document.pop("metadata"), **document}


async def test_what_others_wrote_passes_three_installations(
    hops: list[Hop],
    catalogue: Catalogue,
    open_source: Open,
    shared_data: Path,
    portal_database: Database,
    demo: Territory,
) -> None:
    first, second = hops
    for name, media_type in FILES.items():
        content = (shared_data / "data/catalogues" / name).read_bytes()
        catalogue.put(f"/{name}", content, Content_Type=media_type)
        await (await first.open_source(f"{catalogue.origin}/{name}")).read()
    from_first = await second.open_source(f"{first.territory.origin}/catalog.ttl")
    from_second = await open_source(f"{second.territory.origin}/catalog.ttl")
    runs = [await from_first.read(), await from_second.read()]

    records = [
        await first.records(),
        await second.records(),
        await records_of(portal_database, demo),
    ]
    sys.stdout.write(f"\nrecords at each: {[len(titles) for titles in records]}\n")
    assert [run.outcome for run in runs] == ["complete"] * HOPS
    assert [run.refused for run in runs] == [0] * HOPS
    assert records[0].keys() == records[1].keys() == records[2].keys()
    assert len(records[0]) >= FEWEST
    assert list_differences(records[0], records[1], comparable_at_first) == {}
    assert list_differences(records[1], records[2], comparable) == {}


async def test_a_catalogue_that_moves_to_another_installation_keeps_its_addresses(
    hops: list[Hop],
    catalogue: Catalogue,
    open_source: Open,
    shared_data: Path,
) -> None:
    first, second = hops
    name = "brescia-mobilita_catalog.rdf"
    content = (shared_data / "data/catalogues" / name).read_bytes()
    catalogue.put(f"/{name}", content, Content_Type=FILES[name])
    for hop in hops:
        await (await hop.open_source(f"{catalogue.origin}/{name}")).read()
    reading = await open_source(f"{first.territory.origin}/catalog.ttl")
    await reading.read()
    before = await reading.list_published()
    addresses = await reading.list_shown()

    await move(reading, f"{second.territory.origin}/catalog.ttl")
    run = await reading.read()
    waiting = await reading.source()
    await accept(reading)
    after = await reading.read()
    again = await reading.read()

    # Each installation has identifiers of its own: nothing is withdrawn before a person says that they are the same.
    assert (run.outcome, run.withdrawn, waiting.state) == ("vanished", 0, "vanished")
    assert (after.outcome, after.created) == ("complete", 0)
    assert (again.outcome, again.missing) == ("unchanged", 0)
    assert await reading.list_published() == before
    assert await reading.list_shown() == addresses
    assert before
