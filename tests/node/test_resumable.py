"""Files sent in parts: tus 1.0, whose state is in PostgreSQL and the object store alone."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import update

from tests.depth import FOLDER_BY_DEFAULT
from tests.node.conftest import Browse
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.sending import BYTES, TUS, Sender, checksum, objects, rows, sound
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.intake import resumable
from udi.node.datasets.intake.tasks import task_handlers
from udi.node.datasets.models import Dataset
from udi.node.files.intake import reception
from udi.node.files.intake.reception import (
    LEAST_PART,
    MOST_PART,
    UploadBuffers,
    part_size,
)
from udi.node.files.intake.upload_lock import FINISH_UPLOAD
from udi.node.files.intake.uploads import LIFETIME
from udi.node.files.models import StoredFile, Upload, UploadPart
from udi.node.files.storage.store import ObjectStore
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.node.files.sweep import clean_up_uploads
from udi.node.spaces.models import Space
from udi.ui.site import Site

pytestmark = pytest.mark.usefixtures("each_store")


@pytest.fixture
def sender(producer: Producer) -> Sender:
    return Sender(producer.client)


async def test_a_server_says_what_it_can(producer: Producer) -> None:
    answer = await producer.client.options(f"/spaces/{SLUG}/uploads")

    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert "creation-with-upload" in answer.headers["tus-extension"]
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"
    assert int(answer.headers["tus-max-size"]) == 50 * 1024**3


async def test_a_file_sent_in_three_requests_becomes_a_draft(
    sender: Sender,
    producer: Producer,
    node_database: Database,
    demo: Territory,
    store: ObjectStore,
) -> None:
    address = await sender.address(len(TABLE), sha256=hashlib.sha256(TABLE).hexdigest())
    for start, end in ((0, 10), (10, 40), (40, len(TABLE))):
        assert await sender.offset(address) == start
        answer = await sender.send(address, start, TABLE[start:end])
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(end))

    upload_status = await sender.look(address)
    [file] = await rows(node_database, demo, StoredFile)
    assert (upload_status["state"], upload_status["sha256"]) == (
        "done",
        hashlib.sha256(TABLE).hexdigest(),
    )
    assert (file.name, file.size, file.sha256) == (
        "associations.csv",
        len(TABLE),
        upload_status["sha256"],
    )
    assert "Associations" in await producer.page(upload_status["next"])
    assert await rows(node_database, demo, UploadPart) == []
    assert await sound(node_database, store, demo) == []


@FOLDER_BY_DEFAULT
async def test_bytes_may_come_with_the_announcement(sender: Sender) -> None:
    answer = await sender.begin(len(TABLE), content=TABLE)

    assert (answer.status_code, answer.headers["upload-offset"]) == (
        201,
        str(len(TABLE)),
    )
    assert (await sender.look(answer.headers["location"]))["state"] == "done"


@FOLDER_BY_DEFAULT
async def test_a_size_may_be_said_last(sender: Sender) -> None:
    address = await sender.address(None)
    assert (await sender.stand(address)).headers["upload-defer-length"] == "1"

    await sender.send(address, 0, TABLE)
    ended = await sender.send(address, len(TABLE), b"", Upload_Length=str(len(TABLE)))

    assert ended.status_code == 204
    assert (await sender.look(address))["state"] == "done"


@FOLDER_BY_DEFAULT
async def test_a_new_version_waits_on_its_dataset(
    sender: Sender, producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.publish()

    await sender.begin(
        len(TABLE) + 12, content=TABLE + b"A;B;01/01/99", dataset=dataset
    )

    [row] = await rows(node_database, demo, Dataset)
    assert [version.number for version in row.versions] == [2, 1]
    assert row.pending is not None


@FOLDER_BY_DEFAULT
async def test_the_same_bytes_as_the_last_version_are_refused_and_nothing_stays(
    sender: Sender,
    producer: Producer,
    node_database: Database,
    demo: Territory,
    store: ObjectStore,
) -> None:
    dataset = await producer.draft()

    sent = await sender.begin(len(TABLE), content=TABLE, dataset=dataset)

    upload_status = await sender.look(sent.headers["location"])
    assert (upload_status["state"], "même fichier" in upload_status["error"]) == (
        "failed",
        True,
    )
    page = await producer.page(sent.headers["location"])
    assert "même fichier" in page
    assert await sound(node_database, store, demo) == []


async def test_a_digest_that_differs_from_the_one_announced_is_refused(
    sender: Sender, node_database: Database, demo: Territory, store: ObjectStore
) -> None:
    sent = await sender.begin(len(TABLE), content=TABLE, sha256="0" * 64)

    assert (await sender.look(sent.headers["location"]))["state"] == "failed"
    assert await objects(store, demo) == []


async def test_another_offset_is_refused_with_the_right_one(sender: Sender) -> None:
    address = await sender.address(100)
    await sender.send(address, 0, b"x" * 10)

    answer = await sender.send(address, 5, b"x")

    assert (answer.status_code, answer.headers["upload-offset"]) == (409, "10")
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    "algorithm", [pytest.param("sha1", marks=pytest.mark.thorough), "sha256"]
)
async def test_bytes_that_changed_on_the_way_are_refused_and_forgotten(
    sender: Sender, demo: Territory, store: ObjectStore, algorithm: str
) -> None:
    address = await sender.address(len(TABLE))

    refused = await sender.send(
        address, 0, TABLE[:50], Upload_Checksum=checksum(b"other", algorithm)
    )

    assert refused.status_code == 460
    assert await sender.offset(address) == 0
    assert await objects(store, demo) == []
    response = await sender.send(
        address, 0, TABLE, Upload_Checksum=checksum(TABLE, algorithm)
    )
    assert response.status_code == 204


UNREADABLE: Sequence[tuple[dict[str, str], int]] = (
    ({"Tus-Resumable": "0.2.2"}, 412),
    ({"Content-Type": "text/csv"}, 415),
    ({"Upload-Checksum": "md5 AAAA"}, 422),
    ({"Upload-Checksum": "sha1 AAAA"}, 422),
    ({"Upload-Offset": "ten"}, 422),
)


async def test_what_cannot_be_understood_is_refused(sender: Sender) -> None:
    address = await sender.address(100)

    for headers, status in UNREADABLE:
        answer = await sender.client.patch(
            address, content=b"x", headers={**BYTES, "Upload-Offset": "0", **headers}
        )

        assert answer.status_code == status, headers
        assert await sender.offset(address) == 0, headers


NOT_KEPT: Sequence[tuple[dict[str, str], int]] = (
    ({"Upload-Length": "0"}, 422),
    ({}, 422),
    ({"Upload-Length": "5", "Upload-Defer-Length": "1"}, 422),
    ({"Upload-Length": "-5"}, 422),
    ({"Upload-Length": str(60 * 1024**3)}, 413),
    ({"Upload-Length": "1000001"}, 413),
    ({"Upload-Length": "5", "Upload-Metadata": "filename é"}, 422),
    ({"Upload-Length": "5", "Upload-Metadata": "dataset eA=="}, 422),
    ({"Upload-Length": "5", "Upload-Metadata": "sha256 eA=="}, 422),
    ({"Upload-Length": "5", "Idempotency-Key": "x" * 201}, 422),
)


async def test_an_announcement_that_cannot_be_kept_is_refused(
    sender: Sender, node_database: Database, demo: Territory
) -> None:
    for headers, status in NOT_KEPT:
        sent = {name: value.encode() for name, value in {**TUS, **headers}.items()}

        answer = await sender.client.post(f"/spaces/{SLUG}/uploads", headers=sent)

        assert answer.status_code == status, (headers, answer.text)
        assert await rows(node_database, demo, Upload) == [], headers


async def test_more_than_announced_is_refused(sender: Sender) -> None:
    address = await sender.address(10)

    answer = await sender.send(address, 0, b"x" * 11)

    assert answer.status_code == 413
    assert await sender.offset(address) == 0


@FOLDER_BY_DEFAULT
async def test_open_uploads_take_place_in_the_space(
    sender: Sender, producer: Producer
) -> None:
    first = await sender.address(600_000)

    assert (await sender.begin(600_000)).status_code == 413
    assert (await producer.send(b"a;b\n" * 150_000)).status_code == 413
    given_up = await sender.client.delete(first, headers=TUS)

    assert given_up.status_code == 204
    assert (await sender.begin(600_000)).status_code == 201


@FOLDER_BY_DEFAULT
async def test_the_same_key_finds_the_same_upload(
    sender: Sender, node_database: Database, demo: Territory
) -> None:
    first = await sender.begin(len(TABLE), content=TABLE, key="night-1")
    again = await sender.begin(len(TABLE), content=TABLE, key="night-1")
    other = await sender.begin(len(TABLE) - 1, key="night-1")

    assert again.status_code == 201
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["upload-offset"] == str(len(TABLE))
    assert other.status_code == 409
    assert len(await rows(node_database, demo, Dataset)) == 1


@FOLDER_BY_DEFAULT
async def test_nobody_else_touches_an_upload(
    sender: Sender, node_app: Litestar, demo: Territory, make_person: Any, stranger: Login, reader: Login,
    passer_by: httpx.AsyncClient, browse: Browse,
) -> None:  # fmt: skip
    address = await sender.address(100)
    colleague = make_person(demo, memberships={SLUG: ["publishers"]})

    for person, status in ((colleague, 404), (stranger, 404), (reader, 404)):
        async with browse(node_app, demo, person) as client:
            other = Sender(client)
            assert (await other.stand(address)).status_code == status
            assert (await other.send(address, 0, b"x")).status_code == status
            assert (await client.delete(address, headers=TUS)).status_code == status
    assert (await Sender(passer_by).send(address, 0, b"x")).status_code == 401
    assert (await Sender(passer_by).begin(5)).status_code == 401
    for person, status in ((stranger, 404), (reader, 403)):
        async with browse(node_app, demo, person) as client:
            assert (await Sender(client).begin(5)).status_code == status
    async with browse(node_app, demo, colleague) as client:
        assert (await client.post(f"{address}/give-up")).status_code == 303
    assert (await sender.stand(address)).status_code == 404


async def test_two_requests_do_not_send_at_once(sender: Sender) -> None:
    address = await sender.address(200)
    reached = asyncio.Event()
    go = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"x" * 10
        reached.set()
        await go.wait()
        yield b"x" * 10

    first = asyncio.create_task(sender.send(address, 0, slowly()))
    await reached.wait()
    second = await sender.send(address, 0, b"y" * 20)
    go.set()

    assert (second.status_code, second.headers["retry-after"]) == (423, "10")
    assert (await first).headers["upload-offset"] == "20"


async def test_a_request_that_was_overtaken_changes_nothing(
    sender: Sender, node_database: Database, demo: Territory, store: ObjectStore
) -> None:
    address = await sender.address(200)
    reached = asyncio.Event()
    go = asyncio.Event()

    async def silent() -> AsyncIterator[bytes]:
        yield b"x" * 10
        reached.set()
        await go.wait()

    first = asyncio.create_task(sender.send(address, 0, silent()))
    await reached.wait()
    async with node_database.session(demo.id) as session:
        await session.execute(
            update(Upload).values(locked_until=now() - timedelta(seconds=1))
        )
    second = await sender.send(address, 0, b"y" * 20)
    go.set()

    assert second.status_code == 204
    assert (await first).status_code == 423
    assert await sender.offset(address) == 20
    assert len(await objects(store, demo)) == 1


async def cut_after(
    app: Litestar, sender: Sender, address: str, content: bytes, **headers: str
) -> None:
    """A connection that is cut after these bytes."""
    cookie = "; ".join(
        f"{name}={value}" for name, value in sender.client.cookies.items()
    )
    sent = {
        **BYTES,
        "Upload-Offset": "0",
        "Cookie": cookie,
        "Sec-Fetch-Site": "same-origin",
        **headers,
    }
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "PATCH", "scheme": "http",
        "path": address, "raw_path": address.encode(), "query_string": b"", "root_path": "",
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "headers": [(b"host", sender.client.base_url.netloc)]
        + [(name.lower().encode(), value.encode()) for name, value in sent.items()],
    }  # fmt: skip
    pieces = [content[i : i + 65536] for i in range(0, len(content), 65536)]
    messages = [
        {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
    ]

    async def receive() -> Any:
        if messages:
            return messages.pop(0)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        """Nobody reads it."""

    await asyncio.wait_for(app(scope, receive, send), 30)  # type: ignore[arg-type]


async def test_what_arrived_before_the_connection_was_cut_is_kept(
    sender: Sender, node_app: Litestar
) -> None:
    address = await sender.address(900_000)

    await cut_after(node_app, sender, address, b"x" * 123_457)

    assert await sender.offset(address) == 123_457
    assert (await sender.send(address, 123_457, b"x" * 10)).status_code == 204


async def test_of_a_request_with_a_checksum_nothing_is_kept_when_it_is_cut(
    sender: Sender, node_app: Litestar, demo: Territory, store: ObjectStore
) -> None:
    """Nor when all that was summed came before the cut: the request did not end."""
    content = b"x" * 123_457
    for summed in (b"x" * 400_000, content):
        address = await sender.address(400_000)

        await cut_after(
            node_app, sender, address, content, **{"Upload-Checksum": checksum(summed)}
        )

        assert await sender.offset(address) == 0
        assert await objects(store, demo) == []


async def test_a_sender_that_says_nothing_any_more_is_sent_away_and_its_bytes_kept(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "PATIENCE", 1.0)
    address = await sender.address(100)

    async def stalled() -> AsyncIterator[bytes]:
        yield b"x" * 10
        await asyncio.sleep(600)
        yield b"x"

    answer = await sender.send(address, 0, stalled())

    assert answer.status_code == 408
    assert await sender.offset(address) == 10


async def test_a_sender_that_trickles_is_sent_away_and_its_bytes_kept(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "PATIENCE", 1.0)
    address = await sender.address(100)

    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"x"
            await asyncio.sleep(0.15)

    answer = await sender.send(address, 0, trickle())

    assert answer.status_code == 408
    assert 0 < await sender.offset(address) < 20


@FOLDER_BY_DEFAULT
async def test_an_upload_waits_a_day_for_its_next_byte(
    sender: Sender, node_database: Database, demo: Territory, store: ObjectStore
) -> None:
    address = await sender.address(100)
    await sender.send(address, 0, b"x" * 10)
    assert "upload-expires" in (await sender.stand(address)).headers
    async with node_database.session(demo.id) as session:
        await session.execute(
            update(Upload).values(moved_at=now() - LIFETIME - timedelta(seconds=1))
        )

    assert (await sender.stand(address)).status_code == 410
    assert (await sender.send(address, 10, b"x")).status_code == 410
    await clean_up_uploads(TenantStorage(node_database, store, demo.id, "worker"))

    assert (await sender.stand(address)).status_code == 404
    assert await objects(store, demo) == []
    assert await rows(node_database, demo, UploadPart) == []


async def test_a_large_file_is_put_together_by_a_job(
    sender: Sender, node_site: Site, node_database: Database, demo: Territory, store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(resumable, "AT_ONCE", 1000)
    monkeypatch.setattr(reception, "LEAST_PART", 10_000)
    content = TABLE * 1000
    address = await sender.address(len(content))
    await sender.send(
        address, 0, iter([content[i : i + 4096] for i in range(0, len(content), 4096)])
    )
    upload_status = await sender.look(address)
    assert (
        upload_status["state"],
        upload_status["received"],
        upload_status["dataset"],
    ) == (
        "assembling",
        len(content),
        None,
    )
    assert len(await rows(node_database, demo, UploadPart)) > 1

    job = Job(FINISH_UPLOAD, demo.id, {"upload": upload_status["id"]}, 0, last=False)
    await task_handlers(node_site)[FINISH_UPLOAD](job)
    await task_handlers(node_site)[FINISH_UPLOAD](job)

    upload_status = await sender.look(address)
    assert (upload_status["state"], upload_status["assembled"]) == (
        "done",
        len(content),
    )
    assert upload_status["sha256"] == hashlib.sha256(content).hexdigest()
    assert await sound(node_database, store, demo) == []


async def test_a_part_that_the_store_lost_ends_the_upload_in_words(
    sender: Sender,
    node_site: Site,
    demo: Territory,
    store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resumable, "AT_ONCE", 10)
    sent = await sender.begin(len(TABLE), content=TABLE)
    [part] = await objects(store, demo)
    await store.delete(part)
    upload_status = await sender.look(sent.headers["location"])

    await task_handlers(node_site)[FINISH_UPLOAD](
        Job(FINISH_UPLOAD, demo.id, {"upload": upload_status["id"]}, 0, last=False)
    )

    upload_status = await sender.look(sent.headers["location"])
    assert (upload_status["state"], upload_status["error"][:8]) == (
        "failed",
        "Une part",
    )


async def test_the_space_of_another_territory_is_not_found(
    node_app: Litestar, other: Territory, space: Space, make_person: Any, browse: Browse
) -> None:
    person = make_person(other, memberships={SLUG: ["publishers"]})
    async with browse(node_app, other, person) as client:
        assert (await Sender(client).begin(5)).status_code == 404


def test_parts_grow_with_the_file_and_stay_few() -> None:
    offset = 0
    count = 0
    while offset < 50 * 1024**3:
        offset = offset + part_size(offset)
        count = count + 1

    assert part_size(0) == LEAST_PART
    assert part_size(1024**3) == MOST_PART
    assert count < 4000


def test_the_memory_for_bytes_is_shared_evenly() -> None:
    buffers = UploadBuffers(64)
    with buffers.share() as first:
        assert first() == reception.LEAST_SHARE

    buffers = UploadBuffers(64 * reception.LEAST_SHARE)
    with buffers.share() as first, buffers.share() as second:
        assert first() == second() == 32 * reception.LEAST_SHARE
