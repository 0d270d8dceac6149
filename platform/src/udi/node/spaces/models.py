"""Tables of the producers' spaces."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Index, Text, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
from udi.node.schema import NodeTable
from udi.settings import Settings


class Sealing(StrEnum):
    """Whether the files of a space are encrypted where they lie: none, those that came since, all of them."""

    OPEN = "open"
    NEW = "new"
    WHOLE = "whole"


class Space(TenantColumns, NodeTable):
    """The place of one organisation; `slug` is the organisation's.

    Limits that are not set are the installation's (settings). `figures_dataset_id` is the dataset that tells the uses
    of the others, once its producer asked for it.
    """

    __tablename__ = "space"
    __table_args__ = (UniqueConstraint("tenant_id", "slug", name="uq_space_slug"),)

    slug: Mapped[str] = mapped_column(Text)
    organisation_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    quota_bytes: Mapped[int] = mapped_column(BigInteger)
    requests_per_minute: Mapped[int | None]
    jobs_at_once: Mapped[int | None]
    uploads_at_once: Mapped[int | None]
    figures_dataset_id: Mapped[UUID | None]
    publishes_figures: Mapped[bool] = mapped_column(server_default=text("false"))
    sealing: Mapped[str] = mapped_column(Text, server_default=Sealing.OPEN)

    @property
    def is_sealed(self) -> bool:
        """Whether what comes into it is encrypted where it lies."""
        return self.sealing != Sealing.OPEN


class MovedAddress(TenantColumns, NodeTable):
    """Addresses that begin with `prefix` (whole parts of a path) are now at another origin."""

    __tablename__ = "moved"
    __table_args__ = (UniqueConstraint("tenant_id", "prefix", name="uq_moved_prefix"),)

    space_slug: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    moved_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class ScriptKey(TenantColumns, NodeTable):
    """What lets a script send new versions: the digest of a token shown once.

    `datasets` None: any dataset of the space, and new ones.
    """

    __tablename__ = "script_key"
    __table_args__ = (
        tenant_foreign_key("space_id", "space"),
        UniqueConstraint("tenant_id", "token_hash", name="uq_script_key_token_hash"),
    )

    space_id: Mapped[UUID]
    person_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[str] = mapped_column(Text)
    datasets: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None]
    revoked_reason: Mapped[str] = mapped_column(Text, server_default="")
    """Why it ended by itself: `left` or `role`; empty where a person revoked it."""


class DatasetRole(StrEnum):
    """What somebody may do with one dataset without publishing for its space."""

    READER = "reader"
    EDITOR = "editor"


class DatasetRight(NodeTable):
    """A right on one dataset, given to a member of the organisation who may not publish."""

    __tablename__ = "dataset_right"
    __table_args__ = (
        tenant_foreign_key("person_id", "person", ondelete="CASCADE"),
        Index("ix_dataset_right_person", "tenant_id", "person_id"),
    )

    tenant_id: Mapped[TenantKey]
    dataset_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(Text)
    granted_by: Mapped[UUID | None]
    granted_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class UseCount(NodeTable):
    """How often a dataset was used on one day, in one way, by one kind of client; nothing about who.

    Rows outlive the dataset: its producer paid for that traffic.
    """

    __tablename__ = "use_count"
    __table_args__ = (
        tenant_foreign_key("space_id", "space"),
        Index("ix_use_count_space", "tenant_id", "space_id", "day"),
    )

    tenant_id: Mapped[TenantKey]
    dataset_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    client: Mapped[str] = mapped_column(Text, primary_key=True)
    space_id: Mapped[UUID]
    count: Mapped[int] = mapped_column(BigInteger)
    bytes: Mapped[int] = mapped_column(BigInteger)


class SpaceDay(NodeTable):
    """What a space cost on one day: the most bytes seen stored (None: nobody looked), and seconds of heavy jobs."""

    __tablename__ = "space_day"
    __table_args__ = (tenant_foreign_key("space_id", "space"),)

    tenant_id: Mapped[TenantKey]
    space_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    stored_bytes: Mapped[int | None] = mapped_column(BigInteger)
    job_seconds: Mapped[float] = mapped_column(server_default=text("0"))


@dataclass(frozen=True)
class SpaceShare:
    """What one space may do in one program."""

    requests_per_minute: int
    jobs_at_once: int
    uploads_at_once: int

    @classmethod
    def of(cls, settings: Settings, space: Space | None = None) -> "SpaceShare":
        """The space's own limits, and the installation's where it has none."""
        return cls(
            (space and space.requests_per_minute) or settings.space_requests_per_minute,
            (space and space.jobs_at_once) or settings.space_jobs_at_once,
            (space and space.uploads_at_once) or settings.space_uploads_at_once,
        )
