"""The table of events."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey
from udi.portal.schema import PortalTable


class AuditEvent(TenantColumns, PortalTable):
    """One event; rows are never changed."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_tenant_id_at", "tenant_id", "at"),)

    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    name: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None]
    facts: Mapped[dict[str, Any]]


class JournalLine(PortalTable):
    """The number of an event in the journal that leaves for a collector; rows are never changed.

    Number zero of a chain is its beginning: of no event, with a digest drawn at random.
    """

    __tablename__ = "journal_line"
    __table_args__ = (
        Index(
            "ix_journal_line_tenant_id_chain_event_id",
            "tenant_id",
            "chain",
            "event_id",
            unique=True,
        ),
    )

    tenant_id: Mapped[TenantKey]
    chain: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False
    )
    event_id: Mapped[UUID | None]
    digest: Mapped[bytes]
    """SHA-256 of the line."""
