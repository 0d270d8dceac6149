"""Tables of how datasets are renewed: from an address, and with reminders to their producers."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
from udi.kit.sealed_columns import SealedText
from udi.node.schema import NodeTable


class Reminder(NodeTable):
    """A mail that told a producer that a version due on a day is late; `number` counts from 0."""

    __tablename__ = "reminder"
    __table_args__ = (tenant_foreign_key("dataset_id", "dataset", ondelete="CASCADE"),)

    tenant_id: Mapped[TenantKey]
    dataset_id: Mapped[UUID] = mapped_column(primary_key=True)
    due_on: Mapped[date] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    queued_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    sent_at: Mapped[datetime | None]


class Frequency(StrEnum):
    """How often an address is looked at."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class DatasetSource(TenantColumns, NodeTable):
    """The address from which a dataset is renewed, and what was found there last.

    `etag` and `last_modified` are the other side's words, said back to it; `failures` are those since the last success.
    `credential` is a JSON object of what opens the address, for its server alone; it is loaded where it is used.
    """

    __tablename__ = "source"
    __table_args__ = (
        tenant_foreign_key("dataset_id", "dataset", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "dataset_id", name="uq_source_dataset"),
        Index("ix_source_due", "tenant_id", "due_at"),
    )

    dataset_id: Mapped[UUID]
    person_id: Mapped[UUID]
    address: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text, default="http", server_default="http")
    credential: Mapped[str] = mapped_column(
        SealedText("source.credential"), default="", server_default="", deferred=True
    )
    host_key: Mapped[str] = mapped_column(Text, default="", server_default="")
    """The fingerprint of an SSH server's key, as a person confirmed it."""
    offered_key: Mapped[str] = mapped_column(Text, default="", server_default="")
    """The fingerprint that the server showed last, while it is not the confirmed one."""
    frequency: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text, server_default="")
    etag: Mapped[str] = mapped_column(Text, server_default="")
    last_modified: Mapped[str] = mapped_column(Text, server_default="")
    due_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    checked_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str] = mapped_column(Text, server_default="")
    remedy: Mapped[str] = mapped_column(Text, default="", server_default="")
    paused: Mapped[bool] = mapped_column(server_default="false")
    paused_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    """Raised whenever somebody sets the source, or has it looked at: an earlier look notes nothing any more."""
