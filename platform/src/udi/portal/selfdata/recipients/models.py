"""The table of notices to projects: a dataset's agreement, a version and a day; of whom and at whose request is nowhere."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from udi.kit.db import TenantColumns, tenant_foreign_key
from udi.portal.projects.models import person_key
from udi.portal.schema import PortalTable


class DataChangeNotice(TenantColumns, PortalTable):
    """Data under an agreement were corrected, erased or restricted; the id is the node's."""

    __tablename__ = "data_change_notice"
    __table_args__ = (
        tenant_foreign_key("agreement_id", "access_agreement", ondelete="CASCADE"),
        person_key("acknowledged_by"),
        Index(None, "tenant_id", "agreement_id"),
        Index(None, "tenant_id", "acknowledged_by"),
    )

    agreement_id: Mapped[UUID]
    version: Mapped[int]
    """The newest that was published on that day; 0: none was."""
    change: Mapped[str] = mapped_column(Text)
    """As `DataChange`."""
    noticed_on: Mapped[date]
    received_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
