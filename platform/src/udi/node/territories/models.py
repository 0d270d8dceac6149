"""The register of territories that this node serves."""

from udi.kit.territories import TerritoryColumns
from udi.node.schema import NodeTable


class Tenant(TerritoryColumns, NodeTable):
    """A territory served by this node, as applied from its files."""

    __tablename__ = "territory"
    __table_args__ = {"schema": "platform"}  # noqa: RUF012 - SQLAlchemy's own convention
