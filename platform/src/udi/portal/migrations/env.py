"""Alembic's entry into the portal: every domain's tables, then the revisions."""

from udi.kit.migrations import declare_tables, run_environment
from udi.portal.schema import PortalTable

declare_tables("portal")
run_environment(PortalTable.metadata)
