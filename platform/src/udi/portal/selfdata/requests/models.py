"""The tables of requests about one's own data: envelopes, and what is counted once these are gone.

No column holds a word of the person, an answer, an outcome or a ground: `tests/portal/selfdata/test_nothing_seen.py`
knows every column.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
from udi.portal.projects.models import person_key
from udi.portal.schema import PortalTable
from udi.portal.selfdata.models import organisation_key
from udi.protocol.subject_requests import SubjectRequestState


def node_key() -> ForeignKeyConstraint:
    """The node goes, the row stays: its last report stands."""
    return tenant_foreign_key("node_id", "node", ondelete="SET NULL (node_id)")


class SubjectRequest(TenantColumns, PortalTable):
    """The envelope of a request: pages see those of their person only.

    What came on paper has no person and no number, and counts for punctuality.
    """

    __tablename__ = "subject_request"
    __table_args__ = (
        person_key("person_id"),
        organisation_key(),
        node_key(),
        Index(None, "tenant_id", "person_id"),
        Index(None, "tenant_id", "organisation_id"),
        Index(None, "tenant_id", "node_id"),
        Index(
            "uq_subject_request_number",
            "tenant_id",
            "number",
            unique=True,
            postgresql_where=text("number <> ''"),
        ),
    )

    person_id: Mapped[UUID | None]
    """Whose it is; none once their account is gone."""
    organisation_id: Mapped[UUID]
    node_id: Mapped[UUID | None]
    """The node that holds it."""
    on_paper: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    number: Mapped[str] = mapped_column(Text, default="", server_default="")
    """By which person and producer name it (`7F3K-2M`)."""
    right: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default=SubjectRequestState.DRAFTED)
    drafted_at: Mapped[datetime]
    written_at: Mapped[datetime | None]
    """When its node first told that it was written there; none where the browser was back before."""
    confirmation_hash: Mapped[str] = mapped_column(Text, default="", server_default="")
    """The digest of what the browser brought back from the node; empty until then."""
    sequence: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Of the last report of the node; 0: it has not reported."""
    received_on: Mapped[date | None]
    due_on: Mapped[date | None]
    extended: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    was_late: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    escalated: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    decided_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    news_at: Mapped[datetime | None]
    """Since when something at the node waits to be read; none: nothing does."""
    reminded_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Whether it was answered in time (`PunctualityOutcome`, or `MOVED`), set once; empty while it is open."""
    is_published: Mapped[bool] = mapped_column(
        default=False, server_default=text("false")
    )
    """Whether the public figures of its producer count it."""


class SubjectRequestCount(PortalTable):
    """How many requests of a month a producer answered in time or late: what stays when they are deleted."""

    __tablename__ = "subject_request_count"
    __table_args__ = (organisation_key(),)

    tenant_id: Mapped[TenantKey]
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    right: Mapped[str] = mapped_column(Text, primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    """The first day of the month of receipt."""
    outcome: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int]
