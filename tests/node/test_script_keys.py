"""A script with a key of the space sends new versions, and nothing else."""

import base64
import hashlib
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import update

from tests.node.conftest import Browse
from tests.node.producer import SLUG, Producer
from tests.node.scripts import OTHER, Script, new_key
from tests.node.sending import Sender, objects, rows, sound
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Dataset, DatasetEvent, Version
from udi.node.files.models import Upload
from udi.node.files.storage.store import ObjectStore
from udi.node.spaces.models import ScriptKey


async def test_a_script_sends_and_publishes_a_version(
    producer: Producer, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient, node_database: Database,
    demo: Territory, store: ObjectStore,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    script = Script(passer_by, await new_key(manager, dataset))

    answer = await script.put(dataset, query="?publish=true&name=nuit.csv")

    payload = answer.json()
    assert (
        answer.status_code,
        payload["version"],
        payload["changed"],
        payload["published"],
    ) == (201, 2, True, True)
    assert (payload["name"], payload["sha256"]) == (
        "nuit.csv",
        hashlib.sha256(OTHER).hexdigest(),
    )
    assert payload["understood"]["rows"] == 3
    assert payload["understood"]["encoding"] == "Windows-1252"
    assert [column["name"] for column in payload["understood"]["columns"]] == [
        "nom",
        "commune",
        "création",
    ]
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == OTHER
    assert await sound(node_database, store, demo) == []
    page = await producer.page(f"/datasets/{dataset}")
    assert "par un programme" in page
    [key] = await rows(node_database, demo, ScriptKey)
    assert key.last_used_at is not None
    events = await rows(node_database, demo, DatasetEvent)
    assert [event.detail["key"] for event in events if "key" in event.detail] == [
        str(key.id)
    ] * 2


@pytest.mark.thorough
async def test_the_same_bytes_again_change_nothing_and_publish_what_waits(
    producer: Producer, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient, node_database: Database,
    demo: Territory, store: ObjectStore,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    script = Script(passer_by, await new_key(manager))

    waiting = await script.put(dataset)
    again = await script.put(dataset, query="?publish=true")

    assert (waiting.status_code, waiting.json()["published"]) == (201, False)
    assert (again.status_code, again.json()["changed"], again.json()["published"]) == (
        200,
        False,
        True,
    )
    assert len(await rows(node_database, demo, Version)) == 2
    assert await sound(node_database, store, demo) == []


async def test_the_same_key_of_a_request_makes_one_version(
    producer: Producer,
    manager: httpx.AsyncClient,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    script = Script(passer_by, await new_key(manager))

    first = await script.put(dataset, Idempotency_Key="night-1")
    again = await script.put(dataset, Idempotency_Key="night-1")

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["version"] == first.json()["version"] == 2
    assert len(await rows(node_database, demo, Version)) == 2


async def test_a_version_that_changed_meanwhile_is_not_replaced(
    producer: Producer, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish()
    script = Script(passer_by, await new_key(manager))
    current = (await passer_by.head(f"/datasets/{dataset}/file")).headers["etag"]

    refused = await script.put(dataset, If_Match='"another"')
    response = await script.put(dataset, If_Match=current)

    assert refused.status_code == 412
    assert refused.headers["content-type"].startswith("application/problem+json")
    assert response.status_code == 201


async def test_a_draft_that_nobody_published_is_not_published_by_a_script(
    producer: Producer, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.draft()
    script = Script(passer_by, await new_key(manager))

    answer = await script.put(dataset, query="?publish=true")

    assert (answer.status_code, answer.json()["published"]) == (201, False)
    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 404


async def test_what_a_script_sends_is_refused_as_what_a_person_sends(
    producer: Producer, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient, node_database: Database,
    demo: Territory, store: ObjectStore,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    script = Script(passer_by, await new_key(manager))
    other_digest = base64.b64encode(hashlib.sha256(b"other").digest()).decode()

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    async def nothing() -> AsyncIterator[bytes]:
        for piece in list[bytes]():
            yield piece

    answers = [
        await script.put(dataset, b""),
        await script.put(dataset, nothing()),
        await script.put(dataset, b"x" * 1_000_001),
        await script.put(dataset, pieces()),
        await script.put(dataset, Repr_Digest=f"sha-256=:{other_digest}:"),
        await script.put(dataset, Repr_Digest="sha-256=:AAAA:"),
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 413, 413, 409, 422]
    assert all(
        answer.headers["content-type"].startswith("application/problem+json")
        for answer in answers
    )
    assert len({key.partition(".")[0] for key in await objects(store, demo)}) == 1
    assert len(await rows(node_database, demo, Version)) == 1


async def test_a_key_opens_what_it_was_made_for_and_nothing_else(
    producer: Producer, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient
) -> None:
    mine = await producer.publish()
    theirs = await producer.draft(OTHER, "autre.csv")
    script = Script(passer_by, await new_key(manager, mine))

    assert (await script.put(theirs)).status_code == 403
    assert (await script.put(str(uuid.uuid4()))).status_code == 404
    assert (await Sender(passer_by, script.headers).begin(5)).status_code == 403
    assert (
        await passer_by.get(f"/datasets/{mine}", headers=script.headers)
    ).status_code == 401
    assert (
        await passer_by.post(f"/datasets/{mine}/publish", headers=script.headers)
    ).status_code == 401


@pytest.mark.thorough
async def test_a_key_of_the_whole_space_sends_in_parts_too(
    producer: Producer, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish()
    sender = Sender(passer_by, {"Authorization": f"Bearer {await new_key(manager)}"})

    address = await sender.address(len(OTHER), dataset=dataset, publish="true")
    await sender.send(address, 0, OTHER[:30])
    await sender.send(address, 30, OTHER[30:])

    assert (await sender.look(address))["state"] == "done"
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == OTHER
    assert (await Sender(producer.client).stand(address)).status_code == 404


async def test_a_key_that_is_not_good_any_more_is_refused(
    producer: Producer,
    manager: httpx.AsyncClient,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    token = await new_key(
        manager, expires=(now() + timedelta(days=2)).date().isoformat()
    )
    script = Script(passer_by, token)
    assert (await Script(passer_by, "udi_unknown").put(dataset)).status_code == 401
    assert (await Script(passer_by, "else").put(dataset)).status_code == 401
    assert (
        await passer_by.put(f"/api/v1/datasets/{dataset}/file", content=OTHER)
    ).status_code == 401

    async with node_database.session(demo.id) as session:
        await session.execute(
            update(ScriptKey).values(expires_at=now() - timedelta(seconds=1))
        )
    over = await script.put(dataset)
    async with node_database.session(demo.id) as session:
        await session.execute(update(ScriptKey).values(expires_at=None))
    [key] = await rows(node_database, demo, ScriptKey)
    revoked = await manager.post(f"/spaces/{SLUG}/keys/{key.id}/revoke")

    assert (over.status_code, over.headers["www-authenticate"][:6]) == (401, "Bearer")
    assert revoked.status_code == 303
    assert (await script.put(dataset)).status_code == 401
    assert "révoquée" in (await manager.get(f"/spaces/{SLUG}/keys")).text
    assert token not in str(
        [vars(row) for row in await rows(node_database, demo, ScriptKey)]
    )


async def test_keys_are_for_those_who_manage(
    producer: Producer, manager: httpx.AsyncClient, node_app: Litestar, demo: Territory, other: Territory,
    stranger: Login, browse: Browse, make_person: Any,
) -> None:  # fmt: skip
    await new_key(manager)

    assert (await producer.client.get(f"/spaces/{SLUG}/keys")).status_code == 403
    assert (
        await producer.client.post(f"/spaces/{SLUG}/keys", data={"name": "x"})
    ).status_code == 403
    async with browse(node_app, demo, stranger) as client:
        assert (await client.get(f"/spaces/{SLUG}/keys")).status_code == 404
    async with browse(
        node_app, other, make_person(other, memberships={SLUG: ["managers"]})
    ) as client:
        assert (await client.get(f"/spaces/{SLUG}/keys")).status_code == 404


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "dataset": "space"},
        {"name": "x", "dataset": "space", "expires": "2020-01-01"},
        {"name": "x", "dataset": "space", "expires": "soon"},
        {"name": "x"},
        {"name": "x", "dataset": str(uuid.uuid4())},
    ],
)
async def test_a_key_without_a_name_a_right_or_a_future_is_refused(
    manager: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
    form: dict[str, str],
) -> None:
    refused = await manager.post(f"/spaces/{SLUG}/keys", data=form)

    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert await rows(node_database, demo, ScriptKey) == []


async def test_a_withdrawn_dataset_takes_nothing(
    producer: Producer,
    manager: httpx.AsyncClient,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    await producer.client.post(
        f"/datasets/{dataset}/withdraw", data={"reason": "Erreur"}
    )
    script = Script(passer_by, await new_key(manager))

    assert (await script.put(dataset)).status_code == 409
    assert await rows(node_database, demo, Upload) == []
    assert len(await rows(node_database, demo, Dataset)) == 1
