"""Files go out whole or in part, as something to save and never to run."""

import base64
import hashlib

import httpx
import pytest
from litestar import Litestar

from tests.depth import FOLDER_BY_DEFAULT
from tests.node.conftest import Browse
from tests.node.lasting import browse as browse
from tests.node.lasting import demo as demo
from tests.node.lasting import each_store as each_store
from tests.node.lasting import make_person as make_person
from tests.node.lasting import passer_by as passer_by
from tests.node.lasting import producer as producer
from tests.node.lasting import publisher as publisher
from tests.node.lasting import reader as reader
from tests.node.lasting import space as space
from tests.node.lasting import stranger as stranger
from tests.node.producer import TABLE, Producer
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Dataset

pytestmark = pytest.mark.usefixtures("each_store")

DIGEST = hashlib.sha256(TABLE)
ETAG = f'"{DIGEST.hexdigest()}"'


async def file_path(database: Database, territory: Territory, dataset: str) -> str:
    async with database.session(territory.id) as session:
        stored_dataset = await session.get_one(Dataset, (territory.id, dataset))
        return stored_dataset.latest.file.path


@pytest.fixture(scope="module")
async def address(producer: Producer, each_store: object) -> str:
    """That of the file of a published dataset, in each of the stores."""
    return f"/datasets/{await producer.publish()}/file"


async def test_the_whole_file_with_all_that_a_client_needs(
    passer_by: httpx.AsyncClient, address: str
) -> None:
    answer = await passer_by.get(address)

    assert answer.content == TABLE
    headers = answer.headers
    assert headers["content-type"] == "text/csv; charset=Windows-1252"
    assert headers["content-length"] == str(len(TABLE))
    assert (
        headers["content-disposition"]
        == "attachment; filename=\"associations.csv\"; filename*=UTF-8''associations.csv"
    )
    assert headers["etag"] == ETAG
    assert (
        headers["repr-digest"]
        == f"sha-256=:{base64.b64encode(DIGEST.digest()).decode()}:"
    )
    assert headers["accept-ranges"] == "bytes"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["last-modified"].endswith("GMT")


async def test_head_says_the_same_without_the_bytes(
    passer_by: httpx.AsyncClient, address: str
) -> None:
    whole = await passer_by.get(address)
    head = await passer_by.head(address, headers={"Range": "bytes=0-0"})

    assert (head.status_code, head.content) == (200, b"")
    passing = {"x-request-id": "", "ratelimit": ""}
    assert {**head.headers, **passing} == {**whole.headers, **passing}


LENGTH = len(TABLE)


@pytest.mark.parametrize(
    ("range_header", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-9", 0, 10),
        ("bytes=10-", 10, LENGTH),
        ("bytes=-5", LENGTH - 5, LENGTH),
        ("bytes=5-100000", 5, LENGTH),
        ("bytes= 3-4", 3, 5),
    ],
)
async def test_one_part_of_the_file(
    passer_by: httpx.AsyncClient, address: str, range_header: str, start: int, end: int
) -> None:
    answer = await passer_by.get(address, headers={"Range": range_header})

    assert answer.content == TABLE[start:end]
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{LENGTH}"
    assert answer.headers["content-length"] == str(end - start)


async def test_a_part_that_is_the_whole_file_is_no_part(
    passer_by: httpx.AsyncClient, address: str
) -> None:
    answer = await passer_by.get(address, headers={"Range": "bytes=-100000"})

    assert (answer.status_code, answer.content) == (200, TABLE)
    assert "content-range" not in answer.headers
    assert answer.headers["content-length"] == str(LENGTH)


@pytest.mark.parametrize(
    "range_header",
    [
        "bytes=0-1,3-4",
        "lines=0-1",
        "bytes=b-c",
        "bytes=5-2",
        "bytes=-",
        "bytes=0-" + "9" * 40,
    ],
)
async def test_what_is_no_single_part_gives_the_whole_file(
    passer_by: httpx.AsyncClient, address: str, range_header: str
) -> None:
    answer = await passer_by.get(address, headers={"Range": range_header})

    assert (answer.status_code, answer.content) == (200, TABLE)


@pytest.mark.parametrize(
    "range_header", [f"bytes={LENGTH}-", "bytes=-0", "bytes=999999999-1000000000"]
)
async def test_a_part_beyond_the_end_is_refused(
    passer_by: httpx.AsyncClient, address: str, range_header: str
) -> None:
    answer = await passer_by.get(address, headers={"Range": range_header})

    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{LENGTH}"


async def test_a_good_copy_is_not_sent_again(
    passer_by: httpx.AsyncClient, address: str
) -> None:
    modified = (await passer_by.head(address)).headers["last-modified"]

    for condition in (
        {"If-None-Match": ETAG}, {"If-None-Match": f'"other", W/{ETAG}'}, {"If-None-Match": "*"}, {"If-Modified-Since": modified},
    ):  # fmt: skip
        answer = await passer_by.get(address, headers=condition)
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (
            304,
            b"",
            ETAG,
        ), condition
    for condition in (
        {"If-None-Match": '"other"'}, {"If-None-Match": '"other"', "If-Modified-Since": modified},
        {"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}, {"If-Modified-Since": "rubbish"},
    ):  # fmt: skip
        assert (await passer_by.get(address, headers=condition)).status_code == 200, (
            condition
        )


async def test_a_part_is_sent_only_of_the_file_the_client_began_with(
    passer_by: httpx.AsyncClient, address: str
) -> None:
    modified = (await passer_by.head(address)).headers["last-modified"]
    part = {"Range": "bytes=0-4"}

    for condition, status in (
        (ETAG, 206), (modified, 206), ('"other"', 200), (f"W/{ETAG}", 200), ("Mon, 01 Jan 2001 00:00:00 GMT", 200), ("x", 200),
    ):  # fmt: skip
        answer = await passer_by.get(address, headers={**part, "If-Range": condition})
        assert answer.status_code == status, condition


@FOLDER_BY_DEFAULT
@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        (
            "evil.svg",
            b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
            "image/svg+xml",
        ),
        ("evil.html", b"<!doctype html><script>alert(1)</script>", "text/html"),
        ("evil.csv", b"<html><script>alert(1)</script></html>", "text/html"),
    ],
)
async def test_what_could_run_is_sealed(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    name: str,
    content: bytes,
    media_type: str,
) -> None:
    dataset = await producer.publish(
        await producer.draft(content, name), reason="Un essai"
    )
    passer_by.event_hooks = {"response": []}  # what a stranger wrote is no page of ours

    answer = await passer_by.get(f"/datasets/{dataset}/file")

    assert answer.content == content
    assert answer.headers["content-type"].startswith(media_type)
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"


@FOLDER_BY_DEFAULT
async def test_each_version_keeps_its_own_address(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    first = await file_path(node_database, demo, dataset)
    newer = TABLE + b"Tennis;Kerl\xe9van;01/02/2020\n"
    assert (
        await producer.send(
            newer, "associations-v2.csv", f"/datasets/{dataset}/versions"
        )
    ).status_code == 303
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == TABLE

    await producer.publish(dataset)

    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == newer
    assert (await passer_by.get(first)).content == TABLE
    assert (
        await passer_by.get(await file_path(node_database, demo, dataset))
    ).content == newer


@FOLDER_BY_DEFAULT
async def test_a_draft_is_delivered_to_its_producer_only(
    producer: Producer, passer_by: httpx.AsyncClient, node_app: Litestar, demo: Territory, other: Territory, browse: Browse,
    stranger: Login, reader: Login, node_database: Database,
) -> None:  # fmt: skip
    path = await file_path(node_database, demo, await producer.draft())

    response = await producer.client.get(path)

    assert (
        response.status_code,
        response.content,
        response.headers["cache-control"],
    ) == (
        200,
        TABLE,
        "private, no-store",
    )
    assert "access-control-allow-origin" not in response.headers
    assert (await passer_by.get(path)).status_code == 404
    for territory, person, status in (
        (demo, stranger, 404),
        (demo, reader, 403),
        (other, None, 404),
    ):
        async with browse(node_app, territory, person) as client:
            assert (await client.get(path)).status_code == status


async def test_a_withdrawn_file_is_gone_for_everyone(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    path = await file_path(node_database, demo, dataset)
    assert (await passer_by.get(path)).status_code == 200

    withdrawn = await producer.client.post(
        f"/datasets/{dataset}/withdraw", data={"reason": "Données fausses"}
    )

    assert withdrawn.status_code == 303
    for address in (path, f"/datasets/{dataset}/file"):
        for client in (passer_by, producer.client):
            gone = await client.get(address)
            assert gone.status_code == 410
            assert "a retiré ce fichier" in gone.text
