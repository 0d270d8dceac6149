"""The table of reports of faults: what is wrong with a dataset, as somebody saw it, and what was answered."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, tenant_foreign_key
from udi.portal.fault_reports.transitions import FaultReportState
from udi.portal.schema import PortalTable


class FaultReportKind(StrEnum):
    """What is wrong."""

    INCORRECT_VALUE = "incorrect_value"
    OUTDATED = "outdated"
    UNAVAILABLE = "unavailable"
    DESCRIPTION = "description"
    PERSONAL_DATA = "personal_data"
    OTHER = "other"


class FaultReport(TenantColumns, PortalTable):
    """Somebody saw a fault in a dataset. `revision` counts its changes, and mails tell of one.

    Passers-by read the columns `dataset_id`, `kind`, `state`, `version` and the two dates, once somebody answered: never
    who reported it, nor their words.
    """

    __tablename__ = "fault_report"
    __table_args__ = (
        tenant_foreign_key("dataset_id", "dataset", ondelete="CASCADE"),
        tenant_foreign_key("person_id", "person", ondelete="SET NULL (person_id)"),
        Index(None, "tenant_id", "dataset_id", "state"),
        Index(None, "tenant_id", "person_id"),
        Index(
            "ix_fault_report_waiting",
            "tenant_id",
            "due_on",
            postgresql_where=text("state = 'submitted'"),
        ),
    )

    dataset_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    """Who reported it, where they were logged in."""
    name: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Of who was not, as far as they gave it; so is `email`."""
    email: Mapped[str] = mapped_column(Text, default="", server_default="")
    language: Mapped[str] = mapped_column(Text)
    """In which it is written, and mails to its author are."""
    kind: Mapped[str] = mapped_column(Text)
    media_id: Mapped[UUID | None]
    """The file or link of the dataset that it is about."""
    row_name: Mapped[str] = mapped_column(Text, default="", server_default="")
    column_name: Mapped[str] = mapped_column(Text, default="", server_default="")
    words: Mapped[str] = mapped_column(Text, default="", server_default="")
    state: Mapped[str] = mapped_column(Text, default=FaultReportState.SUBMITTED)
    revision: Mapped[int] = mapped_column(default=1)
    submitted_at: Mapped[datetime]
    due_on: Mapped[date]
    """By when somebody should have answered."""
    mailed_at: Mapped[datetime | None]
    """When a mail of it went to the producer; other reports of the dataset make none for a day."""
    escalated_at: Mapped[datetime | None]
    """Since when the territory's team may answer it too."""
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[UUID | None]
    """The organisation that answered; None for the territory's team."""
    answer: Mapped[str] = mapped_column(Text, default="", server_default="")
    version: Mapped[str] = mapped_column(Text, default="", server_default="")
    """In which it is corrected, as the producer calls it."""
    erased_at: Mapped[datetime | None]
    """When its words and whom they came from were erased."""
