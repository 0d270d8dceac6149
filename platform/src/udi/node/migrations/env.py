"""Alembic's entry into the node: every domain's tables, then the revisions."""

from udi.kit.migrations import run_environment
from udi.node.schema import NodeTable
from udi.ui.domains import declare_tables

declare_tables("node")
run_environment(NodeTable.metadata)
