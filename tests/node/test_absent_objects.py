"""Rows that point to nothing are named; everything else is not."""

import pytest
from sqlalchemy import select

from tests.node.producer import TABLE, Producer
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.models import ArchiveState, SpaceArchive, StoredFile
from udi.node.files.storage.missing_objects import list_missing_objects
from udi.node.files.storage.store import ObjectStore
from udi.ui.site import Site

pytestmark = pytest.mark.usefixtures("each_store")


async def test_only_rows_without_their_object_are_named(
    producer: Producer,
    node_database: Database,
    demo: Territory,
    other: Territory,
    node_site: Site,
) -> None:
    store: ObjectStore = node_site.services[OBJECTS]
    await producer.draft()
    lost = await producer.draft(TABLE + b"x", "perdu.csv")
    async with node_database.session(demo.id, role="worker") as session:
        assert await list_missing_objects(session, store, demo.id) == []
        file = (
            await session.scalars(
                select(StoredFile).where(StoredFile.name == "perdu.csv")
            )
        ).one()
        for state in (ArchiveState.READY, ArchiveState.QUEUED, ArchiveState.EXPIRED):
            session.add(SpaceArchive(space_id=file.space_id, name="a.zip", state=state))
    await store.delete(file.key)

    async with node_database.session(demo.id, role="worker") as session:
        missing_objects = await list_missing_objects(session, store, demo.id)
    async with node_database.session(other.id, role="worker") as session:
        assert await list_missing_objects(session, store, other.id) == []

    assert sorted((row.kind, str(row.belongs_to)) for row in missing_objects) == [
        ("archive", str(file.space_id)),
        ("file", lost),
    ]
    assert {row.key for row in missing_objects if row.kind == "file"} == {file.key}
