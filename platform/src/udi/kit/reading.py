"""Connections for pages that only read: the transaction begins, with its territory, as the connection is taken.

One round trip then does what took five: looking whether the connection lives, BEGIN, SET. A read-only transaction has
nothing to commit: it ends when the connection is given back.
"""

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, PoolResetState
from sqlalchemy.util import await_only

from udi.kit.tenancy import find_tenant

SAID = "tenant"
"""Where a connection notes the territory that its transaction began with."""
LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


def keep_reading(engine: AsyncEngine) -> None:
    """Make an engine in autocommit begin and end its transactions so."""
    event.listen(engine.sync_engine, "checkout", _begin)
    event.listen(engine.sync_engine, "reset", _end)


def _begin(connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """Begin; a connection that died meanwhile gives way to a new one."""
    tenant = find_tenant()
    said = f"; SET LOCAL app.tenant = '{tenant}'" if tenant else ""
    try:
        await_only(connection.driver_connection.execute(f"BEGIN READ ONLY{said}"))
    except LOST as error:
        raise DisconnectionError from error
    entry.info[SAID] = str(tenant) if tenant else ""


def _end(connection: DBAPIConnection, entry: ConnectionPoolEntry, state: PoolResetState) -> None:
    entry.info.pop(SAID, None)
    if state.asyncio_safe and not state.terminate_only:
        await_only(connection.driver_connection.execute("ROLLBACK"))
