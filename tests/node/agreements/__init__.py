"""Restricted data, opened to projects: what the portal signs is kept and applied by the node."""
