"""Connections for pages that only read: they keep their territory, each statement is its own transaction.

What a page reads takes one round trip a statement, where BEGIN, SET LOCAL, COMMIT and looking whether the connection
lives took five more (docs/decisions/0009). Nothing is written there: the server refuses it. How a connection is looked
at before it is used (`watch_connections`) is the same for those that write.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

from udi.kit.transaction_context import find_driver, forget_context

TENANT = "tenant"
USED = "used"
"""Where a connection notes the territory that it has, and when it was given back."""
DRIVER = "driver"
"""Where a session notes its transaction with its connection and the driver's."""
FRESH = 1.0
"""Seconds after which a connection is looked at before it is used again."""
SET_TENANT = "SELECT set_config('app.tenant', $1, false)"
OPTIONS = {
    "isolation_level": "AUTOCOMMIT",
    "pool_pre_ping": False,
    "pool_reset_on_return": None,
}
SERVER = {
    "default_transaction_read_only": "on",
    "plan_cache_mode": "force_generic_plan",
    "random_page_cost": "1.1",
}
"""What is read there is found by keys, whatever their values: planned once for each connection, not at each reading, which
took the database twice the time of the reading itself. What is read all the time is in memory, where a page costs the same
wherever it is: with the server's 4, all producers were read and hashed to find the one of a dataset.
"""


def watch_connections(engine: AsyncEngine) -> None:
    """Look at a connection before it is used: whether it was closed, and at the server after a while.

    A server that lost its power within `FRESH` closes nothing: the first statement finds out, and leaves no other.
    """
    dialect = engine.sync_engine.dialect

    def look(
        connection: DBAPIConnection,
        entry: ConnectionPoolEntry,
        _proxy: PoolProxiedConnection,
    ) -> None:
        if connection.driver_connection.is_closed():
            raise DisconnectionError
        forget_context(connection)
        used = entry.info.get(USED)
        if used is None or time.monotonic() - used < FRESH:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error

    def note(_connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        entry.info[USED] = time.monotonic()

    event.listen(engine.sync_engine, "checkout", look)
    event.listen(engine.sync_engine, "checkin", note)


def set_tenant(connection: Connection, tenant: str) -> None:
    """Give a reading connection its territory ("" for none), unless it has it."""
    if connection.info.get(TENANT) != tenant:
        connection.info[TENANT] = None
        connection.exec_driver_sql(SET_TENANT, (tenant,))
        connection.info[TENANT] = tenant


class StatementReader(Protocol):
    """Reads rows of one territory by statements of the driver."""

    async def fetch(self, statement: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        """The rows of a statement with the driver's parameters ($1, …)."""


@dataclass(frozen=True)
class RowReader:
    """Rows of one territory that passers-by may read, straight from the driver: for what is asked all the time.

    A session costs more than what it reads there. Columns come as the driver has them.
    """

    engine: AsyncEngine
    tenant: str

    async def fetch(self, statement: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        """The rows of a statement with the driver's parameters ($1, …)."""
        connection = await greenlet_spawn(self.engine.sync_engine.raw_connection)
        try:
            return await self._fetch(connection, statement, arguments)
        except (
            asyncpg.PostgresConnectionError,
            asyncpg.InterfaceError,
            OSError,
            asyncio.CancelledError,
        ):
            connection.invalidate()
            raise
        finally:
            await greenlet_spawn(connection.close)

    async def _fetch(
        self,
        connection: PoolProxiedConnection,
        statement: str,
        arguments: Sequence[Any],
    ) -> Sequence[asyncpg.Record]:
        driver: Any = connection.driver_connection
        if connection.info.get(TENANT) != self.tenant:
            connection.info[TENANT] = None
            await driver.execute(SET_TENANT, self.tenant)
            connection.info[TENANT] = self.tenant
        rows: Sequence[asyncpg.Record] = await driver.fetch(statement, *arguments)
        return rows


@dataclass(frozen=True)
class SessionRowReader:
    """The same in a session that is open: on its connection, in its transaction."""

    session: AsyncSession

    async def fetch(self, statement: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        """The rows of a statement with the driver's parameters ($1, …)."""
        connection, driver = await self._find_connection()
        try:
            rows: Sequence[asyncpg.Record] = await driver.fetch(statement, *arguments)
        except (
            asyncpg.PostgresConnectionError,
            asyncpg.InterfaceError,
            OSError,
            asyncio.CancelledError,
        ):
            self.session.info.pop(DRIVER, None)
            await connection.invalidate()
            raise
        return rows

    async def _find_connection(self) -> tuple[AsyncConnection, Any]:
        """The connection and the driver's, which stay the same until the transaction ends."""
        transaction = self.session.sync_session.get_transaction()
        noted = self.session.info.get(DRIVER)
        if noted is not None and transaction is noted[0]:
            return noted[1], noted[2]
        driver = await find_driver(self.session)
        connection = await self.session.connection()
        transaction = self.session.sync_session.get_transaction()
        self.session.info[DRIVER] = transaction, connection, driver
        return connection, driver
