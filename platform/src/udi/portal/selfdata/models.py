"""The tables of registers of processing: what each organisation says of the personal data that it holds."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
from udi.portal.projects.models import person_key
from udi.portal.projects.translated_texts import TranslatedTexts
from udi.portal.schema import PortalTable


class ProcessingState(StrEnum):
    """Whether everybody reads an entry of a register."""

    DRAFT = "draft"
    PUBLISHED = "published"


class LifeMoment(StrEnum):
    """When in a life people meet a service: an aid to find it."""

    CHILDHOOD = "childhood"
    IDENTITY = "identity"
    HOUSING = "housing"
    UTILITIES = "utilities"
    MOBILITY = "mobility"
    CARE = "care"
    LEISURE = "leisure"
    WORK = "work"
    CIVIC = "civic"


def organisation_key() -> ForeignKeyConstraint:
    """The organisation goes, the row goes."""
    return tenant_foreign_key("organisation_id", "organisation", ondelete="CASCADE")


class ProcessingStatement(PortalTable):
    """What an organisation says of itself: whether it holds personal data, and where its data protection officer is reached.

    An organisation without a row has not said.
    """

    __tablename__ = "processing_statement"
    __table_args__ = (
        organisation_key(),
        person_key("author_id"),
        Index(None, "tenant_id", "author_id"),
    )

    tenant_id: Mapped[TenantKey]
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    holds_data: Mapped[bool]
    officer_email: Mapped[str] = mapped_column(Text, default="", server_default="")
    officer_address: Mapped[str] = mapped_column(Text, default="", server_default="")
    """By post, for who writes on paper."""
    reviewed_on: Mapped[date]
    """When somebody of the organisation last said that the register is right."""
    author_id: Mapped[UUID | None]
    """Who said so last; none once their account is gone."""
    changed_at: Mapped[datetime]


class ProcessingEntry(TranslatedTexts, TenantColumns, PortalTable):
    """One service of an organisation that holds personal data (GDPR art. 30), in words for these people."""

    __tablename__ = "processing_entry"
    __table_args__ = (
        organisation_key(),
        person_key("author_id"),
        Index(None, "tenant_id", "organisation_id"),
        Index(None, "tenant_id", "author_id"),
    )

    organisation_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(Text, default=ProcessingState.DRAFT)
    service: Mapped[str] = mapped_column(Text)
    people: Mapped[str] = mapped_column(Text, default="", server_default="")
    data: Mapped[str] = mapped_column(Text, default="", server_default="")
    purpose: Mapped[str] = mapped_column(Text, default="", server_default="")
    legal_basis: Mapped[str] = mapped_column(Text, default="", server_default="")
    """A code of `protocol.subject_rights.LegalBasis`; empty of a draft that does not say."""
    special_data: Mapped[bool] = mapped_column(
        default=False, server_default=text("false")
    )
    """Whether some of it is of a special category (art. 9): health, religion, origin…"""
    retention: Mapped[str] = mapped_column(Text, default="", server_default="")
    recipients: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Who else receives it; empty: nobody."""
    transfers: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Countries outside the European Economic Area that it goes to, and how it is protected; empty: none."""
    moments: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=list, server_default=text("'{}'")
    )
    reviewed_on: Mapped[date]
    author_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    @property
    def is_published(self) -> bool:
        """Whether everybody reads it."""
        return self.state == ProcessingState.PUBLISHED
