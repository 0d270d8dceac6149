"""People known to the node, and their sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
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
        tenant_foreign_key("person_id", "person", ondelete="CASCADE"),
        Index(None, "tenant_id", "person_id"),
        Index(None, "tenant_id", "sid"),
    )


class AccountWatch(NodeTable):
    """When the portal last reported what became of the accounts of a territory, as the identity service knows it."""

    __tablename__ = "account_watch"

    tenant_id: Mapped[TenantKey]
    confirmed_at: Mapped[datetime]


class UsedToken(UsedTokenColumns, NodeTable):
    """A logout token already obeyed."""

    __tablename__ = "used_token"


class Membership(NodeTable):
    """A person in an organisation, as their token said last: for lists and names, never for rights."""

    __tablename__ = "membership"
    __table_args__ = (
        tenant_foreign_key("person_id", "person", ondelete="CASCADE"),
        Index("ix_membership_organisation_slug", "tenant_id", "organisation_slug"),
    )

    tenant_id: Mapped[TenantKey]
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_slug: Mapped[str] = mapped_column(Text, primary_key=True)
    groups: Mapped[list[str]] = mapped_column(ARRAY(Text))


TABLES = SessionTables(Person, WebSession, UsedToken)
