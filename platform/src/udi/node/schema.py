"""The metadata that every table of the node belongs to."""

from udi.kit.db import Table, new_metadata


class NodeTable(Table):
    """Declarative base of the node's tables."""

    __abstract__ = True
    metadata = new_metadata()
