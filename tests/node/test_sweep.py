"""What killed uploads leave is removed; what is somebody's file stays."""

import os
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from tests.node.producer import Producer
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.files.store import ObjectStore
from udi.node.files.sweep import sweep


async def some_bytes() -> AsyncIterator[bytes]:
    yield b"orphan"


async def test_only_old_objects_that_nobody_names_are_removed(
    producer: Producer, node_database: Database, demo: Territory, other: Territory, node_site: Any
) -> None:
    store: ObjectStore = node_site.parts["objects"]
    await producer.draft()
    orphan, foreign = (f"{territory.id}/{uuid.uuid4()}/{uuid.uuid4()}/{uuid.uuid4()}" for territory in (demo, other))
    await store.put(orphan, some_bytes())
    await store.put(foreign, some_bytes())
    assert store.folder is not None
    staged = store.folder / f"{orphan}#1"
    staged.write_bytes(b"half a file")
    os.utime(staged, (1, 1))

    assert await sweep(node_database, store, demo.id) == 1
    assert await store.exists(orphan)
    assert await sweep(node_database, store, demo.id, older_than=timedelta(seconds=-5)) == 1

    assert not await store.exists(orphan)
    assert not staged.exists()
    assert await store.exists(foreign)
    assert len([entry async for entry in store.list(str(demo.id))]) == 1
    await store.delete(foreign)
