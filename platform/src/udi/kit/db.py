"""PostgreSQL with row-level security: each transaction says its territory first, each role sees what it may."""

import re
import uuid
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import asyncpg
from msgspec import json
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    ForeignKeyConstraint,
    MetaData,
    any_,
    event,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, ExceptionContext
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    SessionTransaction,
    mapped_column,
)

from udi.kit import read_connections
from udi.kit.fifo_pool import FifoConnectionPool
from udi.kit.keyring import Keyring
from udi.kit.postgresql import find_encryption
from udi.kit.sealed_columns import ColumnKeys, attach_keys
from udi.kit.tenancy import NoTenantError, find_spaces, tenant_context
from udi.kit.transaction_context import ContextConnection, note_context
from udi.settings import ProgramName, Role, Settings

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
PATIENCE = 3.0
"""Seconds that a page waits for one statement: a machine that lost its power never answers, nor refuses."""
READ_ONLY = "25006"
CONFLICT = "40001"
"""What a machine answers that follows another: to a write, and to a reading that held up what it follows."""
DEADLOCK = "40P01"
"""Two transactions waited for each other, and this one was given up: the same again goes through."""
SPACE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
NO_SPACE = "-"
"""Named where a request is kept to no space at all: it is nobody's slug."""
RECYCLE = 900
"""Seconds after which a connection gives way to a new one, which may lead to another machine."""
MAX_CONNECTIONS = 10
"""Connections of one process as one role. All are kept once opened: to open one takes ten times what is read there; the last
used is used first, so that those of a busy moment rest.
"""
MAX_READ_CONNECTIONS = 4
"""The same for what `reading` keeps: a reading holds its connection for a millisecond, and a server's process that has read
everything takes five megabytes of memory.
"""
IDLE_TIMEOUT = "60s"
"""After which the server ends a page's connection that nobody used: the memory of a busy moment is not kept for ever."""
READS = "only_reads"
"""The option of the connections that `reading` keeps."""
_READING: dict[str, Any] = {
    **read_connections.OPTIONS,
    "execution_options": {READS: True},
}
SERVER = {"jit": "off", "search_path": "app,public"}
TYPES = {
    datetime: DateTime(timezone=True),
    dict[str, Any]: JSONB,
    dict[str, str]: JSONB,
    UUID: postgresql.UUID(as_uuid=True),
}


class BaseTable(DeclarativeBase):
    """Base of a program's own declarative class: subclass it with a `metadata` from `new_metadata()`."""

    __abstract__ = True
    type_annotation_map = TYPES


def new_metadata() -> MetaData:
    """Metadata of one program, in the schema `app`."""
    return MetaData(schema="app", naming_convention=NAMING)


TenantKey = Annotated[
    UUID,
    mapped_column(primary_key=True, server_default=text("app.current_tenant()")),
]
"""The column `tenant_id`: the first of the key of every table that belongs to a territory."""


class TenantColumns:
    """Columns of most tables that belong to a territory: `(tenant_id, id)` is the key."""

    tenant_id: Mapped[TenantKey]
    id: Mapped[UUID] = mapped_column(
        primary_key=True, default=uuid.uuid4, insert_sentinel=True
    )
    """By it the rows that are added together are told apart when the server answers: one statement adds them all."""


def tenant_foreign_key(
    column: str, table: str, *, ondelete: str | None = None
) -> ForeignKeyConstraint:
    """A reference to the `id` of a table, within the territory."""
    return ForeignKeyConstraint(
        ["tenant_id", column],
        [f"app.{table}.tenant_id", f"app.{table}.id"],
        ondelete=ondelete,
    )


class TenantSession(Session):
    """A session that starts each transaction with its territory (and person) set."""


@event.listens_for(TenantSession, "after_begin")
def _set_tenant(
    session: Session, transaction: SessionTransaction, connection: Connection
) -> None:
    if transaction.nested:
        return  # a savepoint keeps what its transaction said
    tenant: UUID | None = session.info.get("tenant")
    person: UUID | None = session.info.get("person")
    tenant_id = str(UUID(str(tenant))) if tenant else ""
    if connection.get_execution_options().get(READS):
        read_connections.set_tenant(connection, tenant_id)
        return
    person_id = str(UUID(str(person))) if person else ""
    spaces: frozenset[str] | None = session.info.get("spaces")
    names = ""
    if spaces is not None:
        slugs = sorted(slug for slug in spaces if SPACE.fullmatch(slug))
        names = ",".join(slugs) or NO_SPACE
    note_context(connection, tenant_id, person_id, names)


def is_unavailable(error: BaseException) -> bool:
    """Whether the database does not answer for now: it is cut off, starting, stopping, full, or handing over."""
    if isinstance(
        error,
        (
            OperationalError,
            InterfaceError,
            asyncpg.InterfaceError,
            PoolTimeoutError,
            OSError,
        ),
    ):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = getattr(getattr(error, "orig", None) or error, "sqlstate", None) or ""
    return state.startswith(("08", "53", "57P")) or state in {
        READ_ONLY,
        CONFLICT,
        DEADLOCK,
    }


def _mark_disconnected(context: ExceptionContext) -> None:
    """A statement that was not answered leaves its connection in the middle of it: nothing more is asked there."""
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True


class Database:
    """The engines of one program, one a role, opened when first used.

    For pages (`pages=True`) somebody waits: no statement takes longer than `PATIENCE`, and what the role `public`
    reads comes from the copy that follows the database, where there is one. A worker takes its time, at the database.
    """

    def __init__(
        self,
        settings: Settings,
        program: ProgramName,
        *,
        pool_size: int = MAX_CONNECTIONS,
        pages: bool = False,
    ) -> None:
        self._settings = settings
        self.program = program
        self._pool_size = pool_size
        self._pages = pages
        self._column_keys = ColumnKeys(settings, program)
        self._makers: dict[Role, async_sessionmaker[AsyncSession]] = {}
        self._engines: dict[Role, AsyncEngine] = {}

    def clone(self) -> "Database":
        """The same database on connections of its own, for another event loop."""
        return Database(self._settings, self.program, pool_size=1, pages=self._pages)

    @property
    def has_replica(self) -> bool:
        """Whether the role `public` may read somewhat later than the others wrote."""
        return self._pages and self._settings.database_replica_port is not None

    def column_keys(self) -> Keyring:
        """The keys of the program's sealed columns.

        Raises:
            MissingSecretError: not even the program's own key is there.
        """
        return self._column_keys()

    def engine(self, role: Role) -> AsyncEngine:
        """The engine that connects as this role."""
        if role not in self._engines:
            self._engines[role] = self._create_engine(role)
        return self._engines[role]

    def _create_engine(self, role: Role) -> AsyncEngine:
        only_reads = self._pages and role == "public"
        most = MAX_READ_CONNECTIONS if only_reads else MAX_CONNECTIONS
        pool_size = min(self._pool_size, most)
        engine = create_async_engine(
            self._settings.dsn(
                self.program, role, replica=self.has_replica and role == "public"
            ),
            pool_size=pool_size,
            max_overflow=most - pool_size,
            poolclass=FifoConnectionPool,
            pool_use_lifo=True,
            pool_recycle=RECYCLE,
            pool_timeout=PATIENCE if self._pages else 30,
            json_deserializer=json.decode,
            connect_args={
                "connection_class": ContextConnection,
                "ssl": find_encryption(self._settings),
                "server_settings": SERVER
                | ({"idle_session_timeout": IDLE_TIMEOUT} if self._pages else {})
                | (read_connections.SERVER if only_reads else {}),
                "timeout": PATIENCE if self._pages else 5,
                "command_timeout": PATIENCE if self._pages else None,
            },
            **(_READING if only_reads else {}),
        )
        event.listen(engine.sync_engine, "handle_error", _mark_disconnected)
        attach_keys(engine, self._column_keys)
        read_connections.watch_connections(engine)
        return engine

    @asynccontextmanager
    async def session(
        self, tenant: UUID | None, *, role: Role = "app", person: UUID | None = None
    ) -> AsyncIterator[AsyncSession]:
        """One transaction for one territory; commits at the end, rolls back on any exception.

        Raises:
            NoTenantError: no territory was given; use `platform_session` for what belongs to none.
        """
        if tenant is None:
            msg = f"A session of the {self.program} was opened without a territory."
            raise NoTenantError(msg)
        with tenant_context(tenant):
            spaces = find_spaces() if role == "app" else None
            info = {
                "tenant": tenant,
                "person": person,
                "spaces": spaces,
                "settings": self._settings,
            }
            async with self._session_maker(role)(info=info) as session, session.begin():
                yield session

    @property
    def is_for_pages(self) -> bool:
        """Whether somebody waits for what is read."""
        return self._pages

    def rows(self, tenant: UUID | None) -> read_connections.RowReader:
        """What passers-by may read of one territory, or of none (None), straight from the driver; only where pages are answered."""
        if not self._pages:
            msg = f"Only pages read the {self.program} without a transaction."
            raise RuntimeError(msg)
        name = str(tenant) if tenant else ""
        return read_connections.RowReader(self.engine("public"), name)

    @asynccontextmanager
    async def platform_session(
        self, *, role: Role = "app"
    ) -> AsyncIterator[AsyncSession]:
        """One transaction without a territory: sees the schemas `platform`, `queue` and `ops`, no row of `app`."""
        async with self._session_maker(role)(info={}) as session, session.begin():
            yield session

    def _session_maker(self, role: Role) -> async_sessionmaker[AsyncSession]:
        if role not in self._makers:
            self._makers[role] = async_sessionmaker(
                self.engine(role),
                sync_session_class=TenantSession,
                expire_on_commit=False,
            )
        return self._makers[role]

    async def close(self) -> None:
        """Close every connection."""
        for engine in self._engines.values():
            await engine.dispose()
        self._engines.clear()
        self._makers.clear()


def is_among(column: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """One array whatever the number of values: a statement has at most 32,767 of them."""
    array = literal(list(values), ARRAY(column.type))
    return cast("ColumnElement[bool]", column == any_(array))


def is_not_among(column: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """The contrary of `is_among`, by a table of the values: to compare each row with each takes long."""
    array = literal(list(values), ARRAY(column.type))
    return cast("ColumnElement[bool]", column.not_in(select(func.unnest(array))))
