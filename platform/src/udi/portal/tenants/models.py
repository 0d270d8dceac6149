"""The register of territories, the versions of their files, and what is counted of budgets."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantKey
from udi.kit.outlines import OutlineLayerColumns, OutlineUnitColumns
from udi.kit.territories import TerritoryColumns
from udi.portal.schema import PortalTable


class Tenant(TerritoryColumns, PortalTable):
    """A territory, as applied from its files."""

    __tablename__ = "territory"
    __table_args__ = {"schema": "platform"}  # noqa: RUF012 - SQLAlchemy's own convention

    site: Mapped[dict[str, Any]] = mapped_column(
        default=dict, server_default=text("'{}'")
    )
    """How its pages are laid out: `home`, `menu`, `footer`; and the `version` of its files."""


class OutlineLayerRow(OutlineLayerColumns, PortalTable):
    """Outlines that maps may stand on, as they were imported from one file."""

    __tablename__ = "outline_layer"


class OutlineUnitRow(OutlineUnitColumns, PortalTable):
    """One area of a layer of outlines."""

    __tablename__ = "outline_unit"


class SpentBudget(PortalTable):
    """How much of a budget a subject used in the window that began then; nobody's name, and no address as it is."""

    __tablename__ = "spent_budget"
    __table_args__ = (Index(None, "tenant_id", "begins_at"),)

    tenant_id: Mapped[TenantKey]
    policy: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    begins_at: Mapped[datetime] = mapped_column(primary_key=True)
    used: Mapped[int]


class VersionOrigin(StrEnum):
    """Where a version of a territory comes from."""

    FILES = "files"
    """`udi tenant apply`."""
    PAGE = "page"
    """The team, on the territory's own pages."""
    OPERATOR = "operator"
    """The operator, on the pages of the installation."""


class TerritoryVersion(PortalTable):
    """All files of a territory as they were online; rows are never changed. The greatest number is online."""

    __tablename__ = "territory_version"

    tenant_id: Mapped[TenantKey]
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    author_id: Mapped[UUID | None]
    """Who published it on a page."""
    origin: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, default="", server_default="")
    manifest: Mapped[dict[str, str]]
    """The sha256 of each file, by path."""
    base: Mapped[int | None]
    """The version that applied files were taken from (`udi tenant pull`); None where that is not known."""
    restored: Mapped[int | None]
    """The version that this one brought back."""


class TerritoryFile(PortalTable):
    """The content of a file of some version, or of the draft."""

    __tablename__ = "territory_file"

    tenant_id: Mapped[TenantKey]
    sha256: Mapped[str] = mapped_column(Text, primary_key=True)
    content: Mapped[bytes]


class PublishedFile(PortalTable):
    """A file of the version that is online: what passers-by may read."""

    __tablename__ = "published_file"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "sha256"],
            ["app.territory_file.tenant_id", "app.territory_file.sha256"],
        ),
        Index(None, "tenant_id", "sha256"),
    )

    tenant_id: Mapped[TenantKey]
    path: Mapped[str] = mapped_column(Text, primary_key=True)
    sha256: Mapped[str] = mapped_column(Text)


class TerritoryDraft(PortalTable):
    """What the team changed and did not publish yet: one a territory."""

    __tablename__ = "territory_draft"

    tenant_id: Mapped[TenantKey]
    base: Mapped[int]
    """The version that was online when the draft was begun, or brought up to date."""
    manifest: Mapped[dict[str, str]]
    changed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    author_id: Mapped[UUID | None]
    """Who changed it last."""
