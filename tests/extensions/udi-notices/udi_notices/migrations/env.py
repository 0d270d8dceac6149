"""Alembic's entry into the revisions of this package."""

from udi.kit.migrations import run_environment
from udi.portal.schema import PortalTable

run_environment(PortalTable.metadata)
