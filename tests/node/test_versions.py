"""New versions, drafts given up, and the history of it all."""

import uuid
from typing import Any

import httpx
import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError

from tests.depth import FOLDER_BY_DEFAULT
from tests.node.producer import SLUG, TABLE, Producer
from udi.kit.db import Database
from udi.kit.identity import PUBLISHERS, Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.models import DatasetEvent
from udi.node.datasets.queries import get_dataset, read_version_marks
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.storage.store import ObjectStore

pytestmark = pytest.mark.usefixtures("each_store")


async def keys(site: Any, territory: Territory) -> set[str]:
    """The files whose bytes, or what was made of them, are in the store."""
    store: ObjectStore = site.services[OBJECTS]
    return {
        entry["path"].partition(".")[0] async for entry in store.list(str(territory.id))
    }


async def test_a_version_waits_until_it_is_published(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish()
    assert "Déposez la nouvelle version" in await producer.page(
        f"/datasets/{dataset}/versions/new"
    )

    sent = await producer.send(
        TABLE + b"Tennis;Brest;01/01/2001\n", path=f"/datasets/{dataset}/versions"
    )

    assert sent.headers["location"] == f"/datasets/{dataset}/check"
    assert "Une nouvelle version est en attente de publication" in await producer.page(
        f"/datasets/{dataset}"
    )
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == TABLE
    published = await producer.client.post(
        f"/datasets/{dataset}/publish", data={"note": "Une association de plus"}
    )
    assert published.status_code == 303
    assert "Une association de plus" in await producer.page(f"/datasets/{dataset}")


@FOLDER_BY_DEFAULT
async def test_a_proposed_description_follows_the_new_file(producer: Producer) -> None:
    dataset = await producer.draft()

    await producer.send(
        TABLE + b"Tennis;Brest;01/01/2001\n", path=f"/datasets/{dataset}/versions"
    )

    assert "3 lignes et 3 colonnes" in await producer.page(
        f"/datasets/{dataset}/describe"
    )


@FOLDER_BY_DEFAULT
async def test_the_same_file_is_no_new_version(
    producer: Producer, demo: Territory, node_site: Any
) -> None:
    dataset = await producer.publish()
    before = await keys(node_site, demo)

    refused = await producer.send(
        TABLE, "other-name.csv", f"/datasets/{dataset}/versions"
    )

    assert refused.status_code == 409
    assert "même fichier" in refused.text
    assert await keys(node_site, demo) == before


@FOLDER_BY_DEFAULT
async def test_another_file_replaces_the_one_that_waits(
    producer: Producer, demo: Territory, node_site: Any
) -> None:
    dataset = await producer.draft()

    await producer.send(b"a;b\n1;2\n", "other.csv", f"/datasets/{dataset}/versions")

    assert len(await keys(node_site, demo)) == 1
    assert "other.csv" in await producer.page(f"/datasets/{dataset}")


async def test_a_draft_given_up_leaves_no_trace_but_its_history(
    producer: Producer, demo: Territory, node_site: Any, node_database: Database
) -> None:
    dataset = await producer.draft()

    gone = await producer.client.post(f"/datasets/{dataset}/discard")

    assert gone.headers["location"] == f"/spaces/{SLUG}"
    assert (await producer.client.get(f"/datasets/{dataset}")).status_code == 404
    assert await keys(node_site, demo) == set()
    async with node_database.session(demo.id) as session:
        query = select(DatasetEvent.action).where(
            DatasetEvent.dataset_id == uuid.UUID(dataset)
        )
        actions = (
            await session.scalars(query.order_by(DatasetEvent.happened_at))
        ).all()
    assert actions == ["dataset.created", "dataset.discarded"]


@FOLDER_BY_DEFAULT
async def test_giving_up_a_waiting_version_keeps_the_published_one(
    producer: Producer, passer_by: httpx.AsyncClient, demo: Territory, node_site: Any
) -> None:
    dataset = await producer.publish()
    await producer.send(b"a;b\n1;2\n", path=f"/datasets/{dataset}/versions")

    gone = await producer.client.post(f"/datasets/{dataset}/discard")

    assert gone.headers["location"] == f"/datasets/{dataset}"
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == TABLE
    assert len(await keys(node_site, demo)) == 1
    assert (
        await producer.client.post(f"/datasets/{dataset}/discard")
    ).status_code == 409


@FOLDER_BY_DEFAULT
async def test_history_names_nobody_and_cannot_be_rewritten(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.publish()

    page = await producer.page(f"/datasets/{dataset}")

    assert "Fichier déposé" in page
    assert "par vous" in page
    for statement in (
        "DELETE FROM app.dataset_event",
        "UPDATE app.dataset_event SET action = 'x'",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with node_database.session(demo.id) as session:
                await session.execute(text(statement))


@FOLDER_BY_DEFAULT
async def test_the_page_reads_what_was_found_in_the_newest_version_and_the_published_one(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.publish()
    versions = f"/datasets/{dataset}/versions"
    await producer.send(TABLE + b"a;b;01/01/2001\n", path=versions)
    await producer.publish(dataset)
    await producer.send(TABLE + b"c;d;01/01/2001\n", path=versions)
    actor = Actor(
        uuid.uuid4(), "", "", demo.slug, memberships={SLUG: frozenset({PUBLISHERS})}
    )

    async with node_database.session(demo.id, role="worker") as session:
        lean = await get_dataset(session, actor, uuid.UUID(dataset), lean=True)
        marks = await read_version_marks(session, lean)
        unread = [
            "findings" in inspect(version.preparation).unloaded
            for version in lean.versions
        ]
        ids = [version.id for version in lean.versions]

    assert unread == [False, False, True]
    assert (marks.harmful, marks.compared) == (frozenset(), {ids[0], ids[1]})
    assert f"/datasets/{dataset}/versions/3/difference" in await producer.page(
        f"/datasets/{dataset}"
    )
