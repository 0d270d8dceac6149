"""What a worker does with sealed columns: it brings each value under the key that is used now."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Text, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.db import Database
from udi.kit.keyring import Keyring
from udi.kit.sealed_columns import MARK, sealed_columns
from udi.kit.service_registry import Hook
from udi.kit.territories import TerritoryRegistry

log = structlog.get_logger()
AT_ONCE = 200
"""Rows of one column that are sealed again in one transaction."""


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


async def reseal_periodically(
    database: Database,
    registry: TerritoryRegistry,
    tables: Sequence[Any],
    *,
    every: float = 600,
) -> None:
    """Seal what lies in clear or under a replaced key, in every territory, again and again; a companion of the worker.

    It waits first: while a release takes the place of another, the one before still reads what it wrote itself. What fails
    ends nothing else of the worker: values stay as they are until the next time.
    """
    while True:
        await asyncio.sleep(every)
        try:
            territories = await registry.list()
        except Exception as error:  # noqa: BLE001 - asked again at the next time
            log.warning("territories not listed", error=type(error).__name__)
            continue
        for territory in territories:
            try:
                await reseal_territory(database, territory.id, tables)
            except Exception as error:  # noqa: BLE001 - one territory keeps no other back
                log.warning(
                    "columns not sealed again",
                    tenant=str(territory.id),
                    error=type(error).__name__,
                )


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
