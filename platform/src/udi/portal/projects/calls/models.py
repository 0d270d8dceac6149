"""The tables of calls for projects."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
from udi.portal.projects.calls.transitions import CallState
from udi.portal.projects.models import person_key, project_key
from udi.portal.projects.translated_texts import TranslatedTexts
from udi.portal.schema import PortalTable


class Call(TranslatedTexts, TenantColumns, PortalTable):
    """A call for projects by the territory, or by one of its organisations."""

    __tablename__ = "call"
    __table_args__ = (
        tenant_foreign_key("organisation_id", "organisation"),
        Index(None, "tenant_id", "opened_at", "id"),
    )

    organisation_id: Mapped[UUID | None]
    """None: the territory's team organises it."""
    title: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default=CallState.DRAFT)
    """As written; `standing` says what the clock makes of it."""
    closes_at: Mapped[datetime]
    results_at: Mapped[datetime]
    """When the results are expected."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]


class CallCriterion(TenantColumns, PortalTable):
    """What submissions are judged by: at most so many points."""

    __tablename__ = "call_criterion"
    __table_args__ = (
        tenant_foreign_key("call_id", "call", ondelete="CASCADE"),
        Index(None, "tenant_id", "call_id", "position"),
    )

    call_id: Mapped[UUID]
    position: Mapped[int]
    label: Mapped[str] = mapped_column(Text)
    labels: Mapped[dict[str, str]] = mapped_column(
        JSONB, default=dict, server_default=text("'{}'")
    )
    """The label in other languages than the main one of the call."""
    points: Mapped[int]

    def texts_of(self, call: Call) -> dict[str, str]:
        """The label by language, in the main one of its call first."""
        return {call.language: self.label, **self.labels}


class CallDataset(PortalTable):
    """A dataset that a call offers."""

    __tablename__ = "call_dataset"
    __table_args__ = (
        tenant_foreign_key("call_id", "call", ondelete="CASCADE"),
        tenant_foreign_key("dataset_id", "dataset", ondelete="CASCADE"),
        Index(None, "tenant_id", "dataset_id"),
    )

    tenant_id: Mapped[TenantKey]
    call_id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset_id: Mapped[UUID] = mapped_column(primary_key=True)


class CallQuestion(TenantColumns, PortalTable):
    """A question about a call; everybody reads it once it is answered, without who asked."""

    __tablename__ = "call_question"
    __table_args__ = (
        tenant_foreign_key("call_id", "call", ondelete="CASCADE"),
        person_key("person_id"),
        Index(None, "tenant_id", "call_id", "submitted_at"),
    )

    call_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    question: Mapped[str] = mapped_column(Text)
    submitted_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(Text, default="", server_default="")
    answered_at: Mapped[datetime | None]


class Submission(TranslatedTexts, TenantColumns, PortalTable):
    """A project that answers a call, as it was when it was last sent: that is what the jury reads."""

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("tenant_id", "call_id", "project_id"),
        tenant_foreign_key("call_id", "call", ondelete="CASCADE"),
        project_key(),
        person_key("person_id"),
        Index(None, "tenant_id", "project_id"),
        Index(None, "tenant_id", "person_id"),
    )

    call_id: Mapped[UUID]
    project_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    """Who sent it."""
    title: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text, server_default="")
    """Main language of the project when it was sent; empty where that was not noted."""
    answer: Mapped[str] = mapped_column(Text)
    """To the call, in the candidate's words."""
    sent_at: Mapped[datetime]
    laureate: Mapped[bool | None]
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why it was chosen, or not."""
    total: Mapped[float | None]
    """Mean of the jury's points, once it has judged."""


class Juror(TenantColumns, PortalTable):
    """Somebody whom the organiser named, by the mail address of their account."""

    __tablename__ = "juror"
    __table_args__ = (
        UniqueConstraint("tenant_id", "call_id", "email"),
        tenant_foreign_key("call_id", "call", ondelete="CASCADE"),
        Index(None, "tenant_id", "email"),
    )

    call_id: Mapped[UUID]
    email: Mapped[str] = mapped_column(Text)
    named_at: Mapped[datetime]
    declared_at: Mapped[datetime | None]
    """When they last said with which submissions they have a conflict of interest, or that they have none."""


class Conflict(PortalTable):
    """A submission that a juror does not score, and why."""

    __tablename__ = "conflict"
    __table_args__ = (
        tenant_foreign_key("juror_id", "juror", ondelete="CASCADE"),
        tenant_foreign_key("submission_id", "submission", ondelete="CASCADE"),
        Index(None, "tenant_id", "submission_id"),
    )

    tenant_id: Mapped[TenantKey]
    juror_id: Mapped[UUID] = mapped_column(primary_key=True)
    submission_id: Mapped[UUID] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(Text)


class Score(PortalTable):
    """The points that a juror gives to a submission by one criterion, and why."""

    __tablename__ = "score"
    __table_args__ = (
        tenant_foreign_key("juror_id", "juror", ondelete="CASCADE"),
        tenant_foreign_key("submission_id", "submission", ondelete="CASCADE"),
        tenant_foreign_key("criterion_id", "call_criterion", ondelete="CASCADE"),
        Index(None, "tenant_id", "submission_id"),
        Index(None, "tenant_id", "criterion_id"),
    )

    tenant_id: Mapped[TenantKey]
    juror_id: Mapped[UUID] = mapped_column(primary_key=True)
    submission_id: Mapped[UUID] = mapped_column(primary_key=True)
    criterion_id: Mapped[UUID] = mapped_column(primary_key=True)
    points: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
