"""The tables of suggestions. None holds a suggestion: they are found when they are looked at."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
from udi.portal.schema import PortalTable


class SuggestionOutcome(StrEnum):
    """What became of a suggestion: a mail told it, it was found useful, or it is not to come again."""

    NOTIFIED = "notified"
    USEFUL = "useful"
    NEVER = "never"


class SuggestionChoice(TenantColumns, PortalTable):
    """Whether a person, or an organisation, wants suggestions. Of who wants none any more, nothing else is kept.

    The identifier is drawn at random and stands in the address, of each mail, that turns them off.
    """

    __tablename__ = "suggestion_choice"
    __table_args__ = (
        tenant_foreign_key("person_id", "person", ondelete="CASCADE"),
        tenant_foreign_key("organisation_id", "organisation", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "person_id"),
        UniqueConstraint("tenant_id", "organisation_id"),
    )

    person_id: Mapped[UUID | None]
    organisation_id: Mapped[UUID | None]
    enabled: Mapped[bool]
    decided_at: Mapped[datetime]


class DeclaredInterest(TenantColumns, PortalTable):
    """What somebody who wants suggestions said of themselves; it is there while they want them, and no longer."""

    __tablename__ = "declared_interest"
    __table_args__ = (
        tenant_foreign_key("choice_id", "suggestion_choice", ondelete="CASCADE"),
        tenant_foreign_key("person_id", "person", ondelete="CASCADE"),
        tenant_foreign_key("organisation_id", "organisation", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "choice_id"),
        Index(None, "tenant_id", "person_id"),
        Index(None, "tenant_id", "organisation_id"),
        Index(
            "ix_declared_interest_discoverable",
            "tenant_id",
            "declared_at",
            postgresql_where=text("discoverable"),
        ),
    )

    choice_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    organisation_id: Mapped[UUID | None]
    language: Mapped[str] = mapped_column(Text)
    """Of the mails to them."""
    looks_for: Mapped[str] = mapped_column(Text, default="", server_default="")
    has: Mapped[str] = mapped_column(Text, default="", server_default="")
    themes: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=list, server_default=text("'{}'")
    )
    offers: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=list, server_default=text("'{}'")
    )
    """Codes of `projects.models.Support`, as `seeks`."""
    seeks: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=list, server_default=text("'{}'")
    )
    discoverable: Mapped[bool] = mapped_column(
        default=False, server_default=text("false")
    )
    """Whether they may be suggested to others."""
    name: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Under which name, where it is a person."""
    mailed: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    notified_until: Mapped[datetime]
    """The last time that a mail was to leave."""
    declared_at: Mapped[datetime]


class SuggestionMark(PortalTable):
    """What somebody answered to a suggestion; `other_id` is the thing itself where it is what another declared."""

    __tablename__ = "suggestion_mark"
    __table_args__ = (
        tenant_foreign_key("interest_id", "declared_interest", ondelete="CASCADE"),
        tenant_foreign_key("other_id", "declared_interest", ondelete="CASCADE"),
        Index(None, "tenant_id", "other_id"),
    )

    tenant_id: Mapped[TenantKey]
    interest_id: Mapped[UUID] = mapped_column(primary_key=True)
    thing: Mapped[str] = mapped_column(Text, primary_key=True)
    thing_id: Mapped[UUID] = mapped_column(primary_key=True)
    mark: Mapped[str] = mapped_column(Text)
    other_id: Mapped[UUID | None]
    marked_at: Mapped[datetime]


class SuggestionMessage(TenantColumns, PortalTable):
    """A few words from one to another who was suggested to them; deleted (`words`) once they left."""

    __tablename__ = "suggestion_message"
    __table_args__ = (
        tenant_foreign_key("interest_id", "declared_interest", ondelete="CASCADE"),
        tenant_foreign_key("to_id", "declared_interest", ondelete="CASCADE"),
        tenant_foreign_key("person_id", "person", ondelete="CASCADE"),
        Index(None, "tenant_id", "interest_id", "written_at"),
        Index(None, "tenant_id", "to_id"),
        Index(None, "tenant_id", "person_id"),
    )

    interest_id: Mapped[UUID]
    to_id: Mapped[UUID]
    person_id: Mapped[UUID]
    """Who wrote it, also for an organisation: answers go to them."""
    words: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
