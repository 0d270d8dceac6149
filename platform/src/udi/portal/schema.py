"""The metadata that every table of the portal belongs to."""

from udi.kit.db import BaseTable, new_metadata


class PortalTable(BaseTable):
    """Declarative base of the portal's tables."""

    __abstract__ = True
    metadata = new_metadata()
