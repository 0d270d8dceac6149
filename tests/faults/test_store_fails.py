"""R5: the store is full, or away, in the middle of an upload: said in words, readers go on, the sender goes on later."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.disks import SmallDisk, small_disk
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.sending import Sender, objects, sound
from tests.s3 import S3Service
from tests.service_overrides import ServiceOverrides
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.storage.store import ObjectStore
from udi.settings import Settings

MEGABYTE = 1024**2


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk of 12 MB."""
    with small_disk(tmp_path / "disk", 12) as mounted:
        yield mounted


async def test_a_full_disk_is_said_and_the_upload_goes_on_once_there_is_place(
    producer: Producer, token: str, services: ServiceOverrides, node_database: Database, demo: Territory,
    disk: SmallDisk,
) -> None:  # fmt: skip
    store = services[OBJECTS] = ObjectStore(str(disk.folder / "objects"))
    dataset = await producer.publish()
    sender = Sender(producer.client)
    content = TABLE * (20 * MEGABYTE // len(TABLE))
    address = await sender.address(len(content))

    refused = await sender.send(address, 0, pieces(content))

    assert refused.status_code == 507
    assert "plein" in refused.json()["detail"]
    offset = await sender.offset(address)
    assert 0 < offset < 12 * MEGABYTE
    assert (await producer.client.get(f"/datasets/{dataset}/file")).content == TABLE
    assert (await producer.send(content, "autre.csv")).status_code == 507
    assert (
        len(await objects(store, demo)) == 2 + offset // MEGABYTE
    )  # a file and its table, then parts
    disk.enlarge(80)
    assert (
        await sender.send(address, offset, pieces(content[offset:]))
    ).status_code == 204
    assert await sender.offset(address) == len(content)
    assert await sound(node_database, store, demo) == []


def pieces(content: bytes) -> Iterator[bytes]:
    """As a server hands a body over."""
    return (content[start : start + 65536] for start in range(0, len(content), 65536))


async def test_an_upload_goes_on_when_s3_is_back(
    producer: Producer,
    token: str,
    services: ServiceOverrides,
    node_database: Database,
    demo: Territory,
    own_s3: S3Service,
) -> None:
    store = services[OBJECTS] = ObjectStore.of(own_s3.empty_bucket())
    sender = Sender(producer.client)
    content = TABLE * (2 * MEGABYTE // len(TABLE))
    address = await sender.address(len(content))
    await sender.send(address, 0, pieces(content[:MEGABYTE]))
    own_s3.stop()

    away = await sender.send(address, MEGABYTE, pieces(content[MEGABYTE:]))

    assert (away.status_code, away.headers["retry-after"]) == (503, "30")
    assert await sender.offset(address) == MEGABYTE
    own_s3.start()
    assert (
        await sender.send(address, MEGABYTE, pieces(content[MEGABYTE:]))
    ).status_code == 204
    assert (await sender.look(address))["state"] == "done"
    assert await sound(node_database, store, demo) == []


async def test_a_folder_that_cannot_be_written_is_reported(
    producer: Producer, services: ServiceOverrides, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "objects"
    services[OBJECTS] = ObjectStore(str(folder))
    sender = Sender(producer.client)
    address = await sender.address(len(TABLE))
    folder.rmdir()
    folder.write_text("a file where the folder was")

    away = await sender.send(address, 0, TABLE)

    assert away.status_code == 503
    folder.unlink()
    folder.mkdir()
    assert (await sender.send(address, 0, TABLE)).status_code == 204
    assert (await sender.look(address))["state"] == "done"
    assert (await producer.page(f"/spaces/{SLUG}")).count("associations.csv") == 0
    assert settings.object_store_url != str(folder)
