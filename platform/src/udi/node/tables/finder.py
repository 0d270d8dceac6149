"""How the id of a resource leads to its table: whoever owns datasets says it."""

from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.kit.service_registry import ServiceKey
from udi.tabular.queries.table import DatasetTable


class TableFinder(Protocol):
    """How a resource's id leads to its table."""

    async def __call__(
        self,
        session: AsyncSession,
        actor: Actor | None,
        resource_id: UUID,
        *,
        let: bool = False,
        table_name: str = "",
    ) -> DatasetTable:
        """The table of that name, the main one without; it may have to be brought to this machine before it is read.

        `let`: a restricted one is given too, marked so, to whoever asks then whether the reader has an agreement; under a
        name, whether it is there or not, so that nobody learns of names without an agreement.

        Raises:
            RestrictedError: it is restricted.
            NotFoundError: there is none that this reader may know of, or the resource is not a table.
            ForbiddenError: the reader may not read it.
            GoneError: its producer withdrew it.
        """


FIND_TABLE = ServiceKey[TableFinder]("table finder", "datasets")
