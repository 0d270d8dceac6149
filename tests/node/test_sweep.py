"""What killed uploads leave is removed; what is somebody's file stays."""

import os
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from tests.node.producer import Producer
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.storage.store import ObjectStore
from udi.node.files.sweep import sweep_territory


async def some_bytes() -> AsyncIterator[bytes]:
    yield b"orphan"


@pytest.mark.usefixtures("each_store")
async def test_only_old_objects_that_nobody_names_are_removed(
    producer: Producer,
    node_database: Database,
    demo: Territory,
    other: Territory,
    node_site: Any,
) -> None:
    store: ObjectStore = node_site.services[OBJECTS]
    await producer.draft()
    orphan, foreign = (
        f"{territory.id}/{uuid.uuid4()}/{uuid.uuid4()}/{uuid.uuid4()}"
        for territory in (demo, other)
    )
    await store.put(orphan, some_bytes())
    await store.put(foreign, some_bytes())

    assert await sweep_territory(node_database, store, demo.id) == 0
    assert await store.exists(orphan)
    assert (
        await sweep_territory(
            node_database, store, demo.id, older_than=timedelta(seconds=-5)
        )
        == 1
    )

    assert not await store.exists(orphan)
    assert await store.exists(foreign)
    remaining_paths = sorted(
        [entry["path"] async for entry in store.list(str(demo.id))]
    )
    assert len(remaining_paths) == 2
    assert remaining_paths[1] == f"{remaining_paths[0]}.1.table.parquet"
    await store.delete(foreign)


async def test_half_an_object_that_a_killed_process_left_in_the_folder_is_removed(
    node_database: Database, demo: Territory, node_site: Any
) -> None:
    store: ObjectStore = node_site.services[OBJECTS]
    assert store.folder is not None
    old, new = (
        store.folder
        / f"{demo.id}/{uuid.uuid4()}/{uuid.uuid4()}/{uuid.uuid4()}#{number}"
        for number in (1, 2)
    )
    for staged in (old, new):
        staged.parent.mkdir(parents=True)
        staged.write_bytes(b"half a file")
    os.utime(old, (1, 1))

    assert await sweep_territory(node_database, store, demo.id) == 1

    assert (old.exists(), new.exists()) == (False, True)
    new.unlink()
