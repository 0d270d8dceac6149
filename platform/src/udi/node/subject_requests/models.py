"""Tables of requests about one's own data, of who asked, of what was written and of the files; words and files are sealed."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, tenant_foreign_key
from udi.kit.sealed_columns import SealedText
from udi.kit.sessions import PersonColumns, SessionTables, WebSessionColumns
from udi.node.identity.models import UsedToken
from udi.node.schema import NodeTable


class RequestChannel(StrEnum):
    """How a request came."""

    PORTAL = "portal"
    PAPER = "paper"
    """On paper or at a counter; an agent wrote it down."""


class ReportState(StrEnum):
    """What the portal knows of a request."""

    PENDING = "pending"
    """It took no report yet: the browser may not be back."""
    LINKED = "linked"
    GONE = "gone"
    """It takes reports, and the account of who asked was deleted."""
    DETACHED = "detached"
    """It never will: the request lives at the node only."""


class EntryKind(StrEnum):
    """What an entry of a request is, besides the events of its table."""

    MESSAGE = "message"
    IDENTITY_NOTE = "identity_note"
    """How an agent established who the person is."""
    HOLD = "hold"


class SubjectPerson(TenantColumns, PersonColumns, NodeTable):
    """Somebody who asked: a pairwise subject, and nothing else; name and address stay empty."""

    __tablename__ = "subject_person"
    __table_args__ = (UniqueConstraint("tenant_id", "issuer", "subject"),)


class SubjectSession(TenantColumns, WebSessionColumns, NodeTable):
    """An open session of such a person."""

    __tablename__ = "subject_session"
    __table_args__ = (
        UniqueConstraint("tenant_id", "token_hash"),
        tenant_foreign_key("person_id", "subject_person", ondelete="CASCADE"),
        Index(None, "tenant_id", "person_id"),
        Index(None, "tenant_id", "sid"),
    )

    id_token: Mapped[str] = mapped_column(SealedText("subject_session.id_token"))
    refresh_token: Mapped[str] = mapped_column(
        SealedText("subject_session.refresh_token")
    )


class HeldTicket(TenantColumns, NodeTable):
    """What a ticket of the portal said, for the browser that brought it; the id is the request's at the portal."""

    __tablename__ = "subject_ticket"
    __table_args__ = (UniqueConstraint("tenant_id", "token_hash"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    producer: Mapped[str] = mapped_column(Text)
    right: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    officer: Mapped[bool]
    expires_at: Mapped[datetime]


class SubjectRequest(TenantColumns, NodeTable):
    """A request to one producer; the id is the portal's, or drawn here for one that came on paper.

    Once it ended, what is sealed is emptied, and the dates stay for a year.
    """

    __tablename__ = "subject_request"
    __table_args__ = (
        tenant_foreign_key("space_id", "space"),
        tenant_foreign_key("subject_id", "subject_person"),
        Index("ix_subject_request_space", "tenant_id", "space_id", "due_on"),
        Index("ix_subject_request_subject", "tenant_id", "subject_id"),
    )

    space_id: Mapped[UUID]
    subject_id: Mapped[UUID | None]
    """None where it came on paper."""
    channel: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    right: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text)
    officer: Mapped[bool]
    """Whether the producer had said that it has a data protection officer."""
    received_at: Mapped[datetime]
    received_on: Mapped[date]
    due_on: Mapped[date]
    moved_at: Mapped[datetime]
    """When its state, or what was written in it, changed last."""
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    """The agent, by the identifier that their account had here: it stays once the account is deleted."""
    ended_at: Mapped[datetime | None]
    destroyed_at: Mapped[datetime | None]
    """When what was sealed was destroyed."""
    extended: Mapped[bool] = mapped_column(server_default=text("false"))
    identity_requests: Mapped[int] = mapped_column(server_default=text("0"))
    escalated: Mapped[bool] = mapped_column(server_default=text("false"))
    was_late: Mapped[bool] = mapped_column(server_default=text("false"))
    legal_hold: Mapped[bool] = mapped_column(server_default=text("false"))
    news: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether something new waits for the person."""
    reminded_due_on: Mapped[date | None]
    """The last day of which agents were reminded; an extension moves it."""
    reminded_days: Mapped[int | None]
    """How many days before it they were reminded last; `reminders.LATE`: once it was over."""
    concerns: Mapped[str] = mapped_column(SealedText("subject_request.concerns"))
    known_by: Mapped[str] = mapped_column(SealedText("subject_request.known_by"))
    words: Mapped[str] = mapped_column(SealedText("subject_request.words"))
    person_name: Mapped[str] = mapped_column(SealedText("subject_request.person_name"))
    """Of somebody who came on paper, with `person_contact`."""
    person_contact: Mapped[str] = mapped_column(
        SealedText("subject_request.person_contact")
    )
    confirmation: Mapped[str] = mapped_column(
        SealedText("subject_request.confirmation")
    )
    sequence: Mapped[int] = mapped_column(server_default=text("1"))
    reported_sequence: Mapped[int] = mapped_column(server_default=text("0"))
    report_state: Mapped[str] = mapped_column(Text, server_default=ReportState.PENDING)
    report_tries: Mapped[int] = mapped_column(server_default=text("0"))
    report_after: Mapped[datetime]

    @property
    def by_letter(self) -> bool:
        """Whether its person has no page here: it came on paper, or their account was deleted."""
        is_gone = self.report_state == ReportState.GONE
        return is_gone or self.channel == RequestChannel.PAPER


class SubjectRequestEntry(TenantColumns, NodeTable):
    """Something that happened in a request, or was written: an event of its table, or one of `EntryKind`.

    `content` is a JSON document (`entries.EntryContent`). `person_id` is the agent; it stays empty for others.
    """

    __tablename__ = "subject_request_entry"
    __table_args__ = (
        tenant_foreign_key("space_id", "space"),
        tenant_foreign_key("request_id", "subject_request", ondelete="CASCADE"),
        Index("ix_subject_request_entry_request", "tenant_id", "request_id"),
    )

    space_id: Mapped[UUID]
    request_id: Mapped[UUID]
    subject_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    """Who did it, as `SubjectRequestActor`."""
    person_id: Mapped[UUID | None]
    happened_at: Mapped[datetime]
    content: Mapped[str] = mapped_column(SealedText("subject_request_entry.content"))


class SubjectFile(TenantColumns, NodeTable):
    """A file of the person or of the producer: its bytes are sealed with a key of their own, and go with it.

    `entry_id` is where it was sent; None while an answer that it belongs to is being prepared.
    """

    __tablename__ = "subject_file"
    __table_args__ = (
        tenant_foreign_key("space_id", "space"),
        tenant_foreign_key("request_id", "subject_request", ondelete="CASCADE"),
        tenant_foreign_key("entry_id", "subject_request_entry", ondelete="CASCADE"),
        Index("ix_subject_file_request", "tenant_id", "request_id"),
    )

    space_id: Mapped[UUID]
    request_id: Mapped[UUID]
    subject_id: Mapped[UUID | None]
    entry_id: Mapped[UUID | None]
    role: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(SealedText("subject_file.name"))
    columns: Mapped[str] = mapped_column(SealedText("subject_file.columns"))
    """Of a table: a JSON list of (column, meaning); empty for other files."""
    key: Mapped[str] = mapped_column(SealedText("subject_file.key"))
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime]


class RecipientNotice(TenantColumns, NodeTable):
    """That data of a dataset changed, for the project of one agreement; it names the request here, and nowhere else."""

    __tablename__ = "recipient_notice"
    __table_args__ = (
        tenant_foreign_key("space_id", "space"),
        tenant_foreign_key("request_id", "subject_request", ondelete="CASCADE"),
        UniqueConstraint(
            "tenant_id",
            "request_id",
            "agreement_id",
            name="uq_recipient_notice_agreement",
        ),
        Index(
            "ix_recipient_notice_open",
            "tenant_id",
            "report_after",
            postgresql_where=text("state IN ('', 'waiting')"),
        ),
    )

    space_id: Mapped[UUID]
    request_id: Mapped[UUID]
    subject_id: Mapped[UUID | None]
    agreement_id: Mapped[UUID]
    dataset_id: Mapped[UUID]
    version: Mapped[int]
    change: Mapped[str] = mapped_column(Text)
    noticed_on: Mapped[date]
    state: Mapped[str] = mapped_column(Text)
    """As `RecipientNoticeState`; empty before the portal was told."""
    report_after: Mapped[datetime]


class Lender(TenantColumns, NodeTable):
    """Who brought a number for a consent; the id is the consent's. It goes some time after the consent ended."""

    __tablename__ = "lender"
    __table_args__ = (
        tenant_foreign_key("subject_id", "subject_person"),
        Index(None, "tenant_id", "subject_id"),
        Index(
            "ix_lender_unreported",
            "tenant_id",
            "stopped_at",
            postgresql_where=text("reported_at IS NULL"),
        ),
    )

    subject_id: Mapped[UUID]
    dataset_id: Mapped[UUID]
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """How many numbers they brought for it within the last 30 days, and when the last."""
    attempted_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    """When they stopped it here."""
    reported_at: Mapped[datetime | None]
    """When the portal took that."""


class SubjectRequestSettings(TenantColumns, NodeTable):
    """How a producer answers such requests; the id is the space's."""

    __tablename__ = "subject_request_settings"
    __table_args__ = (tenant_foreign_key("id", "space", ondelete="CASCADE"),)

    officer_email: Mapped[str] = mapped_column(Text, server_default="")
    """By which its data protection officer logs in; empty: another manager than the one who decided."""


TABLES = SessionTables(SubjectPerson, SubjectSession, UsedToken)
SEALED = (
    SubjectSession,
    SubjectRequest,
    SubjectRequestEntry,
    SubjectFile,
)
