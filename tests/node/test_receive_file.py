"""Files come in piece by piece, whole or not at all."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psutil
import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.depth import FOLDER_BY_DEFAULT, examples
from tests.node.producer import SLUG, TABLE, Producer
from tests.service_overrides import ServiceOverrides
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.files.models import StoredFile
from udi.node.files.storage.store import ObjectStore
from udi.node.spaces.actions import apply_space
from udi.node.spaces.models import Space
from udi.settings import Settings

pytestmark = pytest.mark.usefixtures("each_store")

BOUNDARY = "frontier"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
HEAD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="large.csv"\r\n\r\n'.encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()
MEGABYTE = b"un;deux;trois;quatre;cinq\n" * 40_330


async def objects(store: ObjectStore, territory: Territory) -> list[str]:
    """The files whose bytes, or what was made of them, are in the store."""
    return sorted(
        {
            entry["path"].partition(".")[0]
            async for entry in store.list(str(territory.id))
        }
    )


async def stored(database: Database, territory: Territory) -> list[StoredFile]:
    async with database.session(territory.id) as session:
        return list((await session.scalars(select(StoredFile))).all())


async def test_a_file_is_stored_with_its_size_and_digest(
    producer: Producer, node_database: Database, demo: Territory, store: ObjectStore
) -> None:
    await producer.draft()

    [file] = await stored(node_database, demo)

    assert (file.size, file.sha256) == (len(TABLE), hashlib.sha256(TABLE).hexdigest())
    assert b"".join(store.read(file.key)) == TABLE
    assert file.key.startswith(f"{demo.id}/{file.space_id}/{file.dataset_id}/")


@FOLDER_BY_DEFAULT
async def test_300_megabytes_pass_without_being_held(
    producer: Producer, node_database: Database, demo: Territory, space: Space
) -> None:
    async with node_database.session(demo.id, role="owner") as session:
        await apply_space(
            session,
            slug=SLUG,
            organisation_id=space.organisation_id,
            name=space.name,
            email=space.email,
            quota_bytes=10**9,
        )
    process = psutil.Process()
    peak = 0
    count = examples(150, 300)
    digest = hashlib.sha256()
    before = process.memory_info().rss

    async def body() -> AsyncIterator[bytes]:
        nonlocal peak
        yield HEAD
        for _ in range(count):
            digest.update(MEGABYTE)
            yield MEGABYTE
            peak = max(peak, process.memory_info().rss)
        yield TAIL

    answer = await producer.client.post(
        f"/spaces/{SLUG}/datasets", content=body(), headers=FORM, timeout=300
    )

    assert answer.status_code == 303
    [file] = await stored(node_database, demo)
    assert (file.size, file.sha256) == (count * len(MEGABYTE), digest.hexdigest())
    assert peak - before < 100 * 1024**2


async def test_an_upload_cut_short_leaves_nothing(
    producer: Producer, node_database: Database, demo: Territory, store: ObjectStore
) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield HEAD
        for _ in range(20):
            yield b"x" * 30_000

    answer = await producer.client.post(
        f"/spaces/{SLUG}/datasets", content=body(), headers=FORM
    )

    assert answer.status_code == 422
    assert "n’a pas été reçu en entier" in answer.text
    assert await objects(store, demo) == []
    assert await stored(node_database, demo) == []


async def test_a_client_that_goes_away_leaves_nothing(
    node_app: Litestar,
    producer: Producer,
    node_database: Database,
    demo: Territory,
    store: ObjectStore,
) -> None:
    cookie = "; ".join(
        f"{name}={value}" for name, value in producer.client.cookies.items()
    )
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": f"/spaces/{SLUG}/datasets", "raw_path": f"/spaces/{SLUG}/datasets".encode(), "query_string": b"",
        "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "headers": [
            (b"host", httpx.URL(demo.links["node"]).netloc), (b"cookie", cookie.encode()),
            (b"content-type", FORM["Content-Type"].encode()), (b"sec-fetch-site", b"same-origin"),
        ],
    }  # fmt: skip
    messages = [
        {"type": "http.request", "body": HEAD + b"x" * 900_000, "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        if messages:
            return messages.pop(0)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await asyncio.wait_for(node_app(scope, receive, send), 30)  # type: ignore[arg-type]

    assert all(message.get("status", 500) != 303 for message in sent)
    assert await objects(store, demo) == []
    assert await stored(node_database, demo) == []


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [(b"", 422, "vide"), (b"x" * 1_000_001, 413, "pas assez de place")],
    ids=["empty", "over the quota"],
)
async def test_what_cannot_be_kept_is_refused_with_the_reason(
    producer: Producer,
    demo: Territory,
    store: ObjectStore,
    content: bytes,
    status: int,
    words: str,
) -> None:
    answer = await producer.send(content)

    assert answer.status_code == status
    assert words in answer.text
    assert await objects(store, demo) == []


@FOLDER_BY_DEFAULT
async def test_the_quota_counts_what_is_already_there(
    producer: Producer, demo: Territory, store: ObjectStore
) -> None:
    await producer.draft(b"a;b\n" * 150_000)

    refused = await producer.send(b"a;c\n" * 150_000)

    assert refused.status_code == 413
    assert len(await objects(store, demo)) == 1


@FOLDER_BY_DEFAULT
async def test_the_quota_counts_what_came_during_an_upload(
    producer: Producer, demo: Territory, store: ObjectStore
) -> None:
    """Both files had their place when they began, and one of them has it still."""
    content = b"a;b\n" * 150_000
    address = f"/spaces/{SLUG}/datasets"

    async def body() -> AsyncIterator[bytes]:
        yield HEAD
        yield content[:300_000]
        await producer.draft(b"a;c\n" * 150_000)
        yield content[300_000:]
        yield TAIL

    refused = await producer.client.post(address, content=body(), headers=FORM)

    assert refused.status_code == 413
    assert "pas assez de place" in refused.text
    assert len(await objects(store, demo)) == 1


async def test_a_file_over_the_node_s_limit_is_refused_in_words(
    producer: Producer,
    services: ServiceOverrides,
    node_site: Any,
    demo: Territory,
    store: ObjectStore,
    settings: Settings,
) -> None:
    node_site.settings = settings.model_copy(update={"upload_limit": 1000})
    try:
        refused = await producer.send(b"x" * 2000)
    finally:
        node_site.settings = settings

    assert refused.status_code == 413
    assert "dépasse ce que le nœud accepte" in refused.text
    assert await objects(store, demo) == []


@pytest.mark.parametrize(
    "form",
    [
        {"data": {"file": "not a file"}},
        {
            "content": b"file=x",
            "headers": {"Content-Type": "application/x-www-form-urlencoded"},
        },
        {"content": b"nothing of a form", "headers": FORM},
        {"files": [("file", ("a.csv", b"a;b\n")), ("file", ("b.csv", b"c;d\n"))]},
        {"files": {"other": ("a.csv", b"a;b\n")}},
        {"content": b"", "headers": {"Content-Type": "multipart/form-data"}},
    ],
    ids=["text", "urlencoded", "rubbish", "two files", "another field", "no boundary"],
)
async def test_a_form_without_one_file_is_refused(
    producer: Producer, demo: Territory, store: ObjectStore, form: dict[str, Any]
) -> None:
    refused = await producer.client.post(f"/spaces/{SLUG}/datasets", **form)

    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert await objects(store, demo) == []


@FOLDER_BY_DEFAULT
async def test_nobody_else_drops_a_file_here(
    node_app: Litestar, demo: Territory, space: Space, browse: Any, stranger: Login, reader: Login, passer_by: httpx.AsyncClient,
    store: ObjectStore,
) -> None:  # fmt: skip
    for person, status in ((stranger, 404), (reader, 403)):
        async with browse(node_app, demo, person) as client:
            assert (await Producer(client).send()).status_code == status
            assert (
                await client.get(f"/spaces/{SLUG}/datasets/new")
            ).status_code == status
    assert (await Producer(passer_by).send()).status_code == 401
    assert await objects(store, demo) == []
