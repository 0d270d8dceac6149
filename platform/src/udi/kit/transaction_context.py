"""Connections whose transactions say for whom they are in the round trip that begins them.

PostgreSQL takes several statements without parameters at once. What was asked for itself took a round trip more in each
transaction, a third of what a short one takes.
"""

from typing import Any

import asyncpg
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncSession

SET_CONTEXT = "SELECT set_config('app.tenant', {}, true), set_config('app.person', {}, true), set_config('app.spaces', {}, true);"
"""For this transaction alone."""


class ContextConnection(asyncpg.Connection):  # type: ignore[misc] # it ships no types
    """The driver's connection: the next transaction begins with what was noted for it."""

    context = ""
    """Statements without parameters, said once with the next BEGIN."""

    async def execute(self, query: str, *args: Any, **options: Any) -> str:
        """Ask a statement, or several that have no parameters."""
        if self.context and query.startswith("BEGIN"):
            query += self.context
            self.context = ""
        status: str = await super().execute(query, *args, **options)
        return status


def note_context(connection: Connection, *values: str) -> None:
    """Have the transaction that begins on a connection say its territory, person and spaces."""
    driver: Any = connection.connection.driver_connection
    driver.context = SET_CONTEXT.format(*map(_quote, values))


def forget_context(connection: DBAPIConnection) -> None:
    """Leave nothing noted of whoever had a connection before and asked nothing."""
    driver: Any = connection.driver_connection
    driver.context = ""


def _quote(value: str) -> str:
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


async def find_driver(session: AsyncSession) -> Any:
    """The driver's connection of a session, in its transaction, which says for whom it is."""
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    if driver.context:
        await connection.exec_driver_sql("SELECT 1")
    return driver
