"""The metadata that every table of the node belongs to."""

from udi.kit.db import BaseTable, new_metadata


class NodeTable(BaseTable):
    """Declarative base of the node's tables."""

    __abstract__ = True
    metadata = new_metadata()
