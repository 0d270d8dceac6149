"""People known to the node, and their sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns
from udi.kit.sessions import (
    PersonColumns,
    SessionTables,
    UsedTokenColumns,
    WebSessionColumns,
)
from udi.node.schema import NodeTable


class Person(TenantColumns, PersonColumns, NodeTable):
    """Someone who logged in at least once."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("tenant_id", "issuer", "subject"),)

    portal_waiting: Mapped[int] = mapped_column(server_default=text("0"))
    """How much waits for them at the portal, as it answered last; `portal_late`, how much of it is late."""
    portal_late: Mapped[int] = mapped_column(server_default=text("0"))
    portal_counted_at: Mapped[datetime | None]


class WebSession(TenantColumns, WebSessionColumns, NodeTable):
    """An open session."""

    __tablename__ = "web_session"
    __table_args__ = (
        UniqueConstraint("tenant_id", "token_hash"),
        ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["app.person.tenant_id", "app.person.id"],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "person_id"),
        Index(None, "tenant_id", "sid"),
    )


class AccountWatch(NodeTable):
    """When the portal said last what became of the accounts of a territory, as the identity service told it."""

    __tablename__ = "account_watch"

    tenant_id: Mapped[UUID] = mapped_column(
        primary_key=True, server_default=text("app.current_tenant()")
    )
    confirmed_at: Mapped[datetime]


class UsedToken(UsedTokenColumns, NodeTable):
    """A logout token already obeyed."""

    __tablename__ = "used_token"


class Membership(NodeTable):
    """A person in an organisation, as their token said last: for lists and names, never for rights."""

    __tablename__ = "membership"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["app.person.tenant_id", "app.person.id"],
            ondelete="CASCADE",
        ),
        Index("ix_membership_organisation_slug", "tenant_id", "organisation_slug"),
    )

    tenant_id: Mapped[UUID] = mapped_column(
        primary_key=True, server_default=text("app.current_tenant()")
    )
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_slug: Mapped[str] = mapped_column(Text, primary_key=True)
    groups: Mapped[list[str]] = mapped_column(ARRAY(Text))


TABLES = SessionTables(Person, WebSession, UsedToken)
