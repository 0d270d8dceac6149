"""Tables of the agreements that the portal made known, of their credentials, of each reading, and how far it was asked."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
from udi.kit.sealed_columns import SealedText
from udi.node.schema import NodeTable

ALLOWED = "allowed"
"""The outcome of a reading that was let through."""
STOPPED = "stopped"
"""That of one whose agreement ended while it went on; every other is a reason to refuse."""
READ = (ALLOWED, STOPPED)


class HeldAgreement(TenantColumns, NodeTable):
    """An agreement and its newest status, as the portal signed them; the id is the portal's.

    `revision`, `state` and `closes_at` are the status's: one of an earlier revision changes nothing.
    """

    __tablename__ = "held_agreement"
    __table_args__ = (Index("ix_held_agreement_dataset", "tenant_id", "dataset_id"),)

    dataset_id: Mapped[UUID]
    document: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    ends_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    changed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class HeldCredential(TenantColumns, NodeTable):
    """A credential of a project, for one of its agreements: its digest only."""

    __tablename__ = "held_credential"
    __table_args__ = (
        tenant_foreign_key("agreement_id", "held_agreement", ondelete="CASCADE"),
        Index("ix_held_credential_sha256", "tenant_id", "sha256"),
        Index("ix_held_credential_agreement", "tenant_id", "agreement_id"),
    )

    agreement_id: Mapped[UUID]
    dataset_id: Mapped[UUID]
    credential_id: Mapped[UUID]
    sha256: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime]


class AgreementUse(TenantColumns, NodeTable):
    """A reading, or a refusal: `kind` is how it was asked, `outcome` is `ALLOWED` or why not, `bytes` what was sent.

    `credential_id` is None for a person who came from the portal. Refusals for the same reason within a minute are one
    row, `times` says how many. `checked_at` is when the agreement was last asked while bytes were sent, `ended_at` when
    the last byte was; a reading without goes on.
    """

    __tablename__ = "agreement_use"
    __table_args__ = (
        Index("ix_agreement_use_agreement", "tenant_id", "agreement_id", "happened_at"),
        Index("ix_agreement_use_dataset", "tenant_id", "dataset_id", "happened_at"),
        Index("ix_agreement_use_happened", "tenant_id", "happened_at"),
    )

    agreement_id: Mapped[UUID]
    dataset_id: Mapped[UUID]
    credential_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text, server_default=ALLOWED)
    bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    times: Mapped[int] = mapped_column(server_default="1")
    happened_at: Mapped[datetime] = mapped_column(
        server_default=text("clock_timestamp()")
    )
    checked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class PersonColumn(NodeTable):
    """The column of a restricted table that says whom each row is about, as its producer names it.

    Where there is one, rows are given under an agreement only of who lends them under it. `codes_are_secret`: only the
    person knows the number that stands there, so that whoever brings it is taken to be them.
    """

    __tablename__ = "person_column"
    __table_args__ = (tenant_foreign_key("dataset_id", "dataset", ondelete="CASCADE"),)

    tenant_id: Mapped[TenantKey]
    dataset_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    codes_are_secret: Mapped[bool] = mapped_column(server_default="false")
    changed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class HeldConsent(TenantColumns, NodeTable):
    """How a consent stands, as the portal signed it last; the id is the portal's, and says nothing of the person."""

    __tablename__ = "held_consent"
    __table_args__ = (
        Index("ix_held_consent_agreement", "tenant_id", "agreement_id", "state"),
        Index("ix_held_consent_dataset", "tenant_id", "dataset_id"),
    )

    agreement_id: Mapped[UUID]
    dataset_id: Mapped[UUID]
    document: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class LinkState(StrEnum):
    """Whether the number that somebody brought counts."""

    PENDING = "pending"
    """The producer has still to say that it is theirs."""
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class ConsentLink(TenantColumns, NodeTable):
    """The number by which a producer knows who lends; the id is the consent's. It goes when the consent ends.

    `code_digest` is keyed: it finds who brought the same number, and gives none of them away. It counts for the column
    `column_name` and no other; `attempts` says how many numbers were brought so far, and so which of them this is.
    """

    __tablename__ = "consent_link"
    __table_args__ = (
        tenant_foreign_key("id", "held_consent", ondelete="CASCADE"),
        Index("ix_consent_link_dataset", "tenant_id", "dataset_id", "state"),
        Index("ix_consent_link_digest", "tenant_id", "code_digest"),
    )

    dataset_id: Mapped[UUID]
    code: Mapped[str] = mapped_column(SealedText("consent_link.code"))
    code_digest: Mapped[str] = mapped_column(Text)
    column_name: Mapped[str] = mapped_column(Text, server_default="")
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(server_default="1")
    brought_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class AgreementCursor(NodeTable):
    """How far a territory's portal was asked: the last revision, and when it was tried, answered, and did not answer."""

    __tablename__ = "agreement_cursor"

    tenant_id: Mapped[TenantKey]
    revision: Mapped[int] = mapped_column(BigInteger, server_default="0")
    tried_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    uses_reported_until: Mapped[datetime | None]
    """Up to when the hour of each credential's last use was reported to the portal."""
    consents_fresh_until: Mapped[datetime | None]
    """Until when the consents that are held count, without hearing the portal again."""
