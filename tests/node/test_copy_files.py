"""The files of a folder are copied into S3 while the node goes on, and found there once it uses that."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests import commands
from tests.node.producer import Producer
from tests.s3 import S3Service
from tests.service_overrides import ServiceOverrides
from udi.kit.db import Database
from udi.kit.keyring import KeyringFile
from udi.node.files.encryption.sealing_store import OBJECTS, SealingStore
from udi.node.files.storage.file_copies import CopyResult, copy_objects
from udi.node.files.storage.store import ObjectStore
from udi.settings import Settings

SEVERAL_PARTS = 20 * 1024 * 1024 + 7
TERRITORY = str(uuid4())


def keep_silent(_result: CopyResult) -> None:
    """Report nothing."""


def read(store: ObjectStore, key: str) -> bytes:
    return b"".join(store.read(key))


@pytest.fixture
def source(tmp_path: Path) -> ObjectStore:
    return ObjectStore(str(tmp_path / "objects"))


@pytest.fixture
def bucket(s3: S3Service) -> Settings:
    """Settings of a node whose files are in an empty bucket."""
    return s3.empty_bucket()


@pytest.fixture
def target(bucket: Settings) -> ObjectStore:
    return ObjectStore.of(bucket)


@pytest.mark.thorough
async def test_every_object_is_copied_whole_whatever_its_size(
    source: ObjectStore, target: ObjectStore
) -> None:
    contents = {
        f"{TERRITORY}/a/b/empty": b"",
        f"{TERRITORY}/a/b/short": b"short",
        f"{TERRITORY}/a/b/short.parquet": b"made of it",
        f"{uuid4()}/c/d/long": os.urandom(SEVERAL_PARTS),
    }
    for key, content in contents.items():
        await source.put_bytes(key, content)

    result = await copy_objects(source, target, keep_silent)

    assert result == CopyResult(copied=4, copied_bytes=sum(map(len, contents.values())))
    for key, content in contents.items():
        assert read(target, key) == content


async def test_a_further_pass_copies_what_came_or_changed_and_deletes_nothing(
    source: ObjectStore, target: ObjectStore
) -> None:
    same, changed, deleted, new = (f"{TERRITORY}/a/b/{name}" for name in "scdn")
    for key in (same, changed, deleted):
        await source.put_bytes(key, b"before")
        make_older(source, key)
    await copy_objects(source, target, keep_silent)
    await source.put_bytes(changed, b"behind")
    await source.delete(deleted)
    await source.put_bytes(new, b"new")
    await target.put_bytes(f"{TERRITORY}/a/b/of the other store", b"its own")

    result = await copy_objects(source, target, keep_silent)

    assert result == CopyResult(copied=2, copied_bytes=len(b"behindnew"), present=1)
    assert read(target, same) == b"before"
    assert read(target, changed) == b"behind"
    assert read(target, new) == b"new"
    assert await target.exists(f"{TERRITORY}/a/b/of the other store")


def make_older(store: ObjectStore, key: str) -> None:
    """Have an object written two hours ago."""
    assert store.folder is not None
    path = store.folder / key
    moment = path.stat().st_mtime - 2 * 3600
    os.utime(path, (moment, moment))


class Fading(ObjectStore):
    """A folder in which one object is deleted between the list and the copy."""

    fading = ""

    async def stream(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        if key == self.fading:
            await self.delete(key)
        async for piece in super().stream(key, start, end):
            yield piece


async def test_what_is_deleted_meanwhile_is_passed_over(
    tmp_path: Path, target: ObjectStore
) -> None:
    source = Fading(str(tmp_path / "objects"))
    source.fading, other = f"{TERRITORY}/a/b/fading", f"{TERRITORY}/a/b/other"
    for key in (source.fading, other):
        await source.put_bytes(key, b"content")

    result = await copy_objects(source, target, keep_silent)

    assert result == CopyResult(copied=1, copied_bytes=len(b"content"))
    assert not await target.exists(source.fading)


class Losing(ObjectStore):
    """A store that takes one object and forgets it."""

    lost = ""

    async def put(self, key: str, content: AsyncIterator[bytes]) -> None:
        await super().put(key, content)
        if key == self.lost:
            await self.delete(key)


async def test_what_the_other_store_does_not_have_is_named(
    source: ObjectStore, tmp_path: Path
) -> None:
    target = Losing(str(tmp_path / "target"))
    target.lost, other = f"{TERRITORY}/a/b/lost", f"{TERRITORY}/a/b/other"
    for key in (target.lost, other):
        await source.put_bytes(key, b"content")

    result = await copy_objects(source, target, keep_silent)

    assert result.faulty == [target.lost]


async def test_a_dataset_published_in_the_folder_is_read_from_the_bucket(
    producer: Producer,
    services: ServiceOverrides,
    settings: Settings,
    bucket: Settings,
    node_database: Database,
    tmp_path: Path,
) -> None:
    def open_store(at: Settings) -> SealingStore:
        ours = at.model_copy(update={"state": settings.state})
        return SealingStore.from_settings(ours, node_database, KeyringFile(settings))

    folder = tmp_path / "objects"
    services |= {OBJECTS: open_store(Settings(object_store=str(folder)))}
    dataset = await producer.publish()
    before = await producer.client.get(f"/datasets/{dataset}/file")
    assert before.status_code == 200

    await copy_objects(ObjectStore(str(folder)), ObjectStore.of(bucket), keep_silent)
    folder.rename(tmp_path / "aside")
    services |= {OBJECTS: open_store(bucket)}

    after = await producer.client.get(f"/datasets/{dataset}/file")
    assert after.status_code == 200
    assert after.content == before.content


def run(folder: Path, at: Settings, *options: str) -> Any:
    """`udi node copy-files` with these settings."""
    environment = {
        "UDI_STATE": str(folder.parent),
        "UDI_SECRETS": str(at.secrets_folder),
        "UDI_OBJECT_STORE": at.object_store,
        "UDI_OBJECT_STORE_ENDPOINT": at.object_store_endpoint,
    }
    return commands.run("node", "copy-files", folder, *options, environment=environment)


@pytest.mark.programs
async def test_the_command_copies_and_sets_the_folder_aside_at_last(
    source: ObjectStore, bucket: Settings, target: ObjectStore
) -> None:
    assert source.folder is not None
    await source.put_bytes(f"{TERRITORY}/a/b/first", b"first")

    endpoint = ("--endpoint", bucket.object_store_endpoint)
    first = run(
        source.folder,
        Settings(secrets=bucket.secrets),
        "--to",
        bucket.object_store,
        *endpoint,
    )
    await source.put_bytes(f"{TERRITORY}/a/b/second", b"second")
    last = run(source.folder, bucket, "--set-aside", "--json")

    assert first.returncode == 0, first.stderr
    assert (
        f"1 objects copied (0 MB), 0 were there: all of {source.folder} is in {bucket.object_store}."
        in " ".join(first.stdout.split())
    )
    assert last.returncode == 0, last.stderr
    report = json.loads(last.stdout)
    aside = Path(report["set_aside"])
    assert not source.folder.exists()
    assert (aside / TERRITORY / "a/b/second").read_bytes() == b"second"
    assert read(target, f"{TERRITORY}/a/b/second") == b"second"


@pytest.mark.programs
def test_the_command_says_what_stops_it_and_sets_nothing_aside(
    source: ObjectStore, bucket: Settings, tmp_path: Path
) -> None:
    assert source.folder is not None
    absent = bucket.model_copy(update={"object_store": "s3://nowhere"})
    itself = bucket.model_copy(update={"object_store": str(source.folder)})

    refusals = {
        "is no folder": run(tmp_path / "absent", bucket, "--set-aside"),
        "itself as the store": run(source.folder, itself, "--set-aside"),
        "the bucket does not exist": run(source.folder, absent, "--set-aside"),
    }

    for words, done in refusals.items():
        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr
    assert source.folder.is_dir()
