"""The register of territories that this node serves, and the outlines that their maps stand on."""

from udi.kit.outlines import OutlineLayerColumns, OutlineUnitColumns
from udi.kit.territories import TerritoryColumns
from udi.node.schema import NodeTable


class Tenant(TerritoryColumns, NodeTable):
    """A territory served by this node, as applied from its files."""

    __tablename__ = "territory"
    __table_args__ = {"schema": "platform"}  # noqa: RUF012 - SQLAlchemy's own convention


class OutlineLayerRow(OutlineLayerColumns, NodeTable):
    """Outlines that maps may stand on, as they were imported from one file."""

    __tablename__ = "outline_layer"


class OutlineUnitRow(OutlineUnitColumns, NodeTable):
    """One area of a layer of outlines."""

    __tablename__ = "outline_unit"
