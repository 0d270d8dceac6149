"""The same promises of a folder and of S3; and of S3, what it says when something is wrong with it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.node.producer import TABLE, Producer
from tests.s3 import S3Service
from tests.service_overrides import ServiceOverrides
from udi.cli.checks.machine import check_machine
from udi.cli.finding import Finding
from udi.kit.errors import TooLargeError
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.storage.store import (
    ABSENT,
    REFUSED,
    SILENT,
    ObjectStore,
    StoreError,
)
from udi.settings import MissingSecretError, Settings

MEGABYTE = 1024 * 1024
KEY = "territory/space/dataset/file"


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.programs)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An empty store of each kind."""
    if request.param == "folder":
        return ObjectStore.of(Settings(object_store=str(tmp_path / "objects")))
    service: S3Service = request.getfixturevalue("s3")
    return ObjectStore.of(service.empty_bucket())


async def megabytes(count: int, then: Exception | None = None) -> AsyncIterator[bytes]:
    for number in range(count):
        yield bytes([number]) * MEGABYTE
    if then:
        raise then


async def content(store: ObjectStore, key: str, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in store.stream(key, start, end)])


async def keys(store: ObjectStore, prefix: str) -> list[str]:
    return [entry["path"] async for entry in store.list(prefix)]


async def test_what_was_put_comes_back_whole_in_part_and_for_a_thread(
    store: ObjectStore,
) -> None:
    await store.put(KEY, megabytes(20))
    whole = b"".join([piece async for piece in megabytes(20)])

    assert await content(store, KEY, 0, len(whole)) == whole
    assert await content(store, KEY, MEGABYTE - 2, MEGABYTE + 2) == b"\0\0\1\1"
    assert await content(store, KEY, 5, 5) == b""
    assert await asyncio.to_thread(lambda: b"".join(store.read(KEY))) == whole


@pytest.mark.parametrize("size", [1, 20])
async def test_an_upload_that_fails_on_the_way_leaves_nothing_and_says_why(
    store: ObjectStore, size: int
) -> None:
    with pytest.raises(TooLargeError):
        await store.put(KEY, megabytes(size, TooLargeError("too large")))

    assert not await store.exists(KEY)
    assert await keys(store, "territory") == []


async def test_objects_are_listed_by_prefix_and_deleted_once_or_twice(
    store: ObjectStore,
) -> None:
    for key in (KEY, "another/space/dataset/file"):
        await store.put(key, megabytes(1))
    entries = [entry async for entry in store.list("territory")]

    await store.delete(KEY)
    await store.delete(KEY)

    assert [(entry["path"], entry["size"]) for entry in entries] == [(KEY, MEGABYTE)]
    assert entries[0]["last_modified"].tzinfo is not None
    assert not await store.exists(KEY)
    assert await keys(store, "") == ["another/space/dataset/file"]


async def test_an_object_that_is_not_there_is_said_before_anything_is_sent(
    store: ObjectStore,
) -> None:
    with pytest.raises(FileNotFoundError):
        await store.open("territory/none", 0, 10)


async def test_a_store_that_can_be_written_is_accepted_and_nothing_is_left_in_it(
    store: ObjectStore,
) -> None:
    await store.check_writable()

    assert await keys(store, "") == []


async def test_a_bucket_that_does_not_exist_is_not_taken_for_an_absent_file(
    s3: S3Service,
) -> None:
    nowhere = ObjectStore.of(s3.settings(object_store="s3://nowhere"))

    for attempt in (
        nowhere.check_writable(),
        nowhere.put(KEY, megabytes(1)),
        nowhere.open(KEY, 0, 10),
    ):
        with pytest.raises(StoreError) as refused:
            await attempt
        assert refused.value.reason == ABSENT


async def test_a_wrong_key_is_refused_and_an_absent_one_named(
    s3: S3Service, tmp_path: Path
) -> None:
    (tmp_path / "s3_access_key_id").write_text(
        (s3.secrets / "s3_access_key_id").read_text()
    )
    with pytest.raises(MissingSecretError, match="s3_secret_access_key"):
        ObjectStore.of(s3.settings(secrets=tmp_path))
    (tmp_path / "s3_secret_access_key").write_text("another")

    with pytest.raises(StoreError) as refused:
        await ObjectStore.of(s3.settings(secrets=tmp_path)).check_writable()

    assert refused.value.reason == REFUSED


async def test_doctor_says_what_is_wrong_with_s3_and_what_to_do(
    s3: S3Service, tmp_path: Path
) -> None:
    async def objects(**changes: Any) -> Finding:
        findings = await check_machine(s3.settings(state=tmp_path, **changes))
        return next(finding for finding in findings if finding.part == "objects")

    sound = await objects()
    absent = await objects(object_store="s3://nowhere")
    silent = await objects(object_store_endpoint="http://127.0.0.1:9")
    keyless = await objects(secrets=tmp_path)

    assert sound.severity == "ok"
    assert {absent.severity, silent.severity, keyless.severity} == {"fault"}
    assert "bucket does not exist" in absent.message
    assert "Make the bucket" in absent.remedy
    assert SILENT in silent.message
    assert "UDI_OBJECT_STORE_ENDPOINT" in silent.remedy
    assert "s3_access_key_id" in keyless.message


async def test_while_s3_is_away_pages_answer_files_say_so_and_all_is_well_when_it_is_back(
    own_s3: S3Service,
    producer: Producer,
    passer_by: httpx.AsyncClient,
    services: ServiceOverrides,
) -> None:
    services[OBJECTS] = ObjectStore.of(own_s3.empty_bucket())
    dataset = await producer.publish()
    own_s3.stop()
    try:
        page = await producer.client.get(f"/datasets/{dataset}")
        refused = await passer_by.get(f"/datasets/{dataset}/file")
        sent = await producer.send()
    finally:
        own_s3.start()

    back = await passer_by.get(f"/datasets/{dataset}/file")

    assert page.status_code == 200
    assert (refused.status_code, sent.status_code) == (503, 503)
    assert "fichiers" in refused.text
    assert (back.status_code, back.content) == (200, TABLE)
