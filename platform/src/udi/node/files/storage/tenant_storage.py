"""Where a territory's bytes go: its rows, its objects, and the role that acts on them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import Database
from udi.kit.tenancy import space_context
from udi.node.files.storage.store import ObjectStore
from udi.settings import Role


@dataclass(frozen=True)
class TenantStorage:
    """The database and the object store of one territory, for a page (`app`) or a job (`worker`).

    `free` of the spaces of who asks: for a script, whose key says what it may touch.
    """

    database: Database
    store: ObjectStore
    tenant: UUID
    role: Role = "app"
    unconfined: bool = False

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """One short transaction: none is open while bytes travel."""
        freed = space_context(None) if self.unconfined else nullcontext()
        with freed:
            opened = self.database.session(self.tenant, role=self.role)
            async with opened as session:
                yield session
