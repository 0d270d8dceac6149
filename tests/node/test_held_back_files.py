"""A published file that nobody looked at yet, or that could harm, reaches nobody else; its producer reads why."""

import re
import uuid
from typing import Any

import httpx
import pytest

from tests.depth import FOLDER_BY_DEFAULT
from tests.node.producer import TABLE, Producer
from tests.node.test_check_file import latest
from tests.node.test_clam import EICAR, clamd, serving
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.tenancy import Territory
from udi.node.datasets.actions import draft
from udi.node.datasets.actions.draft import PREPARE_VERSION, request_preparation
from udi.node.datasets.actions.prepare import (
    PreparationContext,
)
from udi.node.datasets.actions.publish import publish_dataset
from udi.node.datasets.exchange.portal import PortalClient
from udi.node.datasets.models import Version
from udi.node.datasets.pages import upload
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.tasks import task_handlers
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.models import FileAccess
from udi.node.spaces.senders import Sender
from udi.ui.site import Site

FOLLOWING = TABLE + b"Le Phare;Kerl\xe9van;01/02/2020\n"


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is dropped is left to the worker, as a large file is."""
    monkeypatch.setattr(draft, "PROMPT", 0)


async def published_unseen(
    producer: Producer, database: Database, territory: Territory, content: bytes
) -> str:
    """A dataset whose newest version was published by a script before the worker had looked at it."""
    dataset = await producer.draft(content)
    assert (await producer.describe(dataset)).status_code == 303
    await publish_latest(database, territory, dataset)
    return dataset


async def publish_latest(
    database: Database, territory: Territory, dataset: str
) -> None:
    async with database.session(territory.id, role="worker") as session:
        stored_dataset = await find_dataset(session, uuid.UUID(dataset), lock=True)
        assert stored_dataset
        await publish_dataset(
            session, Sender(key_id=uuid.uuid4()), stored_dataset, territory
        )


async def look(
    site: Site, territory: Territory, version: Version, socket: str = ""
) -> str:
    """Do the worker's look; who may read the file then."""
    portal = PortalClient(site.settings, site.outgoing)
    handlers = task_handlers(
        site.database, site.registry, portal, site.services[OBJECTS], socket
    )
    assert version.preparation
    payload = {"version": str(version.id), "revision": version.preparation.revision}
    await handlers[PREPARE_VERSION](
        Job(PREPARE_VERSION, territory.id, payload, 0, last=False)
    )
    again = await latest(site.database, territory, str(version.dataset_id))
    return str(again.file.access)


@pytest.mark.usefixtures("unhurried")
async def test_a_published_file_is_for_its_producer_until_somebody_looked_at_it(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    node_site: Any,
    demo: Territory,
) -> None:
    dataset = await published_unseen(producer, node_database, demo, TABLE)
    version = await latest(node_database, demo, dataset)
    addresses = (f"/datasets/{dataset}/file", version.file.path)

    for address in (*addresses, f"/api/resources/{dataset}/data/"):
        for headers in ({}, {"Range": "bytes=0-9"}, {"If-None-Match": "*"}):
            answer = await passer_by.get(address, headers=headers)
            assert (answer.status_code, answer.headers["retry-after"]) == (423, "60"), (
                address
            )
    assert "en cours d’examen" in (await passer_by.get(addresses[0])).text
    assert (
        await passer_by.head(addresses[0], headers={"Accept": "*/json"})
    ).status_code == 423
    assert (await producer.client.get(version.file.path)).content == TABLE
    assert "En cours d’examen" in await producer.page(f"/datasets/{dataset}")

    assert await look(node_site, demo, version) == FileAccess.OPEN

    for address in addresses:
        assert (await passer_by.get(address)).content == TABLE


async def test_what_the_look_finds_decides_who_receives_a_published_file(
    producer: Producer, passer_by: httpx.AsyncClient, node_database: Database, node_site: Any, demo: Territory,
    unhurried: None,
) -> None:  # fmt: skip
    dataset = await published_unseen(
        producer, node_database, demo, TABLE + b"\n" + EICAR
    )
    version = await latest(node_database, demo, dataset)

    async with serving(clamd) as address:
        assert await look(node_site, demo, version, address) == FileAccess.HELD

    stranger = await passer_by.get(version.file.path)
    producer_response = await producer.client.get(version.file.path)
    assert (stranger.status_code, producer_response.status_code) == (423, 423)
    assert "Eicar" not in stranger.text
    assert "Bloqué" in await producer.page(f"/datasets/{dataset}")
    machine = await passer_by.get(
        f"/datasets/{dataset}/file", headers={"Accept": "application/json"}
    )
    assert machine.json()["type"] == "/problems/held-back"
    assert (await passer_by.get(f"/api/resources/{dataset}/data/")).status_code == 423


@FOLDER_BY_DEFAULT
@pytest.mark.usefixtures("each_store")
async def test_readers_keep_the_version_before_while_the_newest_waits(
    producer: Producer, passer_by: httpx.AsyncClient, node_database: Database, node_site: Any, demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    monkeypatch.setattr(draft, "PROMPT", 0)
    sent = await producer.send(FOLLOWING, path=f"/datasets/{dataset}/versions")
    assert sent.status_code == 303
    await publish_latest(node_database, demo, dataset)
    version = await latest(node_database, demo, dataset)

    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == TABLE
    assert (await passer_by.get(version.file.path)).status_code == 423

    assert await look(node_site, demo, version) == FileAccess.OPEN
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == FOLLOWING


async def test_a_file_that_is_read_again_stays_delivered_and_a_danger_found_then_closes_it(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    node_site: Any,
    demo: Territory,
) -> None:
    dataset = await producer.publish(
        await producer.draft(TABLE + EICAR + b";x;01/01/2001\n")
    )
    async with node_database.session(demo.id, role="worker") as session:
        stored_dataset = await find_dataset(session, uuid.UUID(dataset))
        assert stored_dataset
        await request_preparation(session, stored_dataset.latest)
    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 200

    async with serving(clamd) as address:
        version = await latest(node_database, demo, dataset)
        assert await look(node_site, demo, version, address) == FileAccess.HELD

    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 423


async def test_what_is_withdrawn_or_a_draft_is_not_opened_by_a_look(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    node_site: Any,
    demo: Territory,
) -> None:
    draft = await producer.draft()
    withdrawn = await producer.publish(await producer.draft(FOLLOWING, "autres.csv"))
    await producer.client.post(
        f"/datasets/{withdrawn}/withdraw", data={"reason": "Données fausses"}
    )
    for dataset, access in (
        (draft, FileAccess.DRAFT),
        (withdrawn, FileAccess.WITHDRAWN),
    ):
        async with node_database.session(demo.id, role="worker") as session:
            stored_dataset = await find_dataset(session, uuid.UUID(dataset))
            assert stored_dataset
            await request_preparation(session, stored_dataset.latest)
        version = await latest(node_database, demo, dataset)
        assert await look(node_site, demo, version) == access

    assert (await passer_by.get(f"/datasets/{draft}/file")).status_code == 404
    assert (await passer_by.get(f"/datasets/{withdrawn}/file")).status_code == 410


async def test_what_was_stored_before_files_were_looked_at_stays_delivered(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    async with node_database.session(demo.id, role="worker") as session:
        stored_dataset = await find_dataset(session, uuid.UUID(dataset))
        assert stored_dataset
        await session.delete(stored_dataset.latest.preparation)
    await publish_latest(node_database, demo, dataset)

    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 200


@pytest.mark.usefixtures("unhurried")
async def test_no_link_opens_a_draft_that_nobody_looked_at(producer: Producer) -> None:
    dataset = await producer.draft()

    assert (
        await producer.client.get(f"/datasets/{dataset}/versions/1/link")
    ).status_code == 423


async def test_no_link_opens_a_draft_that_could_harm_and_its_page_gives_none(
    producer: Producer,
    node_site: Any,
    monkeypatch: pytest.MonkeyPatch,
    node_database: Database,
    demo: Territory,
) -> None:
    async with serving(clamd) as address:
        build_context = upload.build_preparation_context
        monkeypatch.setattr(
            upload,
            "build_preparation_context",
            lambda *arguments: PreparationContext(
                **{**vars(build_context(*arguments)), "clamd": address}
            ),
        )
        dataset = await producer.draft(TABLE + EICAR + b";x;01/01/2001\n")

    version = await latest(node_database, demo, dataset)
    page = await producer.page(f"/datasets/{dataset}")
    assert "Bloqué" in page
    assert version.file.path not in page
    assert not re.search(r"/versions/1/link", page)
    assert (
        await producer.client.get(f"/datasets/{dataset}/versions/1/link")
    ).status_code == 423
