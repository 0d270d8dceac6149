"""The tables of data spaces: connectors of projects, processes of the protocol, and the messages that leave."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, tenant_foreign_key
from udi.kit.sealed_columns import SealedText
from udi.portal.schema import PortalTable


class Connector(TenantColumns, PortalTable):
    """A machine of a data space with which a project speaks: its own, which asks here, or a provider's, which is asked."""

    __tablename__ = "connector"
    __table_args__ = (
        tenant_foreign_key("project_id", "project", ondelete="CASCADE"),
        Index(None, "tenant_id", "project_id"),
        Index(None, "tenant_id", "sha256", unique=True),
    )

    project_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(Text)
    participant: Mapped[str] = mapped_column(Text)
    """How it is called in its data space."""
    address: Mapped[str] = mapped_column(Text)
    """Below which it takes messages; what it names as its own address lies below it too."""
    token: Mapped[str] = mapped_column(
        SealedText("connector.token"), default="", server_default=""
    )
    """What it wants to be shown, if anything: sent with each message."""
    sha256: Mapped[str] = mapped_column(Text)
    """Of what it shows here."""
    purpose: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    interest: Mapped[str] = mapped_column(Text, default="", server_default="")
    """What the producers read of each request that it makes: the use, what for, how it serves the general interest."""
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class DataspaceProcess(TenantColumns, PortalTable):
    """A negotiation or a transfer, as provider or as consumer; its id is our process identifier."""

    __tablename__ = "dataspace_process"
    __table_args__ = (
        tenant_foreign_key("connector_id", "connector", ondelete="CASCADE"),
        Index(None, "tenant_id", "connector_id", "their_pid"),
        Index(None, "tenant_id", "project_id", "started_at"),
        Index(None, "tenant_id", "request_id"),
        Index(None, "tenant_id", "agreement_id"),
    )

    kind: Mapped[str] = mapped_column(Text)
    side: Mapped[str] = mapped_column(Text)
    """Ours."""
    connector_id: Mapped[UUID]
    project_id: Mapped[UUID]
    their_pid: Mapped[str] = mapped_column(Text)
    """The other side's process identifier; empty until it was said."""
    callback: Mapped[str] = mapped_column(Text)
    """Below which the other side takes the messages of this process."""
    state: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    started_at: Mapped[datetime]
    dataset: Mapped[str] = mapped_column(Text, default="", server_default="")
    """As the provider names it."""
    offer: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """The last offer or request, as ODRL."""
    agreed: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """The agreement, as ODRL."""
    request_id: Mapped[UUID | None]
    """As provider: the request for access that it is."""
    agreement_id: Mapped[UUID | None]
    """As provider: our agreement."""
    contract: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Of a transfer: the agreement, as the provider names it."""
    answered_at: Mapped[datetime | None]
    """As provider: the moment of the request's offer that was sent last."""
    credential_id: Mapped[UUID | None]
    """As provider: what opens the data."""
    data_address: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """As consumer: where the data are and what opens them, until whoever leads the project has read it."""
    code: Mapped[str] = mapped_column(Text, default="", server_default="")
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why it was suspended or ended, in the words of whoever did."""
    sent: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many messages were written: the number of the last."""


class DataspaceMessage(TenantColumns, PortalTable):
    """A message that leaves, after those before it; its body is emptied once the other side took it."""

    __tablename__ = "dataspace_message"
    __table_args__ = (
        tenant_foreign_key("process_id", "dataspace_process", ondelete="CASCADE"),
        Index(None, "tenant_id", "process_id", "number", unique=True),
        Index(
            "ix_dataspace_message_waiting",
            "tenant_id",
            "process_id",
            postgresql_where=text("sent_at IS NULL"),
        ),
    )

    process_id: Mapped[UUID]
    number: Mapped[int]
    type: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    """While it is being sent, nobody else sends it."""
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    error: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why it was not taken: a status, `unreachable` or `address`; `answer`, where a first message named no process."""
