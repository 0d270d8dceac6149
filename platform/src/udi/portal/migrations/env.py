"""Alembic's entry into the portal: every domain's tables, then the revisions."""

from udi.kit.migrations import run_environment
from udi.portal.schema import PortalTable
from udi.ui.domains import declare_tables

declare_tables("portal")
run_environment(PortalTable.metadata)
