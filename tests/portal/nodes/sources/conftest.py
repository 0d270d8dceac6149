"""A site of somebody else's on loopback, and the sources that a territory reads there."""

import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update

from tests.portal.nodes.elsewhere import Answer, Catalogue, serve
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.http import OutgoingClient
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.nodes.sources.actions import register_source
from udi.portal.nodes.sources.harvest_run import HarvestContext, harvest_next_source
from udi.portal.nodes.sources.models import (
    CatalogueSource,
    SourceFault,
    SourceRecord,
    SourceRun,
)
from udi.portal.nodes.sources.source_client import SourceClient
from udi.portal.organisations.actions import apply_organisation
from udi.ui.site import Site


def packages(
    names: list[str], *, start: int, rows: int, files: str = "https://data.example.org"
) -> dict[str, Any]:
    """A page of a CKAN's answer."""
    results = [
        {
            "id": name, "name": name, "title": f"Jeu {name}", "notes": f"Description de {name}.", "license_id": "fr-lo",
            "metadata_modified": "2026-01-15T08:00:00", "organization": {"title": "Ville d’Exemple"},
            "resources": [{"id": f"r-{name}", "url": f"{files}/{name}.csv", "format": "CSV"}],
        }
        for name in names[start : start + rows]
    ]  # fmt: skip
    return {
        "success": True,
        "help": "",
        "result": {"count": len(names), "results": results},
    }


def ckan(
    names: list[str], *, largest: int = 100, elsewhere: str = ""
) -> Callable[[str, dict[str, str]], Answer | None]:
    """A CKAN that holds packages of these names, a list that may be changed.

    Who asks for so many `elsewhere` is given other files under the same names: another catalogue, for what is read there.
    """

    def live(path: str, parameters: dict[str, str]) -> Answer | None:
        if path != "/api/3/action/package_search":
            return None
        start = int(parameters.get("start", 0))
        rows = min(int(parameters.get("rows", 10)), largest)
        if elsewhere and parameters.get("rows") == elsewhere:
            files = "https://files.example.net"
        else:
            files = "https://data.example.org"
        return (
            200,
            {"Content-Type": "application/json"},
            json.dumps(packages(names, start=start, rows=rows, files=files)).encode(),
        )

    return live


@pytest.fixture
def catalogue() -> Iterator[Catalogue]:
    with serve("catalogue.localhost") as site:
        yield site


@dataclass
class Reading:
    """A source of the territory, and what its readings made of it."""

    workspace: HarvestContext
    database: Database
    territory: Territory
    source_id: UUID
    producer: UUID

    async def read(self, workspace: HarvestContext | None = None) -> SourceRun:
        """Have it read now, whatever its rhythm; the run."""
        await self.change(next_at=now(), lease=None, leased_until=None)
        assert await harvest_next_source(workspace or self.workspace)
        return (await self.runs())[-1]

    async def change(self, **values: Any) -> None:
        async with self.database.session(self.territory.id) as session:
            await session.execute(
                update(CatalogueSource)
                .where(CatalogueSource.id == self.source_id)
                .values(**values)
            )

    async def source(self) -> CatalogueSource:
        async with self.database.session(self.territory.id) as session:
            return (
                await session.scalars(
                    select(CatalogueSource).where(CatalogueSource.id == self.source_id)
                )
            ).one()

    async def runs(self) -> list[SourceRun]:
        async with self.database.session(self.territory.id) as session:
            query = (
                select(SourceRun)
                .where(SourceRun.source_id == self.source_id)
                .order_by(SourceRun.started_at)
            )
            return list(await session.scalars(query))

    async def faults(self, of: SourceRun | None = None) -> list[SourceFault]:
        """Those of a reading, or of the last."""
        run = of or (await self.runs())[-1]
        async with self.database.session(self.territory.id) as session:
            query = (
                select(SourceFault)
                .where(SourceFault.run_id == run.id)
                .order_by(SourceFault.position)
            )
            return list(await session.scalars(query))

    async def records(self) -> dict[str, SourceRecord]:
        async with self.database.session(self.territory.id) as session:
            query = select(SourceRecord).where(SourceRecord.source_id == self.source_id)
            return {row.identifier: row for row in await session.scalars(query)}

    async def list_shown(self) -> list[tuple[str, UUID]]:
        """Title and identifier of each published dataset; two may have one title."""
        async with self.database.session(self.territory.id) as session:
            query = (
                select(Dataset.title, Dataset.id)
                .where(
                    Dataset.node_id == self.source_id,
                    Dataset.state == DatasetState.PUBLISHED,
                )
                .order_by(Dataset.id)
            )
            return [(row[0], row[1]) for row in await session.execute(query)]

    async def list_published(self) -> dict[str, UUID]:
        """Identifiers of published datasets by title."""
        return dict(await self.list_shown())

    async def count_events(self, name: str) -> int:
        async with self.database.session(self.territory.id) as session:
            counted = text("SELECT count(*) FROM app.audit_event WHERE name = :name")
            return int((await session.execute(counted, {"name": name})).scalar_one())


Open = Callable[..., Any]


def team(territory: Territory) -> Actor:
    return Actor(
        uuid.uuid4(),
        "Compte de test",
        "team@people.example",
        territory.slug,
        moderator=True,
    )


@pytest.fixture
async def reader() -> AsyncIterator[SourceClient]:
    outgoing = OutgoingClient(["catalogue.localhost:*"])
    yield SourceClient(outgoing, pace=0, patience=10)
    await outgoing.close()


@pytest.fixture
async def open_source(
    portal_site: Site, portal_database: Database, demo: Territory, reader: SourceClient
) -> Open:
    """`await open_source(address)`: a source of a producer of its own."""

    async def register(
        address: str, rhythm: str = "daily", **workspace: Any
    ) -> Reading:
        producer = uuid.uuid4()
        slug = f"town-{uuid.uuid4().hex[:6]}"
        async with portal_database.session(demo.id) as session:
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
                team(demo),
                organisation,
                address=address,
                rhythm=rhythm,
                language="fr",
            )
        harvest_context = HarvestContext(
            portal_database, reader, demo, portal_site.pages.gettext, **workspace
        )
        return Reading(harvest_context, portal_database, demo, source.id, producer)

    return register


async def count_rows(
    database: Database, territory: Territory, table: Any, *conditions: Any
) -> int:
    async with database.session(territory.id) as session:
        return (
            await session.scalar(
                select(func.count()).select_from(table).where(*conditions)
            )
            or 0
        )
