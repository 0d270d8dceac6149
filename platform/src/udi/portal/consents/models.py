"""The tables of consents: notices in their versions, and what each person answered."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, tenant_foreign_key
from udi.portal.projects.models import person_key
from udi.portal.schema import PortalTable


class NoticeState(StrEnum):
    """Whether people may answer a version of a notice."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    """The producer holds it: people answer."""
    REFUSED = "refused"
    REPLACED = "replaced"
    """A later version was accepted."""
    INVALIDATED = "invalidated"
    """The territory's team found it wrong."""


class NoticeVersion(TenantColumns, PortalTable):
    """One version of what a project asks people under an agreement; its document never changes."""

    __tablename__ = "notice_version"
    __table_args__ = (
        tenant_foreign_key("agreement_id", "access_agreement", ondelete="CASCADE"),
        person_key("author_id"),
        Index(None, "tenant_id", "agreement_id", "version", unique=True),
        Index(None, "tenant_id", "organisation_id", "state"),
        Index(None, "tenant_id", "author_id"),
    )

    agreement_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    """The producer that holds the data."""
    project_id: Mapped[UUID]
    version: Mapped[int]
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """A `protocol.consent.ConsentNotice`, as written."""
    sha256: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default=NoticeState.SUBMITTED)
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why the producer refused it, or the team found it wrong."""
    author_id: Mapped[UUID | None]
    submitted_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    given: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many lend under it now, and how many stopped; pages read no consent but the reader's own."""
    stopped: Mapped[int] = mapped_column(default=0, server_default="0")
    stopped_at: Mapped[datetime | None]
    """When somebody stopped last."""


class Consent(TenantColumns, PortalTable):
    """What one person answered to one version of a notice; a no is kept for six months."""

    __tablename__ = "consent"
    __table_args__ = (
        tenant_foreign_key("notice_id", "notice_version", ondelete="CASCADE"),
        tenant_foreign_key("person_id", "person", ondelete="CASCADE"),
        Index(None, "tenant_id", "notice_id"),
        Index(None, "tenant_id", "person_id"),
        Index(None, "tenant_id", "node_id", "revision"),
        Index(None, "tenant_id", "state", "expires_at"),
        Index(
            "uq_consent_given",
            "tenant_id",
            "agreement_id",
            "person_id",
            unique=True,
            postgresql_where=text("state = 'given'"),
        ),
        Index(
            "ix_consent_unconfirmed",
            "tenant_id",
            "node_id",
            postgresql_where=text("delivered < revision"),
        ),
    )

    notice_id: Mapped[UUID]
    agreement_id: Mapped[UUID]
    node_id: Mapped[UUID]
    person_id: Mapped[UUID]
    recipient_reference: Mapped[UUID]
    """Stands for the person in the receipt; drawn at random, and sent to nobody else."""
    state: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """Of a no: until when the question is not put again."""
    ended_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    """When the person was told that it ends soon."""
    replaced_by: Mapped[UUID | None]
    receipt: Mapped[str] = mapped_column(Text, default="", server_default="")
    """A JWS; empty for a no."""
    revision: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """Of its status, in the territory's one sequence; 0: no node hears of it."""
    delivered: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    delivered_at: Mapped[datetime | None]
    link_tickets: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often the person was sent to the node to say their number, and when last."""
    link_ticket_at: Mapped[datetime | None]


class ConsentChange(TenantColumns, PortalTable):
    """What the project of a notice learns of one answer: that somebody lends, or no more; never who.

    The agreement is named and not referred to: whoever ends a consent holds its notice, and must not wait for who holds
    the agreement.
    """

    __tablename__ = "consent_change"
    __table_args__ = (
        tenant_foreign_key("notice_id", "notice_version", ondelete="CASCADE"),
        Index(None, "tenant_id", "notice_id", "revision"),
        Index(None, "tenant_id", "changed_at"),
    )

    notice_id: Mapped[UUID]
    agreement_id: Mapped[UUID]
    revision: Mapped[int] = mapped_column(BigInteger)
    """In the territory's one sequence: a later one was committed later."""
    state: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]
    """To the hour: a minute would tie the answers of one person to one another."""
