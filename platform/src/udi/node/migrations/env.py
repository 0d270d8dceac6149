"""Alembic's entry into the node: every domain's tables, then the revisions."""

from udi.kit.migrations import declare_tables, run_environment
from udi.node.schema import NodeTable

declare_tables("node")
run_environment(NodeTable.metadata)
