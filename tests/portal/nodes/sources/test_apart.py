"""Sources apart from one another and from nodes: each lets go its own records only, and of what it really lost."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.portal.catalogue.corpus import document
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, ckan, team
from tests.portal.nodes.sources.test_large import described
from tests.portal.nodes.sources.test_runs import TURTLE, Killed, names
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset, DatasetState
from udi.portal.nodes.actions.register import register_node
from udi.portal.nodes.sources import harvest_run
from udi.portal.nodes.sources.actions import pause_source
from udi.portal.nodes.sources.harvest_run import harvest_next_source
from udi.portal.nodes.sources.models import CatalogueSource
from udi.portal.organisations.models import Organisation

CKAN = "/api/3/action/package_search"


async def test_what_leaves_one_source_leaves_no_other(
    catalogue: Catalogue, open_source: Open
) -> None:
    dataset_names = names(4)
    catalogue.live = ckan(dataset_names, elsewhere="50")
    mine = await open_source(f"{catalogue.origin}{CKAN}")
    other = await open_source(f"{catalogue.origin}{CKAN}?rows=50")
    await other.change(next_at=None)
    await mine.read()
    await mine.change(next_at=None)
    await other.read()
    await other.change(next_at=None)

    del dataset_names[0]
    runs = [await mine.read(), await mine.read()]

    assert [(run.missing, run.withdrawn) for run in runs] == [(1, 0), (0, 1)]
    assert (len(await mine.list_published()), len(await other.list_published())) == (
        3,
        4,
    )
    assert {record.missing for record in (await other.records()).values()} == {0}


async def test_a_dataset_that_another_publishes_now_is_not_withdrawn_with_its_source(
    catalogue: Catalogue, open_source: Open, demo: Territory, portal_database: Database
) -> None:
    dataset_names = names(3)
    catalogue.live = ckan(dataset_names)
    reading = await open_source(f"{catalogue.origin}{CKAN}")
    await reading.read()
    gone = (await reading.list_published())[f"Jeu {dataset_names[0]}"]
    async with portal_database.session(demo.id) as session:
        node = await register_node(
            session,
            slug="n",
            name="N",
            url="https://n.example",
            client_id="n",
            hosted=False,
        )
        await session.execute(
            update(Dataset).where(Dataset.id == gone).values(node_id=node.id)
        )

    del dataset_names[0]
    for _ in range(2):
        await reading.read()

    async with portal_database.session(demo.id) as session:
        assert (
            await session.scalar(select(Dataset.state).where(Dataset.id == gone))
            == DatasetState.PUBLISHED
        )


async def test_a_record_that_is_refused_today_is_not_taken_for_gone(
    catalogue: Catalogue, open_source: Open
) -> None:
    whole = TURTLE % "Bancs"
    catalogue.put("/c.ttl", whole.encode())
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    await reading.read()
    catalogue.put("/c.ttl", whole.replace(' ; dct:title "Bancs"@fr', "").encode())

    runs = [await reading.read() for _ in range(3)]

    assert [(run.refused, run.missing, run.withdrawn) for run in runs] == [
        (1, 0, 0)
    ] * 3
    assert set(await reading.list_published()) == {"Fontaines", "Bancs"}


async def test_a_portal_of_rudi_is_published_under_the_organisations_that_it_names(
    catalogue: Catalogue, open_source: Open, demo: Territory, portal_database: Database
) -> None:
    records = [document(number) for number in range(2)]
    catalogue.put("/api/v1/resources", {"total": 2, "items": records})
    reading = await open_source(f"{catalogue.origin}/api/v1/resources")

    await reading.read()

    async with portal_database.session(demo.id) as session:
        of = select(Dataset.organisation_id).where(Dataset.node_id == reading.source_id)
        organisations = list(
            await session.scalars(select(Organisation).where(Organisation.id.in_(of)))
        )
    assert {organisation.name for organisation in organisations} == {
        record["producer"]["organization_name"] for record in records
    }
    assert all(organisation.unclaimed for organisation in organisations)


async def test_a_source_that_is_paused_while_it_is_read_stores_nothing_more(
    catalogue: Catalogue,
    open_source: Open,
    demo: Territory,
    portal_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    catalogue.live = ckan(names(4))
    reading = await open_source(f"{catalogue.origin}{CKAN}")
    original_get = reading.workspace.reader.get

    async def late(*arguments: Any, **named: Any) -> Any:
        response = await original_get(*arguments, **named)
        async with portal_database.session(demo.id) as session:
            await pause_source(
                session,
                team(demo),
                (await session.scalars(select(CatalogueSource))).one(),
            )
        return response

    monkeypatch.setattr(reading.workspace.reader, "get", late)
    assert await harvest_next_source(reading.workspace)

    assert await reading.list_published() == {}
    assert (await reading.source()).lease is None


async def test_a_reading_that_was_killed_begins_anew_in_a_document_that_changed(
    catalogue: Catalogue, open_source: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.put("/data.json", described(20))
    reading = await open_source(f"{catalogue.origin}/data.json", slice=4)
    real = harvest_run.leased_source
    left = 5

    @asynccontextmanager
    async def fatal(*arguments: Any) -> AsyncIterator[Any]:
        nonlocal left
        left -= 1
        async with real(*arguments) as ours:
            yield ours
            if not left:
                raise Killed

    monkeypatch.setattr(harvest_run, "leased_source", fatal)
    with pytest.raises(Killed):
        await reading.read()
    stored = len(await reading.list_published())
    other = json.loads(described(24))
    other["dataset"].reverse()
    catalogue.put("/data.json", other)
    run = await reading.read()

    assert 0 < stored < 20
    assert run.outcome == "complete"
    assert len(await reading.list_published()) == 24
