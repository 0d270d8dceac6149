"""The nodes known to a territory's portal, and the report of each dataset they pushed."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Index, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
from udi.portal.schema import PortalTable
from udi.protocol.inbox import NodeInboxKind


class NodeState(StrEnum):
    """Whether a node may push."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class ReportDeliveryState(StrEnum):
    """Where the report is on its way back to the node."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    ANSWERED = "answered"
    """There is no address to report to: the record had no usable id, and the answer said everything, or it is of a source."""


class Node(TenantColumns, PortalTable):
    """A producer's node, registered by the territory's team."""

    __tablename__ = "node"
    __table_args__ = (
        UniqueConstraint("tenant_id", "slug"),
        UniqueConstraint("tenant_id", "client_id"),
    )

    slug: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    """Where reports are sent, without a final slash: `{url}/resources/{id}/report`; empty for one behind a source."""
    client_id: Mapped[str] = mapped_column(Text)
    """The node's client at the identity service."""
    hosted: Mapped[bool] = mapped_column(default=False)
    """A hosted node may push for every producer of its territory."""
    state: Mapped[NodeState] = mapped_column(Text, default=NodeState.ACTIVE)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    last_seen_at: Mapped[datetime | None]
    reports_inbox: Mapped[bool] = mapped_column(default=False)
    """Whether it tells each minute what waits there; the nodes of RUDI call only when they push."""
    spaces: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """Slugs of the producers that have a space there, as it told last; none until it did."""
    takes_subject_requests: Mapped[bool] = mapped_column(default=False)
    """Whether a producer's own node has a login for people who ask about themselves, as it told last; the hosted one has."""


class NodeProducer(PortalTable):
    """A producer for which a node may push (RUDI's linked producer)."""

    __tablename__ = "node_producer"
    __table_args__ = (
        tenant_foreign_key("node_id", "node", ondelete="CASCADE"),
        tenant_foreign_key("organisation_id", "organisation", ondelete="CASCADE"),
        Index(None, "tenant_id", "organisation_id"),
    )

    tenant_id: Mapped[TenantKey]
    node_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)


class NodeInvitation(TenantColumns, PortalTable):
    """A producer's node that was invited: a code that works once, of which only a digest is kept."""

    __tablename__ = "node_invitation"
    __table_args__ = (
        UniqueConstraint("tenant_id", "slug"),
        UniqueConstraint("tenant_id", "code_hash"),
    )

    slug: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    organisations: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    code_hash: Mapped[str] = mapped_column(Text)
    sealed: Mapped[str] = mapped_column(Text)
    """The node's credentials, which only the code opens; empty once it was used."""
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Report(TenantColumns, PortalTable):
    """What the portal did with one push (RUDI's integration request); holds no body, only codes and field names."""

    __tablename__ = "report"
    __table_args__ = (
        tenant_foreign_key("node_id", "node", ondelete="CASCADE"),
        Index(None, "tenant_id", "node_id", "submitted_at"),
        Index(
            "ix_report_undelivered",
            "tenant_id",
            "delivery",
            postgresql_where=text("delivery <> 'sent'"),
        ),
    )

    node_id: Mapped[UUID]
    method: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text, default="")
    """Version of the metadata as announced."""
    resource_id: Mapped[UUID | None]
    comment: Mapped[str] = mapped_column(Text, server_default="")
    """Why the territory's team withdrew the dataset; such a report is about no push."""
    resource_title: Mapped[str] = mapped_column(Text, default="")
    """Empty for a refused record."""
    accepted: Mapped[bool]
    faults: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    """Each `code`, `field`, `message`, `remedy` and `values`, untranslated; at most a hundred."""
    submitted_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    treated_at: Mapped[datetime]
    delivery: Mapped[ReportDeliveryState] = mapped_column(
        Text, default=ReportDeliveryState.PENDING
    )
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(Text, default="")
    """`unreachable`, `address` (it may not be reached from here), or the status that the node answered."""
    sent_at: Mapped[datetime | None]


class NodeWaiting(TenantColumns, PortalTable):
    """How many things of one kind wait at a node for a producer, as the node told last; never what they are."""

    __tablename__ = "node_waiting"
    __table_args__ = (
        tenant_foreign_key("node_id", "node", ondelete="CASCADE"),
        tenant_foreign_key("organisation_id", "organisation", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "node_id", "organisation_id", "kind"),
        Index(None, "tenant_id", "organisation_id"),
    )

    node_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    kind: Mapped[NodeInboxKind] = mapped_column(Text)
    number: Mapped[int]
    since: Mapped[datetime]
    due_on: Mapped[date | None]
    received_at: Mapped[datetime]


class NodeUseDay(PortalTable):
    """How much the data of a producer at a node were used on one day (UTC), as the node tells; nothing about who."""

    __tablename__ = "node_use_day"
    __table_args__ = (
        tenant_foreign_key("node_id", "node", ondelete="CASCADE"),
        tenant_foreign_key("organisation_id", "organisation", ondelete="CASCADE"),
        Index(None, "tenant_id", "day"),
        Index(None, "tenant_id", "organisation_id"),
    )

    tenant_id: Mapped[TenantKey]
    node_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    downloads: Mapped[int] = mapped_column(BigInteger)
    calls: Mapped[int] = mapped_column(BigInteger)
