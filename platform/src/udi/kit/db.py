"""PostgreSQL with row-level security: each transaction says its territory first, each role sees what it may."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, MetaData, event, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, SessionTransaction, mapped_column

from udi.kit.tenancy import NoTenantError, tenant_context
from udi.settings import ProgramName, Role, Settings

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
TYPES = {
    datetime: DateTime(timezone=True),
    dict[str, Any]: JSONB,
    dict[str, str]: JSONB,
    UUID: postgresql.UUID(as_uuid=True),
}


class Table(DeclarativeBase):
    """Base of a program's own declarative class: subclass it with a `metadata` from `new_metadata()`."""

    __abstract__ = True
    type_annotation_map = TYPES


def new_metadata() -> MetaData:
    """Metadata of one program, in the schema `app`."""
    return MetaData(schema="app", naming_convention=NAMING)


class Owned:
    """Columns of every table that belongs to a territory: `(tenant_id, id)` is the key."""

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("app.current_tenant()"))
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid.uuid4)


class TenantSession(Session):
    """A session that starts each transaction with its territory (and person) set."""


@event.listens_for(TenantSession, "after_begin")
def _say_tenant(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    tenant: UUID | None = session.info.get("tenant")
    person: UUID | None = session.info.get("person")
    connection.exec_driver_sql(f"SET LOCAL app.tenant = '{UUID(str(tenant)) if tenant else ''}'")
    if person:
        connection.exec_driver_sql(f"SET LOCAL app.person = '{UUID(str(person))}'")


class Database:
    """The engines of one program, one a role, opened when first used."""

    def __init__(self, settings: Settings, program: ProgramName, *, pool_size: int = 5) -> None:
        self._settings, self.program, self._pool_size = settings, program, pool_size
        self._makers: dict[Role, async_sessionmaker[AsyncSession]] = {}
        self._engines: dict[Role, AsyncEngine] = {}

    def engine(self, role: Role) -> AsyncEngine:
        """The engine that connects as this role."""
        if role not in self._engines:
            self._engines[role] = create_async_engine(
                self._settings.dsn(self.program, role),
                pool_size=self._pool_size,
                max_overflow=5,
                pool_pre_ping=True,
                connect_args={"server_settings": {"jit": "off", "search_path": "app,public"}, "timeout": 5},
            )
        return self._engines[role]

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
            async with self._maker(role)(info={"tenant": tenant, "person": person}) as session, session.begin():
                yield session

    @asynccontextmanager
    async def platform_session(self, *, role: Role = "app") -> AsyncIterator[AsyncSession]:
        """One transaction without a territory: sees the schemas `platform`, `queue` and `ops`, no row of `app`."""
        async with self._maker(role)(info={}) as session, session.begin():
            yield session

    def _maker(self, role: Role) -> async_sessionmaker[AsyncSession]:
        if role not in self._makers:
            self._makers[role] = async_sessionmaker(
                self.engine(role), sync_session_class=TenantSession, expire_on_commit=False
            )
        return self._makers[role]

    async def close(self) -> None:
        """Close every connection."""
        for engine in self._engines.values():
            await engine.dispose()
        self._engines.clear()
        self._makers.clear()
