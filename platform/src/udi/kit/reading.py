"""Connections for pages that only read: they keep their territory, each statement is its own transaction.

What a page reads takes one round trip a statement, where BEGIN, SET LOCAL, COMMIT and looking whether the connection
lives took five more (docs/decisions/0009). Nothing is written there: the server refuses it.
"""

import time

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

TENANT, USED = "tenant", "used"
"""Where a connection notes the territory that it has, and when it was given back."""
FRESH = 1.0
"""Seconds after which a connection is looked at before it is used again."""
OPTIONS = {"isolation_level": "AUTOCOMMIT", "pool_pre_ping": False, "pool_reset_on_return": None}
SERVER = {"default_transaction_read_only": "on"}


def keep_reading(engine: AsyncEngine) -> None:
    """Look at a connection before somebody reads with it: whether it was closed, and at the server after a while.

    A server that lost its power within `FRESH` closes nothing: the first statement finds out, and leaves no other.
    """
    dialect = engine.sync_engine.dialect

    def look(connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        if connection.driver_connection.is_closed():
            raise DisconnectionError
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


def say_tenant(connection: Connection, tenant: str) -> None:
    """Give a reading connection its territory ("" for none), unless it has it."""
    if connection.info.get(TENANT) != tenant:
        connection.info[TENANT] = None
        connection.exec_driver_sql("SELECT set_config('app.tenant', $1, false)", (tenant,))
        connection.info[TENANT] = tenant
