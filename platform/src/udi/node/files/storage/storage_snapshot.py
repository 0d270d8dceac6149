"""How much each space keeps, looked at every hour for the sheet of costs."""

from collections import Counter
from uuid import UUID

from sqlalchemy import select

from udi.kit.db import Database
from udi.node.files.storage.store import ObjectStore
from udi.node.spaces.costs import note_stored
from udi.node.spaces.models import Space

PART = "part"


async def take_snapshot(database: Database, store: ObjectStore, tenant: UUID) -> None:
    """Note the bytes of every object that each space of a territory keeps now, whatever it is made for.

    Files, what is made from them, parts on their way in, archives to take away.

    Raises:
        StoreError: the store does not answer.
    """
    sizes = Counter[str]()
    async for entry in store.list(str(tenant)):
        sizes[str(entry["path"]).split("/")[1]] += int(entry["size"])
    async with database.session(tenant, role="worker") as session:
        spaces = await session.scalars(select(Space.id))
        await note_stored(session, {space: sizes[str(space)] for space in spaces})


async def derived_bytes(store: ObjectStore, space: Space) -> int:
    """Bytes of what the node made from the files of a space, tables above all: they count in no quota.

    Raises:
        StoreError: the store does not answer.
    """
    size = 0
    async for entry in store.list(f"{space.tenant_id}/{space.id}"):
        suffix = str(entry["path"]).rpartition("/")[2].partition(".")[2]
        if suffix not in {"", PART}:
            size += int(entry["size"])
    return size
