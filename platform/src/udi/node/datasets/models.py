"""Tables of datasets, their versions, their announcement to the portal and their history."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from udi.kit.db import Owned
from udi.node.files.models import StoredFile
from udi.node.schema import NodeTable
from udi.node.spaces.models import Space


class State(StrEnum):
    """Where a dataset stands between its producer and the portal."""

    DRAFT = "draft"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    REFUSED = "refused"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"


class DeliveryState(StrEnum):
    """Where the announcement stands: `failed` waits for a person, `sent` for the portal's report."""

    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    FAILED = "failed"


class Dataset(Owned, NodeTable):
    """What a producer publishes; its id is RUDI's `global_id`.

    `description` holds the producer's answers as typed; `record` what the portal last accepted;
    `opened_at` is set while anyone may see it, or could before it was withdrawn.
    """

    __tablename__ = "dataset"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "space_id"], ["app.space.tenant_id", "app.space.id"]),
        Index("ix_dataset_space", "tenant_id", "space_id", "updated_at"),
    )

    space_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(Text, server_default=State.DRAFT)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[dict[str, str]]
    record: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    described_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawal_reason: Mapped[str] = mapped_column(Text, server_default="")

    space: Mapped[Space] = relationship(lazy="joined", innerjoin=True)
    versions: Mapped[list["Version"]] = relationship(
        lazy="selectin", order_by="Version.number.desc()", back_populates="dataset", cascade="all, delete-orphan"
    )
    delivery: Mapped["Delivery | None"] = relationship(
        lazy="selectin", uselist=False, back_populates="dataset", cascade="all, delete-orphan"
    )

    @property
    def latest(self) -> "Version":
        """The newest version, published or not."""
        return self.versions[0]

    @property
    def pending(self) -> "Version | None":
        """The version that waits to be published, if any."""
        return self.latest if self.latest.published_at is None else None

    @property
    def in_catalogue(self) -> bool:
        """Whether the portal holds a description of it, as far as the node knows."""
        return self.record is not None and self.withdrawn_at is None


class Version(Owned, NodeTable):
    """One file of a dataset, with what was understood of it."""

    __tablename__ = "version"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "dataset_id"], ["app.dataset.tenant_id", "app.dataset.id"]),
        ForeignKeyConstraint(["tenant_id", "file_id"], ["app.stored_file.tenant_id", "app.stored_file.id"]),
        UniqueConstraint("tenant_id", "dataset_id", "number", name="uq_version_number"),
    )

    dataset_id: Mapped[UUID]
    file_id: Mapped[UUID]
    number: Mapped[int]
    profile: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    published_at: Mapped[datetime | None]

    dataset: Mapped[Dataset] = relationship(back_populates="versions", overlaps="file")
    file: Mapped[StoredFile] = relationship(lazy="joined", innerjoin=True, overlaps="dataset,versions")


class Delivery(Owned, NodeTable):
    """What the portal should know of a dataset, and how far that went: one row a dataset.

    `revision` counts what was asked; a job or a report of an earlier one changes nothing.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "dataset_id"], ["app.dataset.tenant_id", "app.dataset.id"]),
        UniqueConstraint("tenant_id", "dataset_id", name="uq_delivery_dataset"),
    )

    dataset_id: Mapped[UUID]
    revision: Mapped[int] = mapped_column(server_default="1")
    method: Mapped[str] = mapped_column(Text)
    record: Mapped[dict[str, Any] | None]
    state: Mapped[str] = mapped_column(Text, server_default=DeliveryState.QUEUED)
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, server_default="")
    report_id: Mapped[str] = mapped_column(Text, server_default="")
    earlier_reports: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    report: Mapped[dict[str, Any] | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    dataset: Mapped[Dataset] = relationship(back_populates="delivery")


class DatasetEvent(Owned, NodeTable):
    """Who did what, when: rows are only ever added. A person is an id; None is the portal or the node itself."""

    __tablename__ = "dataset_event"
    __table_args__ = (Index("ix_dataset_event_dataset", "tenant_id", "dataset_id", "happened_at"),)

    dataset_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]]
    happened_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
