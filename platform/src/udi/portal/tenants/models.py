"""The register of territories, and what is counted of budgets."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.territories import TerritoryColumns
from udi.portal.schema import PortalTable


class Tenant(TerritoryColumns, PortalTable):
    """A territory, as applied from its files."""

    __tablename__ = "territory"
    __table_args__ = {"schema": "platform"}  # noqa: RUF012 - SQLAlchemy's own convention


class SpentBudget(PortalTable):
    """How much of a budget a subject used in the window that began then; nobody's name, and no address as it is."""

    __tablename__ = "spent_budget"
    __table_args__ = (Index(None, "tenant_id", "begins_at"),)

    tenant_id: Mapped[UUID] = mapped_column(
        primary_key=True, server_default=text("app.current_tenant()")
    )
    policy: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    begins_at: Mapped[datetime] = mapped_column(primary_key=True)
    used: Mapped[int]
