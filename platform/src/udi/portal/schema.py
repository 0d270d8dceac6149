"""The metadata that every table of the portal belongs to."""

from udi.kit.db import Table, new_metadata


class PortalTable(Table):
    """Declarative base of the portal's tables."""

    __abstract__ = True
    metadata = new_metadata()
