"""Tables of services that were read in catalogues of others, and of the datasets that each serves."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from udi.kit.db import TenantColumns, TenantKey, tenant_foreign_key
from udi.portal.organisations.models import Organisation
from udi.portal.schema import PortalTable


class CatalogueService(TenantColumns, PortalTable):
    """A `dcat:DataService` of a source; its identifier is made of the source's and its own."""

    __tablename__ = "catalogue_service"
    __table_args__ = (
        tenant_foreign_key("organisation_id", "organisation"),
        Index(None, "tenant_id", "source_id"),
        Index(None, "tenant_id", "organisation_id"),
        Index(None, "endpoint", postgresql_using="hash"),
    )

    source_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    """Who publishes it."""
    publisher: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    """The key of who publishes it as the source says: see `publishers.identity`; empty where it names nobody."""
    identifier: Mapped[str] = mapped_column(Text)
    """As the source writes it."""
    title: Mapped[str] = mapped_column(Text)
    titles: Mapped[dict[str, str]] = mapped_column(JSONB)
    """By language, the main one first."""
    endpoint: Mapped[str] = mapped_column(Text)
    """The address that programs call; empty where the source says none."""
    format: Mapped[str] = mapped_column(Text)
    """`WMS`, `WFS`, `API`…; empty where nobody says."""
    description: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The rest of what the source says: see `descriptions.CatalogueServiceDescription`; empty once it is withdrawn."""
    digest: Mapped[str] = mapped_column(Text)
    """SHA-256 of all this, in hexadecimal."""
    missing: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """In how many complete readings, one after the other, it was not there."""
    seen_run: Mapped[UUID | None]
    """The last reading in which it was."""
    first_read_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    """Since when it is in its catalogue no more."""

    organisation: Mapped[Organisation] = relationship(lazy="raise")


class CatalogueServiceDataset(PortalTable):
    """A dataset that a service serves, as the source says."""

    __tablename__ = "catalogue_service_dataset"
    __table_args__ = (
        tenant_foreign_key("service_id", "catalogue_service", ondelete="CASCADE"),
        tenant_foreign_key("dataset_id", "dataset", ondelete="CASCADE"),
        Index(None, "tenant_id", "dataset_id"),
    )

    tenant_id: Mapped[TenantKey]
    service_id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset_id: Mapped[UUID] = mapped_column(primary_key=True)
