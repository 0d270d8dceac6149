"""What a worker does with sealed columns: it brings each value under the key that is used now."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Text, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import Database
from udi.kit.keyring import Keyring
from udi.kit.schedules import run_in_each_territory
from udi.kit.sealed_columns import MARK, sealed_columns
from udi.kit.service_registry import Hook
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry

AT_ONCE = 200
"""Rows of one column that are sealed again in one transaction."""
HAND_OVER = 600.0
"""Seconds for which a release and the one before may serve side by side."""


async def reseal_table(session: AsyncSession, table: Any, keyring: Keyring) -> int:
    """Seal with the leading key what lies in clear or under another key; the number of values, `AT_ONCE` a column at most."""
    count = 0
    for column in sealed_columns(table):
        stored = type_coerce(column, Text)
        pending = (
            stored != "",
            ~stored.startswith(f"{MARK}:{keyring.current_key.id}:", autoescape=True),
        )
        query = (
            select(table.id, column)
            .where(*pending)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        for row_id, text in (await session.execute(query)).all():
            values = {column.name: text}
            statement = update(table).where(table.id == row_id).values(values)
            await session.execute(
                statement.execution_options(synchronize_session=False)
            )
            count += 1
    return count


SEALED_TABLES = Hook[Any]("sealed tables")
"""Tables with secrets of others."""


def build_reseal_task(
    database: Database,
    registry: TerritoryRegistry,
    tables: Sequence[Any],
    *,
    wait: float = HAND_OVER,
) -> Callable[[], Awaitable[None]]:
    """A task that seals, in every territory, what lies in clear or under a replaced key.

    It does nothing in the first `wait` seconds of a worker: while a release takes the place of another, the one before
    still reads what it wrote itself.
    """
    began = time.monotonic()

    async def reseal_in(territory: Territory) -> None:
        await reseal_territory(database, territory.id, tables)

    async def reseal() -> None:
        if time.monotonic() - began >= wait:
            await run_in_each_territory(registry, reseal_in)

    return reseal


async def reseal_territory(
    database: Database, tenant: UUID, tables: Sequence[Any]
) -> int:
    """Seal again what needs it in one territory; the number of values."""
    total = 0
    for table in tables:
        while True:
            async with database.session(tenant, role="worker") as session:
                count = await reseal_table(session, table, database.column_keys())
            total += count
            if count == 0:
                break
    return total
