"""Where an upload may go and how far: into its own space, not past its place, once, and never into what is over."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import delete

from tests.node.conftest import Browse
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.scripts import Script, new_key
from tests.node.sending import Sender, objects, rows
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.intake import resumable
from udi.node.datasets.intake.finish import UploadContext, finish_upload
from udi.node.datasets.models import Dataset, Version
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.intake import reception, uploads
from udi.node.files.intake.assemble import assemble_upload
from udi.node.files.models import Upload, UploadPart
from udi.node.files.storage.store import ObjectStore
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.node.spaces.actions import apply_space
from udi.node.spaces.models import ScriptKey, Space
from udi.tabular.queries.readers import READERS
from udi.ui.site import Site

PLACE = 1_000_000
"""Bytes of the space."""


@pytest.fixture
def sender(producer: Producer) -> Sender:
    return Sender(producer.client)


@pytest.fixture
async def port(node_database: Database, demo: Territory) -> Space:
    """The space of another producer."""
    async with node_database.session(demo.id, role="owner") as session:
        return await apply_space(
            session,
            slug="port",
            organisation_id=uuid.uuid4(),
            name="Port",
            email="port@kerlevan.example",
        )


@pytest.fixture
async def both(
    node_app: Litestar,
    demo: Territory,
    space: Space,
    port: Space,
    browse: Browse,
    make_person: Callable[..., Login],
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who publishes for both producers."""
    person = make_person(
        demo, memberships={SLUG: ["publishers"], "port": ["publishers"]}
    )
    async with browse(node_app, demo, person) as client:
        yield client


async def test_a_key_of_one_space_brings_no_version_to_a_dataset_of_another(
    both: httpx.AsyncClient, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient
) -> None:
    sent = await Producer(both).send(path="/spaces/port/datasets")
    theirs = sent.headers["location"].split("/")[2]
    script = Script(passer_by, await new_key(manager))

    begun = await Sender(passer_by, script.headers).begin(5, dataset=theirs)
    put = await script.put(theirs)

    assert (begun.status_code, put.status_code) == (404, 404)


async def test_a_key_is_revoked_on_the_page_of_its_own_space(
    node_app: Litestar, demo: Territory, space: Space, port: Space, browse: Browse, make_person: Callable[..., Login],
    node_database: Database,
) -> None:  # fmt: skip
    person = make_person(demo, memberships={SLUG: ["managers"], "port": ["managers"]})
    async with browse(node_app, demo, person) as client:
        await new_key(client)
        [key] = await rows(node_database, demo, ScriptKey)
        elsewhere = await client.post(f"/spaces/port/keys/{key.id}/revoke")
        [untouched] = await rows(node_database, demo, ScriptKey)
        own_response = await client.post(f"/spaces/{SLUG}/keys/{key.id}/revoke")

    assert (elsewhere.status_code, untouched.revoked_at, own_response.status_code) == (
        404,
        None,
        303,
    )


async def test_a_member_of_two_spaces_sends_a_version_through_the_space_of_its_dataset(
    both: httpx.AsyncClient,
) -> None:
    dataset = await Producer(both).draft()

    elsewhere = await Sender(both).begin(5, slug="port", dataset=dataset)
    accepted = await Sender(both).begin(5, dataset=dataset)

    assert (elsewhere.status_code, accepted.status_code) == (404, 201)


async def test_a_sender_adds_nothing_to_a_file_that_is_fetched(sender: Sender) -> None:
    fetch_response = await sender.client.post(
        f"/spaces/{SLUG}/fetch", data={"address": "https://example.org/a.csv"}
    )
    address = fetch_response.headers["location"]

    answer = await sender.send(address, 0, TABLE)

    assert (fetch_response.status_code, answer.status_code) == (303, 409)


async def test_an_upload_that_failed_takes_nothing_more(sender: Sender) -> None:
    sent = await sender.begin(len(TABLE), content=TABLE, sha256="0" * 64)

    answer = await sender.send(sent.headers["location"], len(TABLE), b"")

    assert answer.status_code == 410


async def test_a_size_that_is_said_late_is_compared_with_the_place_that_is_left(
    sender: Sender,
) -> None:
    address = await sender.address(None)

    answer = await sender.send(address, 0, b"x", Upload_Length=str(PLACE + 1))

    assert answer.status_code == 413
    assert await sender.offset(address) == 0


async def test_an_upload_of_unknown_size_takes_no_more_than_its_space_has(
    sender: Sender,
) -> None:
    address = await sender.address(None)

    answer = await sender.send(address, 0, b"x" * (PLACE + 1))

    assert answer.status_code == 413


async def test_a_space_has_so_many_uploads_under_way(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_OPEN", 1)
    first = await sender.begin(5)

    assert (first.status_code, (await sender.begin(5)).status_code) == (201, 409)


async def test_what_became_a_version_is_not_given_up(
    sender: Sender, producer: Producer, demo: Territory, store: ObjectStore
) -> None:
    sent = await sender.begin(len(TABLE), content=TABLE)
    address = sent.headers["location"]
    before = await objects(store, demo)

    terminated = await sender.client.delete(address, headers={"Tus-Resumable": "1.0.0"})

    assert terminated.status_code == 409
    assert await objects(store, demo) == before != []


async def test_a_form_has_a_few_parts(
    producer: Producer, demo: Territory, store: ObjectStore
) -> None:
    answer = await producer.client.post(
        f"/spaces/{SLUG}/datasets",
        data={f"field{number}": "x" for number in range(20)},
        files={"file": ("associations.csv", TABLE)},
    )

    assert answer.status_code == 422
    assert await objects(store, demo) == []


def desk_of(site: Site, territory: Territory) -> UploadContext:
    storage = TenantStorage(
        site.database, site.services[OBJECTS], territory.id, "worker"
    )
    return UploadContext(storage, territory, site.pages.gettext, site.services[READERS])


async def received(
    sender: Sender,
    database: Database,
    territory: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Upload, list[UploadPart]]:
    """An upload whose bytes are all here, in several parts, and which nobody ended yet."""
    monkeypatch.setattr(resumable, "AT_ONCE", 10)
    monkeypatch.setattr(reception, "LEAST_PART", 10_000)
    content = TABLE * 300
    address = await sender.address(len(content))
    await sender.send(
        address, 0, iter([content[i : i + 4096] for i in range(0, len(content), 4096)])
    )
    [upload] = await rows(database, territory, Upload)
    return upload, sorted(
        await rows(database, territory, UploadPart), key=lambda part: part.start
    )


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(0, marks=pytest.mark.thorough),
        pytest.param(1, marks=pytest.mark.thorough),
        -1,
    ],
    ids=["first", "second", "last"],
)
async def test_a_file_is_not_put_together_without_one_of_its_parts(
    sender: Sender, node_site: Site, node_database: Database, demo: Territory, place: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    upload, parts = await received(sender, node_database, demo, monkeypatch)
    async with node_database.session(demo.id, role="worker") as session:
        await session.execute(
            delete(UploadPart).where(UploadPart.id == parts[place].id)
        )

    ended = await finish_upload(desk_of(node_site, demo), upload.id)

    assert ended is not None
    assert ended.state == "failed"
    assert await rows(node_database, demo, Dataset) == []


async def test_an_upload_that_is_ended_twice_at_once_becomes_one_version(
    sender: Sender,
    node_site: Site,
    node_database: Database,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    upload, _ = await received(sender, node_database, demo, monkeypatch)
    workspace = desk_of(node_site, demo)
    await assemble_upload(workspace.storage, upload)

    ended: list[Any] = await asyncio.gather(
        *(finish_upload(workspace, upload.id) for _ in range(2))
    )

    assert [finished_upload.state for finished_upload in ended] == ["done", "done"]
    assert len(await rows(node_database, demo, Version)) == 1
