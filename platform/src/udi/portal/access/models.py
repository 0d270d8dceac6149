"""The tables of access: policies, requests with their threads and documents, agreements, and what nodes are told."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
from udi.portal.schema import PortalTable
from udi.protocol.policy import Requester


def dataset_foreign_key() -> ForeignKeyConstraint:
    """The dataset of a row goes, the row goes."""
    return tenant_foreign_key("dataset_id", "dataset", ondelete="CASCADE")


class AccessPolicy(PortalTable):
    """What a producer says of one restricted dataset to everybody who will ask, and how its promise is kept.

    It is public, as a whole: a change of it makes what is said of the dataset anew.
    """

    __tablename__ = "access_policy"
    __table_args__ = (dataset_foreign_key(),)

    tenant_id: Mapped[TenantKey]
    dataset_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int]
    """Rises with each change; a request says which one was read."""
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """A `protocol.policy.Policy`."""
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID | None]
    received: Mapped[int] = mapped_column(default=0, server_default="0")
    """Requests, each once; `granted`, those that became an agreement."""
    granted: Mapped[int] = mapped_column(default=0, server_default="0")
    answer_days: Mapped[list[int]] = mapped_column(
        ARRAY(Integer), default=list, server_default="{}"
    )
    """Within how many days, questions not counted, each of the last hundred first answers came."""


class AccessDraft(TenantColumns, PortalTable):
    """What somebody began to write before they logged in; only its address, which they alone know, leads to it."""

    __tablename__ = "access_draft"
    __table_args__ = (dataset_foreign_key(), Index(None, "tenant_id", "started_at"))

    dataset_id: Mapped[UUID]
    form_values: Mapped[dict[str, str]]
    started_at: Mapped[datetime]


class AccessRequestState(StrEnum):
    """Where a request stands."""

    SUBMITTED = "submitted"
    QUESTIONED = "questioned"
    COUNTERED = "countered"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class AccessSide(StrEnum):
    """Who does something with a request or an agreement."""

    REQUESTER = "requester"
    PRODUCER = "producer"
    CLOCK = "clock"


class Applicant(Struct, frozen=True, kw_only=True):
    """A project, and in whose name it is led."""

    id: UUID
    title: str
    summary: str
    requester: Requester
    organisation_id: UUID | None = None
    organisation: str = ""
    confidential: bool = True


class AccessRequest(TenantColumns, PortalTable):
    """A project asks to read a restricted dataset. `revision` counts what the person sent: the producer decides on one."""

    __tablename__ = "access_request"
    __table_args__ = (
        dataset_foreign_key(),
        tenant_foreign_key("project_id", "project", ondelete="CASCADE"),
        tenant_foreign_key("person_id", "person", ondelete="CASCADE"),
        Index(None, "tenant_id", "dataset_id", "state"),
        Index(None, "tenant_id", "project_id"),
        Index(None, "tenant_id", "person_id"),
        Index(None, "tenant_id", "state", "due_at"),
    )

    dataset_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    """The producer, when it was asked."""
    project_id: Mapped[UUID]
    project: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What the producer reads of the project: an `Applicant`, as it was when the person asked. The row itself may be
    confidential.
    """
    person_id: Mapped[UUID]
    """Who asks: whoever led the project then."""
    language: Mapped[str] = mapped_column(Text)
    """That the person read when they asked: mails to them are in it."""
    state: Mapped[str] = mapped_column(Text, default=AccessRequestState.SUBMITTED)
    revision: Mapped[int] = mapped_column(default=1)
    policy_revision: Mapped[int]
    policy: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The policy that the person read."""
    purpose: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    """What the data are to be read for, in the person's words."""
    interest: Mapped[str] = mapped_column(Text, default="", server_default="")
    """How the project serves the general interest."""
    months: Mapped[int]
    columns: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Those that are asked; empty: all that the policy gives."""
    answers: Mapped[dict[str, str]]
    """By name of the policy's fields; documents are rows of their own."""
    offer: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """The `protocol.terms.Terms` that the producer offers instead of those asked."""
    renews_id: Mapped[UUID | None]
    """The agreement that it would go on with."""
    connector: Mapped[str] = mapped_column(Text, default="", server_default="")
    """The name of the project's connector, when a machine asked; it alone corrects the request and accepts an offer."""
    agreement_id: Mapped[UUID | None]
    """What it became."""
    submitted_at: Mapped[datetime]
    since: Mapped[datetime]
    """When it came to its present state."""
    clock_from: Mapped[date | None]
    """The day from which the days count now; none while the clock stands still."""
    days_used: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    late_at: Mapped[datetime | None]
    """When the territory's team was notified that no answer came in time."""
    measured: Mapped[bool] = mapped_column(default=False)
    """Whether its first decision is among the figures of the policy."""
    decided_by: Mapped[UUID | None]

    @property
    def is_renewal(self) -> bool:
        return self.renews_id is not None

    @property
    def applicant(self) -> Applicant:
        """The project, as it was said."""
        return msgspec.convert(self.project, Applicant, strict=False)

    @applicant.setter
    def applicant(self, applicant: Applicant) -> None:
        self.project = msgspec.to_builtins(applicant)


def request_foreign_key() -> ForeignKeyConstraint:
    """The request of a row goes, the row goes."""
    return tenant_foreign_key("request_id", "access_request", ondelete="CASCADE")


class AccessStep(TenantColumns, PortalTable):
    """One line of the thread of a request: what was done with it or said, by which side."""

    __tablename__ = "access_step"
    __table_args__ = (
        request_foreign_key(),
        Index(None, "tenant_id", "request_id", "at"),
    )

    request_id: Mapped[UUID]
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(Text)
    side: Mapped[str] = mapped_column(Text)
    person_id: Mapped[UUID | None]
    words: Mapped[str] = mapped_column(Text, default="", server_default="")
    offer: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class AccessDocument(TenantColumns, PortalTable):
    """A file that answers a field of a policy: for the two sides of its request, and only for a time."""

    __tablename__ = "access_document"
    __table_args__ = (request_foreign_key(), Index(None, "tenant_id", "request_id"))

    request_id: Mapped[UUID]
    field: Mapped[str] = mapped_column(Text)
    filename: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sent_at: Mapped[datetime]


class AccessAgreement(TenantColumns, PortalTable):
    """What a producer and a project agreed on, as it was signed, and how it stands.

    It outlives its request, the dataset's page and the person: their columns name what may be gone.
    """

    __tablename__ = "access_agreement"
    __table_args__ = (
        Index(None, "tenant_id", "dataset_id"),
        Index(None, "tenant_id", "project_id"),
        Index(None, "tenant_id", "person_id"),
        Index(None, "tenant_id", "organisation_id"),
        Index(None, "tenant_id", "node_id", "revision"),
        Index(None, "tenant_id", "state", "ends_at"),
    )

    request_id: Mapped[UUID]
    dataset_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    project_id: Mapped[UUID]
    person_id: Mapped[UUID]
    """Who led the project when it was made."""
    node_id: Mapped[UUID]
    renews_id: Mapped[UUID | None]
    renewal: Mapped[int] = mapped_column(default=0)
    """How many times it was renewed before."""
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The claims of the `protocol.agreement.Agreement` that was signed."""
    jws: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why it is suspended or revoked, in the words of the producer."""
    revision: Mapped[int] = mapped_column(BigInteger)
    """Of its status: a number of the territory's one sequence."""
    delivered: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """The revision that the node said it holds."""
    delivered_at: Mapped[datetime | None]
    delivery_error: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why the node does not hold the last one: `unreachable`, `address`, or the status that it answered."""
    end_notified: Mapped[bool] = mapped_column(
        default=False, server_default=text("false")
    )
    """Whether its person was notified that it ends soon."""


class PublicAgreement(TenantColumns, PortalTable):
    """What everybody may know of an agreement; the id is the agreement's."""

    __tablename__ = "public_agreement"
    __table_args__ = (
        Index(None, "tenant_id", "changed_at", "id"),
        Index(None, "tenant_id", "dataset_id"),
    )

    dataset_id: Mapped[UUID]
    dataset_title: Mapped[str] = mapped_column(Text)
    organisation_slug: Mapped[str] = mapped_column(Text)
    organisation_name: Mapped[str] = mapped_column(Text)
    project_id: Mapped[UUID | None]
    """None of a confidential project, whose title is empty."""
    project_title: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]


class AgreementRevision(PortalTable):
    """The last revision given to a status of the territory; locked until its transaction ends, so that none is passed over."""

    __tablename__ = "agreement_revision"

    tenant_id: Mapped[TenantKey]
    last: Mapped[int] = mapped_column(BigInteger)


class ProjectCredential(TenantColumns, PortalTable):
    """The secret that a project's machine shows to one node, of which a digest is kept."""

    __tablename__ = "project_credential"
    __table_args__ = (
        tenant_foreign_key("project_id", "project", ondelete="CASCADE"),
        Index(None, "tenant_id", "project_id"),
    )

    project_id: Mapped[UUID]
    node_id: Mapped[UUID]
    agreement_id: Mapped[UUID | None]
    """The only agreement under which it reads; none: every one of the project at the node."""
    name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class ProjectKey(PortalTable):
    """The public RSA key for which nodes encrypt the files that a project may read; its private half is never here."""

    __tablename__ = "project_key"
    __table_args__ = (tenant_foreign_key("project_id", "project", ondelete="CASCADE"),)

    tenant_id: Mapped[TenantKey]
    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    pem: Mapped[str] = mapped_column(Text)
    """A SubjectPublicKeyInfo (RFC 7468); `sha256` is of its DER, in hexadecimal."""
    sha256: Mapped[str] = mapped_column(Text)
    bits: Mapped[int]
    registered_at: Mapped[datetime]
