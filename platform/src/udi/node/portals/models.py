"""The further portals of a node, and what each should know of a dataset."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, tenant_foreign_key
from udi.node.schema import NodeTable


class FurtherPortal(TenantColumns, NodeTable):
    """A portal that this node joined after that of its territory.

    `spaces` says by slug which of the spaces here it shows, and which organisation that is there: `id` and `name`.
    `reports_read_at` is until when its reports were asked for; `error` is why it did not answer since.
    """

    __tablename__ = "further_portal"
    __table_args__ = (
        UniqueConstraint("tenant_id", "origin", name="uq_further_portal_origin"),
    )

    origin: Mapped[str] = mapped_column(Text)
    name: Mapped[dict[str, str]]
    client_id: Mapped[str] = mapped_column(Text)
    credential: Mapped[str] = mapped_column(Text)
    """Name of the secret, not its value."""
    spaces: Mapped[dict[str, Any]]
    joined_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    left_at: Mapped[datetime | None]
    reports_read_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, server_default="")


class FurtherDeliveryState(StrEnum):
    """Where an announcement stands: `sent` waits for the portal's report."""

    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class FurtherDelivery(TenantColumns, NodeTable):
    """What one further portal should know of one dataset, and how far that went.

    `revision` counts what was asked, as in `delivery`; `is_published`: whether the portal accepted it and shows it.
    """

    __tablename__ = "further_delivery"
    __table_args__ = (
        tenant_foreign_key("dataset_id", "dataset", ondelete="CASCADE"),
        tenant_foreign_key("portal_id", "further_portal", ondelete="CASCADE"),
        UniqueConstraint(
            "tenant_id", "dataset_id", "portal_id", name="uq_further_delivery_dataset"
        ),
        Index("ix_further_delivery_portal", "tenant_id", "portal_id", "state"),
    )

    dataset_id: Mapped[UUID]
    portal_id: Mapped[UUID]
    revision: Mapped[int] = mapped_column(server_default="0")
    method: Mapped[str] = mapped_column(Text)
    record: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    state: Mapped[str] = mapped_column(Text, server_default=FurtherDeliveryState.QUEUED)
    is_published: Mapped[bool] = mapped_column(server_default=text("false"))
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, server_default="")
    report_id: Mapped[str] = mapped_column(Text, server_default="")
    earlier_reports: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    @property
    def holds(self) -> bool:
        """Whether the portal shows the dataset, or is to: its file stays open for it."""
        coming = (
            self.state in {FurtherDeliveryState.QUEUED, FurtherDeliveryState.SENT}
            and self.method != "DELETE"
        )
        return coming or (self.is_published and not self.leaves)

    @property
    def leaves(self) -> bool:
        """Whether the portal is to take it off and has not said yet that it did."""
        return self.method == "DELETE" and (
            self.state != FurtherDeliveryState.ACCEPTED or self.is_published
        )
