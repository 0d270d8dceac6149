"""The register of territories."""

from udi.kit.territories import TerritoryColumns
from udi.portal.schema import PortalTable


class Tenant(TerritoryColumns, PortalTable):
    """A territory, as applied from its files."""

    __tablename__ = "territory"
    __table_args__ = {"schema": "platform"}  # noqa: RUF012 - SQLAlchemy's own convention
