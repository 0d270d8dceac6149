"""A sealed space: nobody notices but whoever looks at the disk, who finds nothing to read."""

import asyncio
import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tests.depth import FOLDER_BY_DEFAULT
from tests.node.pieces import split_content
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.sending import Sender
from tests.node.test_ring import aged
from tests.service_overrides import ServiceOverrides
from udi.kit import keyring
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.keyring import FILE_KEYS, Keyring, KeyringFile
from udi.kit.tenancy import Territory
from udi.node.datasets.space_export import tasks
from udi.node.datasets.space_export.builder import ArchiveBuilder
from udi.node.datasets.space_export.tasks import BUILD_ARCHIVE
from udi.node.datasets.versions.tables import DatasetTableCache
from udi.node.files.encryption import sealed_format
from udi.node.files.encryption import sealing_store as sealing_keys
from udi.node.files.encryption.sealing_store import OBJECTS, SealError, SealingStore
from udi.node.files.encryption.space_sealing import (
    SealingResult,
    create_missing_keys,
    reseal_space,
    rewrap_keys,
    seal_space,
    unseal_space,
)
from udi.node.files.models import SpaceArchive, SpaceKey, StoredFile
from udi.node.files.storage.store import ObjectStore
from udi.node.spaces.models import Sealing, Space
from udi.node.tables.api import EXPORTS
from udi.node.tables.finder import FIND_TABLE
from udi.settings import Settings
from udi.ui.site import Site

LARGE = os.urandom(3 * sealed_format.CHUNK + 1234)


@pytest.fixture
def store(each_store: SealingStore) -> SealingStore:
    return each_store


@pytest.fixture
def folder(
    tmp_path: Path,
    settings: Settings,
    node_database: Database,
    services: ServiceOverrides,
) -> SealingStore:
    """The node's store for this test, in a folder that the test looks into."""
    at = settings.model_copy(update={"object_store": str(tmp_path / "objects")})
    sealing_store = SealingStore.from_settings(at, node_database, KeyringFile(settings))
    services[OBJECTS] = sealing_store
    return sealing_store


async def switch(
    database: Database, territory: Territory, site: Site, **how: Any
) -> bool:
    async with database.session(territory.id, role="worker") as session:
        changed = await seal_space(session, site.services[FILE_KEYS](), SLUG, **how)
    site.services[OBJECTS].keys.forget()
    return changed


async def sealing(database: Database, territory: Territory) -> str:
    async with database.session(territory.id, role="worker") as session:
        return (
            await session.scalars(select(Space.sealing).where(Space.slug == SLUG))
        ).one()


async def only_file(database: Database, territory: Territory) -> StoredFile:
    async with database.session(territory.id, role="worker") as session:
        return (
            await session.scalars(
                select(StoredFile).order_by(StoredFile.created_at.desc())
            )
        ).first()


async def whole(
    store: ObjectStore, key: str, start: int = 0, end: int = 1 << 40
) -> bytes:
    return b"".join([piece async for piece in await store.open(key, start, end)])


def raw(store: ObjectStore) -> list[bytes]:
    """What lies in the folder, file by file."""
    assert store.folder is not None
    return [path.read_bytes() for path in store.folder.rglob("*") if path.is_file()]


async def test_files_of_a_sealed_space_are_delivered_as_ever(
    store: SealingStore, producer: Producer, passer_by: httpx.AsyncClient, node_database: Database, demo: Territory,
    node_site: Site,
) -> None:  # fmt: skip
    assert await switch(node_database, demo, node_site)
    dataset = await producer.publish(
        await producer.draft(LARGE, "large.bin"), reason="Made-up bytes"
    )
    address = f"/datasets/{dataset}/file"
    middle = 2 * sealed_format.CHUNK - 5

    answer = await passer_by.get(address)
    part = await passer_by.get(
        address, headers={"Range": f"bytes={middle}-{middle + 9}"}
    )
    end = await passer_by.get(address, headers={"Range": "bytes=-7"})

    assert answer.content == LARGE
    assert answer.headers["content-length"] == str(len(LARGE))
    assert answer.headers["etag"] == f'"{hashlib.sha256(LARGE).hexdigest()}"'
    assert (part.status_code, part.content) == (206, LARGE[middle : middle + 10])
    assert end.content == LARGE[-7:]
    file = await only_file(node_database, demo)
    assert await asyncio.to_thread(lambda: b"".join(store.read(file.key))) == LARGE
    [entry] = [entry async for entry in store.list(str(demo.id))]
    assert entry["size"] == sealed_format.sealed_size(len(LARGE))


@FOLDER_BY_DEFAULT
async def test_every_part_of_the_node_reads_and_writes_sealed_files(
    store: SealingStore, producer: Producer, passer_by: httpx.AsyncClient, node_database: Database, demo: Territory,
    node_site: Site, services: ServiceOverrides,
) -> None:  # fmt: skip
    """Sent in parts, put together, looked at, asked questions, downloaded, packed to leave."""
    services[FIND_TABLE] = DatasetTableCache(
        node_database, store, node_site.settings.state / "tables", services[EXPORTS]
    )
    assert await switch(node_database, demo, node_site)
    content = b"nom;hauteur\n" + b"".join(
        b"arbre %d;%d\n" % (line, line % 40) for line in range(40_000)
    )
    tus = Sender(producer.client)
    address = await tus.address(len(content), name="arbres.csv")
    half = len(content) // 2
    assert (await tus.send(address, 0, content[:half])).status_code == 204
    sent = [
        (await whole(store, entry["path"]), entry["size"])
        async for entry in store.list(str(demo.id))
    ]
    assert [(piece, size > len(piece)) for piece, size in sent] == [
        (content[:half], True)
    ]
    assert (await tus.send(address, half, content[half:])).status_code == 204
    dataset = str((await only_file(node_database, demo)).dataset_id)
    await producer.publish(dataset)
    store.keys.forget()

    rows = await passer_by.get(
        f"/api/resources/{dataset}/data/",
        params={"hauteur__exact": "7", "page_size": "1"},
    )
    assert (rows.status_code, rows.json()["meta"]["total"]) == (200, 1000)
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == content
    assert (await producer.client.post(f"/spaces/{SLUG}/archive")).status_code == 303
    async with node_database.session(demo.id, role="worker") as session:
        archive = (await session.scalars(select(SpaceArchive))).one()
    build = tasks.task_handlers(
        node_database, node_site.registry, ArchiveBuilder(store, node_site.pages)
    )[BUILD_ARCHIVE]
    await build(
        Job(BUILD_ARCHIVE, demo.id, {"archive": str(archive.id)}, 0, last=False)
    )
    link = re.search(
        r'href="(/archives/[^"]+)"', await producer.page(f"/spaces/{SLUG}/archive")
    )
    assert link
    packed = await passer_by.get(link[1].replace("&amp;", "&"))
    with zipfile.ZipFile(io.BytesIO(packed.content)) as opened:
        [name] = [name for name in opened.namelist() if name.endswith("/arbres.csv")]
        assert opened.read(name) == content
    lying = [
        await raw_object(store, entry["path"])
        async for entry in store.list(str(demo.id))
    ]
    assert len(lying) == 3, "the file, its table, the archive"
    assert all(stored_object.startswith(sealed_format.MAGIC) for stored_object in lying)


async def raw_object(store: SealingStore, key: str) -> bytes:
    return b"".join(
        [piece async for piece in await ObjectStore.open(store, key, 0, 1 << 40)]
    )


async def test_the_disk_holds_nothing_to_read(
    folder: SealingStore,
    producer: Producer,
    node_database: Database,
    demo: Territory,
    node_site: Site,
) -> None:
    mark = os.urandom(24).hex().encode()
    await producer.draft(TABLE + mark)
    assert any(
        mark in stored_object for stored_object in await asyncio.to_thread(raw, folder)
    )
    await switch(node_database, demo, node_site)
    await producer.draft(mark + TABLE, "second.csv")

    await reseal_space(node_database, folder, demo.id, SLUG, lambda _: None)

    stored = await asyncio.to_thread(raw, folder)
    assert len(stored) == 4, "each file, and the table that was made of it"
    assert not any(
        mark in stored_object or b"Phare" in stored_object for stored_object in stored
    )
    async with node_database.session(demo.id, role="worker") as session:
        [key] = await session.scalars(select(SpaceKey))
    secret = node_site.services[FILE_KEYS]().current_key.secret
    assert not any(
        key.wrapped in stored_object or secret in stored_object
        for stored_object in stored
    )
    assert await sealing(node_database, demo) == Sealing.WHOLE


async def test_older_files_stay_readable_until_and_while_they_are_sealed(
    folder: SealingStore, producer: Producer, passer_by: httpx.AsyncClient, node_database: Database, demo: Territory,
    node_site: Site,
) -> None:  # fmt: skip
    before = await producer.publish(
        await producer.draft(LARGE, "large.bin"), reason="Made-up bytes"
    )
    await switch(node_database, demo, node_site)
    after = await producer.publish()
    assert (await passer_by.get(f"/datasets/{before}/file")).content == LARGE

    first = await reseal_space(node_database, folder, demo.id, SLUG, lambda _: None)
    second = await reseal_space(node_database, folder, demo.id, SLUG, lambda _: None)

    assert (first.objects, first.already) == (1, 2)
    assert (second.objects, second.already) == (0, 3)
    assert (await passer_by.get(f"/datasets/{before}/file")).content == LARGE
    assert (await passer_by.get(f"/datasets/{after}/file")).content == TABLE


async def test_a_reader_in_the_middle_of_a_file_gets_all_of_it_while_it_is_sealed(
    folder: SealingStore,
    producer: Producer,
    node_database: Database,
    demo: Territory,
    node_site: Site,
) -> None:
    content = os.urandom(3 * 1024 * 1024)
    async with node_database.session(demo.id, role="worker") as session:
        space = (await session.scalars(select(Space))).one()
    key = f"{demo.id}/{space.id}/{space.id}/{space.id}"
    await folder.put(key, split_content(content))
    await switch(node_database, demo, node_site)
    reading = await folder.open(key, 0, len(content))
    begun = await anext(reading)

    await reseal_space(node_database, folder, demo.id, SLUG, lambda _: None)

    assert begun + b"".join([piece async for piece in reading]) == content
    assert await whole(folder, key) == content


async def test_a_stopped_pass_begins_again_where_it_was(
    folder: SealingStore,
    producer: Producer,
    node_database: Database,
    demo: Territory,
    node_site: Site,
) -> None:
    for number in range(3):
        await producer.draft(TABLE + str(number).encode())
    await switch(node_database, demo, node_site)

    class Stopped(Exception): ...

    def stop(done: SealingResult) -> None:
        if done.objects == 2:
            raise Stopped

    with pytest.raises(Stopped):
        await reseal_space(node_database, folder, demo.id, SLUG, stop)
    assert await sealing(node_database, demo) == Sealing.NEW
    rest = await reseal_space(node_database, folder, demo.id, SLUG, lambda _: None)

    assert (rest.objects, rest.already) == (4, 2)


async def test_another_key_seals_what_comes_and_the_pass_brings_the_rest_under_it(
    folder: SealingStore, producer: Producer, passer_by: httpx.AsyncClient, node_database: Database, demo: Territory,
    node_site: Site,
) -> None:  # fmt: skip
    await switch(node_database, demo, node_site)
    first = await producer.publish()
    assert await switch(node_database, demo, node_site, renew=True)
    assert not await switch(node_database, demo, node_site)
    second = await producer.publish(
        await producer.draft(LARGE, "large.bin"), reason="Made-up bytes"
    )

    done = await reseal_space(node_database, folder, demo.id, SLUG, lambda _: None)

    assert (done.objects, done.already) == (2, 1)
    for dataset, content in ((first, TABLE), (second, LARGE)):
        assert (await passer_by.get(f"/datasets/{dataset}/file")).content == content


async def test_a_new_key_of_the_installation_rewraps_keys_and_touches_no_object(
    folder: SealingStore, producer: Producer, node_database: Database, demo: Territory, node_site: Site, settings: Settings,
    tmp_path: Path,
) -> None:  # fmt: skip
    await switch(node_database, demo, node_site)
    await producer.draft()
    file = await only_file(node_database, demo)
    stored = await asyncio.to_thread(raw, folder)
    old = aged(settings.secret("file_keys"), timedelta(days=2))
    both = aged(keyring.rotate_keyring(old), timedelta(days=1))

    async with node_database.session(demo.id, role="worker") as session:
        assert await rewrap_keys(session, Keyring.parse(both)) == 1
        assert await rewrap_keys(session, Keyring.parse(both)) == 0

    def opened(text: str) -> SealingStore:
        at = Settings(object_store=str(folder.folder))
        return SealingStore.from_settings(
            at, node_database, lambda: Keyring.parse(text)
        )

    assert await asyncio.to_thread(raw, folder) == stored
    newest = json.dumps({"keys": json.loads(both)["keys"][:1]})
    assert await whole(opened(newest), file.key) == TABLE
    with pytest.raises(SealError):
        await whole(opened(old), file.key)


async def test_what_was_changed_on_the_disk_is_not_delivered(
    folder: SealingStore,
    producer: Producer,
    node_database: Database,
    demo: Territory,
    node_site: Site,
) -> None:
    await switch(node_database, demo, node_site)
    for number in range(2):
        await producer.draft(LARGE + bytes([number]), f"{number}.bin")
    async with node_database.session(demo.id, role="worker") as session:
        first, second = [
            file.key
            for file in await session.scalars(
                select(StoredFile).order_by(StoredFile.name)
            )
        ]
    assert folder.folder is not None
    at = folder.folder / first
    original = at.read_bytes()

    for harmed in (
        original[:-1], original[:-2000], original[: sealed_format.HEADER + sealed_format.SEALED_CHUNK], original + b"x", original[:200] + b"x" + original[201:],
        b"X" + original[1:], (folder.folder / second).read_bytes(),
    ):  # fmt: skip
        at.write_bytes(harmed)
        if harmed[:1] == b"X":
            await reseal_refused(node_database, folder, demo)
            continue
        with pytest.raises(SealError):
            await whole(folder, first)
        with pytest.raises(SealError):
            await asyncio.to_thread(lambda: b"".join(folder.read(first)))


async def reseal_refused(
    database: Database, store: SealingStore, territory: Territory
) -> None:
    """In a space that is sealed whole, what does not begin as a sealed object is refused."""
    async with database.session(territory.id, role="worker") as session:
        space = (await session.scalars(select(Space))).one()
        space.sealing = Sealing.WHOLE
    store.keys.forget()
    async with database.session(territory.id, role="worker") as session:
        file = (
            await session.scalars(select(StoredFile).order_by(StoredFile.name))
        ).first()
    assert file is not None
    with pytest.raises(SealError):
        await whole(store, file.key)


async def test_while_the_database_is_away_files_are_read_with_the_keys_that_were_known(
    folder: SealingStore, producer: Producer, node_database: Database, demo: Territory, node_site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    await switch(node_database, demo, node_site)
    await producer.draft()
    file = await only_file(node_database, demo)
    assert await whole(folder, file.key) == TABLE

    async def away(*_: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(folder.keys, "_read", away)
    monkeypatch.setattr(sealing_keys, "CACHE_SECONDS", -1.0)
    assert await whole(folder, file.key) == TABLE

    folder.keys.forget()
    with pytest.raises(ConnectionRefusedError):
        await whole(folder, file.key)


async def test_a_person_reads_that_a_sealed_file_cannot_be_opened(
    folder: SealingStore, producer: Producer, passer_by: httpx.AsyncClient, node_database: Database, demo: Territory,
    node_site: Site,
) -> None:  # fmt: skip
    await switch(node_database, demo, node_site)
    dataset = await producer.publish()
    async with node_database.session(demo.id, role="worker") as session:
        (await session.scalars(select(SpaceKey))).one().wrapped_by = "gone"
    folder.keys.forget()

    answer = await passer_by.get(f"/datasets/{dataset}/file")

    assert answer.status_code == 503
    assert "chiffré" in answer.text


async def test_a_space_that_is_not_sealed_costs_and_changes_nothing(
    folder: SealingStore, producer: Producer, node_database: Database, demo: Territory
) -> None:
    magic = sealed_format.MAGIC + bytes([sealed_format.LOG]) + os.urandom(200)
    await producer.draft(magic, "strange.bin")

    assert await asyncio.to_thread(raw, folder) == [magic]
    assert await whole(folder, (await only_file(node_database, demo)).key) == magic


async def test_opened_again_what_comes_is_in_clear_and_the_rest_readable(
    folder: SealingStore, producer: Producer, passer_by: httpx.AsyncClient, node_database: Database, demo: Territory,
    node_site: Site,
) -> None:  # fmt: skip
    await switch(node_database, demo, node_site)
    dataset = await producer.publish()
    async with node_database.session(demo.id, role="worker") as session:
        assert await unseal_space(session, SLUG)
        assert not await unseal_space(session, SLUG)
    folder.keys.forget()
    await producer.draft(TABLE + b"\n", "clear.csv")

    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == TABLE
    assert (
        sum(
            TABLE in stored_object
            for stored_object in await asyncio.to_thread(raw, folder)
        )
        == 1
    )


async def test_a_space_that_arrived_sealed_gets_a_key_of_this_installation(
    folder: SealingStore,
    producer: Producer,
    node_database: Database,
    demo: Territory,
    node_site: Site,
) -> None:
    await producer.draft()
    async with node_database.session(demo.id, role="worker") as session:
        (await session.scalars(select(Space))).one().sealing = Sealing.WHOLE

    async with node_database.session(demo.id, role="worker") as session:
        assert await create_missing_keys(session, node_site.services[FILE_KEYS]) == 1
        assert await create_missing_keys(session, node_site.services[FILE_KEYS]) == 0
    folder.keys.forget()

    assert await whole(folder, (await only_file(node_database, demo)).key) == TABLE
    assert (
        await reseal_space(node_database, folder, demo.id, SLUG, lambda _: None)
    ).objects == 2


async def test_an_upload_that_fails_on_the_way_leaves_no_sealed_object(
    store: SealingStore,
    producer: Producer,
    node_database: Database,
    demo: Territory,
    node_site: Site,
) -> None:
    await switch(node_database, demo, node_site)
    async with node_database.session(demo.id, role="worker") as session:
        space = (await session.scalars(select(Space))).one()
    key = f"{demo.id}/{space.id}/{space.id}/{space.id}"

    async def broken() -> AsyncIterator[bytes]:
        yield LARGE
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await store.put(key, broken())

    assert [entry async for entry in store.list(str(demo.id))] == []


async def test_a_few_megabytes_put_at_once_are_sealed_too(
    store: SealingStore,
    producer: Producer,
    node_database: Database,
    demo: Territory,
    node_site: Site,
) -> None:
    async with node_database.session(demo.id, role="worker") as session:
        space = (await session.scalars(select(Space))).one()
    clear, secret = (
        f"{demo.id}/{space.id}/{space.id}/{space.id}.{name}"
        for name in ("clear", "part")
    )
    await store.put_bytes(clear, bytearray(LARGE))
    await switch(node_database, demo, node_site)
    await store.put_bytes(secret, bytearray(LARGE))

    assert {entry["path"]: entry["size"] async for entry in store.list(str(demo.id))} == {
        clear: len(LARGE), secret: sealed_format.sealed_size(len(LARGE)),
    }  # fmt: skip
    for key in (clear, secret):
        assert await whole(store, key) == LARGE
        assert await whole(store, key, 70_000, 70_010) == LARGE[70_000:70_010]
