"""The tables of requests for data, of those who support them, and of the producers to whom they were sent."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
from udi.portal.projects.data_requests.transitions import DataRequestState
from udi.portal.schema import PortalTable


def person_key() -> ForeignKeyConstraint:
    """The person goes, the request stays without them: others support it."""
    return tenant_foreign_key("person_id", "person", ondelete="SET NULL (person_id)")


def request_key() -> ForeignKeyConstraint:
    """The request goes, the row goes."""
    return tenant_foreign_key("request_id", "data_request", ondelete="CASCADE")


class DataRequest(TenantColumns, PortalTable):
    """Somebody needs data that nobody publishes. `revision` counts its changes, and mails tell of one."""

    __tablename__ = "data_request"
    __table_args__ = (
        person_key(),
        tenant_foreign_key("dataset_id", "dataset"),
        Index(None, "tenant_id", "state", "submitted_at"),
        Index(None, "tenant_id", "person_id"),
        Index(None, "tenant_id", "dataset_id"),
    )

    person_id: Mapped[UUID | None]
    """Who asks, whom no page names."""
    language: Mapped[str] = mapped_column(Text)
    """In which it is written, and mails to its author are."""
    title: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    """What the data are needed for."""
    theme: Mapped[str] = mapped_column(Text, default="", server_default="")
    state: Mapped[str] = mapped_column(Text, default=DataRequestState.SUBMITTED)
    revision: Mapped[int] = mapped_column(default=1)
    supporters: Mapped[int] = mapped_column(default=0)
    """How many others need them too."""
    submitted_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    due_on: Mapped[date]
    """By when a producer should have answered."""
    reminded_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    """When the territory's team was notified that nobody answers."""
    answered_by: Mapped[UUID | None]
    """The organisation that answered; None for the territory's team."""
    answered_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Words of who answered, or of the team that hid it."""
    promised_on: Mapped[date | None]
    dataset_id: Mapped[UUID | None]
    """What came of it."""
    merged_into: Mapped[UUID | None]


class DataRequestSupport(PortalTable):
    """Somebody else needs the same data."""

    __tablename__ = "data_request_support"
    __table_args__ = (
        request_key(),
        tenant_foreign_key("person_id", "person", ondelete="CASCADE"),
        Index(None, "tenant_id", "person_id"),
    )

    tenant_id: Mapped[TenantKey]
    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(Text)
    """Of the mails to the person."""
    since: Mapped[datetime]


class DataRequestRoute(PortalTable):
    """A producer to whom a request was sent, and why: `reason` has the nearest of its datasets, or nothing by the team."""

    __tablename__ = "data_request_route"
    __table_args__ = (
        request_key(),
        tenant_foreign_key("organisation_id", "organisation", ondelete="CASCADE"),
        Index(None, "tenant_id", "organisation_id"),
    )

    tenant_id: Mapped[TenantKey]
    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    sent_at: Mapped[datetime]
    passed_at: Mapped[datetime | None]
    """When it said that it does not hold such data."""
    passed_words: Mapped[str] = mapped_column(Text, default="", server_default="")
