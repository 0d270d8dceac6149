"""The table of events."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns
from udi.kit.journal_lines import JournalLineColumns
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


class JournalLine(JournalLineColumns, PortalTable):
    """The number of an event in the journal that leaves for a collector."""
